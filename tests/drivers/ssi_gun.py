"""A gun that speaks Zebra's packets, made of software: it sends a label until it is acknowledged."""

from collections.abc import Iterator

from drivers.ssi import ACKNOWLEDGEMENT, DECODE_DATA, packet

CODE_128, QR_CODE = 0x03, 0x1C
_GUN = 0x00
_MOST_DATA_BYTES = 250


def label_packets(text: str, bar_code_type: int = QR_CODE, most_bytes: int = _MOST_DATA_BYTES) -> list[bytes]:
    """A label as packets, each marked when another follows."""
    data = text.encode()
    parts = [data[start : start + most_bytes] for start in range(0, len(data), most_bytes)]
    return [
        packet(
            DECODE_DATA,
            bytes([bar_code_type]) + part,
            source=_GUN,
            status=0x02 if place < len(parts) - 1 else 0,
        )
        for place, part in enumerate(parts)
    ]


def again(sent: bytes) -> bytes:
    """The same packet marked as sent before."""
    body = sent[:-2]
    return packet(body[1], body[4:], source=body[2], status=body[3] | 0x01)


def transmissions(sent: bytes) -> Iterator[bytes]:
    """What the gun sends of a packet, for as long as nobody acknowledges it."""
    yield sent
    while True:
        yield again(sent)


def is_acknowledged(reply: bytes) -> bool:
    """Whether an answer ends the sending."""
    return reply.endswith(ACKNOWLEDGEMENT)
