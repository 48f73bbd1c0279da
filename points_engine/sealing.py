"""Seal a PIN at the keypad, so that nothing between keypad and engine sees it: HPKE (RFC 9180), base mode.

This is the caller's half: it holds no rule and no secret of the engine's, so whoever has a keypad may import it. The
suite is DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM; a box is the encapsulated key (32 bytes), then the
ciphertext. `info` binds it to one payment: opened for any other it is noise.
"""

from points_engine.contract import SealedPin, SealTo, Secret

PLAIN_LENGTH = 32
"""Bytes before encryption: what was typed, UTF-8, then zeros. So a box does not tell how much was typed."""

_CONTEXT = b"points-engine PIN 1"


class PinTooLong(ValueError):
    """More was typed than a keypad takes; does not say what."""


def seal_pin(pin: Secret, order_id: str, seal_to: SealTo) -> SealedPin:
    """Encrypt what was typed for the payment `order_id`, with what its challenge gave to seal to.

    Every call gives another box; the engine takes each once. Raises PinTooLong above 32 bytes.
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey  # noqa: PLC0415 -- who seals, pays
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite  # noqa: PLC0415 -- as above

    typed = pin.reveal().encode("utf-8", "surrogatepass")
    if len(typed) > PLAIN_LENGTH:
        raise PinTooLong(f"a keypad takes at most {PLAIN_LENGTH} bytes")
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    public_key = X25519PublicKey.from_public_bytes(seal_to.public_key)
    box = suite.encrypt(typed.ljust(PLAIN_LENGTH, b"\0"), public_key, info=binding(order_id, seal_to.nonce))
    return SealedPin(box)


def binding(order_id: str, nonce: bytes) -> bytes:
    """What a box is bound to (HPKE's `info`): its use, the payment's nonce (16 bytes), the order."""
    return _CONTEXT + b"\0" + nonce + order_id.encode()
