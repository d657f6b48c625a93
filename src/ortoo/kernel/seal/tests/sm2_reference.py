"""SM2 signatures written out from GB/T 32918.1 and .2, to hold other implementations against.

Slow and not safe against observers: for tests alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ortoo.kernel.seal.signer import SM2, key_id

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
ID = b"1234567812345678"
Point = tuple[int, int] | None


def sm3(data: bytes) -> bytes:
    return hashlib.new("sm3", data).digest()


def plus(a: Point, b: Point) -> Point:
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    if a == b:
        slope = (3 * a[0] * a[0] + A) * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(k: int, point: Point) -> Point:
    found: Point = None
    while k:
        if k & 1:
            found = plus(found, point)
        point, k = plus(point, point), k >> 1
    return found


def coded(point: tuple[int, int]) -> bytes:
    return b"".join(value.to_bytes(32, "big") for value in point)


def digest(public: bytes, message: bytes, identity: bytes = ID) -> int:
    """e = SM3(Z_A ‖ M), Z_A = SM3(bits of ID ‖ ID ‖ a ‖ b ‖ G ‖ public key)."""
    curve = A.to_bytes(32, "big") + B.to_bytes(32, "big") + coded(G)
    z = sm3((len(identity) * 8).to_bytes(2, "big") + identity + curve + public[1:])
    return int.from_bytes(sm3(z + message), "big")


def sign(private: int, message: bytes, k: int, identity: bytes = ID) -> bytes:
    point = times(k, G)
    r = (digest(public_of(private), message, identity) + point[0]) % N
    s = pow(1 + private, -1, N) * (k - r * private) % N
    assert r != 0 and r + k != N and s != 0
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def public_of(private: int) -> bytes:
    return b"\x04" + coded(times(private, G))


def verify(public: bytes, message: bytes, signature: bytes, identity: bytes = ID) -> bool:
    if len(public) != 65 or len(signature) != 64:
        return False
    x, y = int.from_bytes(public[1:33], "big"), int.from_bytes(public[33:], "big")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if (y * y - x**3 - A * x - B) % P or not (0 < r < N and 0 < s < N) or (r + s) % N == 0:
        return False
    point = plus(times(s, G), times((r + s) % N, (x, y)))
    return point is not None and (digest(public, message, identity) + point[0]) % N == r


@dataclass(frozen=True)
class ReferenceSigner:
    """A signer of algorithm SM2 for where the extra is not installed."""

    private: int
    algorithm: str = SM2

    @property
    def public_bytes(self) -> bytes:
        return public_of(self.private)

    @property
    def key_id(self) -> str:
        return key_id(self.algorithm, self.public_bytes)

    def sign(self, message: bytes) -> bytes:
        seed = self.private.to_bytes(32, "big") + message
        return sign(self.private, message, int.from_bytes(sm3(seed), "big") % (N - 1) + 1)

    def private_bytes(self) -> bytes:
        return self.private.to_bytes(32, "big")
