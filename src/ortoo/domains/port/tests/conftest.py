"""A port with its offices, a firm, a group of residents; what a running installation has loaded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ortoo.domains.port.registration import PROCEDURES, register_port
from ortoo.domains.port.tests.gate import Gate
from ortoo.kernel.threads.catalogue import CATALOGUE, regulation_values
from ortoo.kernel.threads.steps import register_step_forms


def load_port() -> None:
    """As the site does when it starts."""
    from ortoo.domains.port.quotas import regulations

    register_step_forms()
    register_port()
    CATALOGUE.use(regulation=regulation_values(regulations().integer))
    CATALOGUE.load_folders([PROCEDURES])


@pytest.fixture
def port(db: None, settings, tmp_path) -> Iterator[Gate]:
    """The port, open; keys of persons in a folder of the test's own."""
    settings.KEYS = tmp_path
    load_port()
    gate = Gate()
    gate.set_up()
    yield gate
