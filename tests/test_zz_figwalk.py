import pytest
from tests.fixtures.expectations import EXPECT
from tests.fixtures.walk import Walk
from tests.test_walker import world  # noqa
MINE={"figures","figures-period","figures-unit","item","contributions","export","filing","filing-original","search"}
def test_mine(world):
    w=Walk(world,{k:v for k,v in EXPECT.items() if k in MINE}); f=w.go()
    print(w.visits); assert not f, "\n".join(f[:40])
