"""Opens sealed PINs: HPKE (RFC 9180) with a key pair made from the key outside the database."""

from functools import cached_property
from typing import TYPE_CHECKING

from points_engine.adapters.keys import MasterKey
from points_engine.proof_ports import PinOpener
from points_engine.sealing import binding

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.hpke import Suite

_BOX_BYTES_MAX = 256


class HpkePinOpener(PinOpener):
    """The other half of `points_engine.sealing`."""

    def __init__(self, key: MasterKey) -> None:
        self._secret = key.derive("sealed PINs")

    @cached_property
    def _private_key(self) -> "X25519PrivateKey":
        from cryptography.hazmat.primitives.asymmetric import x25519  # noqa: PLC0415 -- when the first PIN is asked for

        return x25519.X25519PrivateKey.from_private_bytes(self._secret)

    @cached_property
    def _suite(self) -> "Suite":
        from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite  # noqa: PLC0415 -- as above

        return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)

    @cached_property
    def _public_key(self) -> bytes:
        return self._private_key.public_key().public_bytes_raw()

    @property
    def public_key(self) -> bytes:
        return self._public_key

    def open(self, box: bytes, order_id: str, nonce: bytes) -> str | None:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 -- as above

        if len(box) > _BOX_BYTES_MAX:
            return None
        try:
            plain = self._suite.decrypt(box, self._private_key, info=binding(order_id, nonce))
        except InvalidTag:
            return None
        # Sealed by other means than ours it may be anything: then it is no PIN, but it was typed for this payment.
        return plain.rstrip(b"\0").decode("utf-8", "replace")
