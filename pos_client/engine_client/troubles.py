"""What can go wrong between a till and an engine far away, and what to do about it."""

import enum

from drivers.remedies import Remedy


class Trouble(enum.Enum):
    """A fault of the way to the engine: `problem` is a sentence without a stop, `remedy` one for the cashier.

    None of them holds a word of what was sent or of what came back.
    """

    NAME_UNKNOWN = (
        "The name of the points server is not known",
        Remedy("Check the network cable, or the name of the points server in the till's settings."),
    )
    UNREACHABLE = (
        "The points server cannot be reached",
        Remedy("Check the network; the till connects again by itself."),
    )
    WRONG_FINGERPRINT = (
        "The points server shows another certificate than the one this till was set up with",
        Remedy(
            "Compare the fingerprint in the till's settings with the one the server prints; charge nothing until then."
        ),
    )
    NOT_TRUSTED = (
        "The certificate of the points server is not trusted",
        Remedy(
            "Set its CA file or its fingerprint in the till's settings, or correct this computer's clock."
        ),
    )
    NO_TLS = (
        "The points server does not speak TLS as the till expects",
        Remedy("Check whether its address in the till's settings begins with https:// or http://."),
    )
    NO_ANSWER = (
        "The points server did not answer in time",
        Remedy("Wait; the till asks again by itself."),
    )
    CUT_OFF = (
        "The connection to the points server broke off",
        Remedy("Check the network; the till connects again by itself."),
    )
    NONSENSE = (
        "What answers is not a points server, or not one of this version",
        Remedy("Check the address of the points server in the till's settings."),
    )
    BUSY = (
        "The points server has too much to do",
        Remedy("Wait; the till asks again by itself."),
    )
    OUT_OF_ORDER = (
        "The points server cannot work at the moment",
        Remedy("Tell whoever looks after the points server; the till asks again by itself."),
    )
    CLOCK_OFF = (
        "The points server does not accept the time of this till",
        Remedy("Set this computer's clock; the till asks again by itself."),
    )
    NOT_ENROLLED = (
        "The points server does not accept this till",
        Remedy("Ask the back office for a code and enrol this till: python -m pos_client --enrol CODE"),
    )

    def __init__(self, problem: str, remedy: Remedy) -> None:
        self.problem = problem
        self.remedy = remedy


class LineFault(Exception):
    """No answer to one attempt. `maybe_arrived` is False when surely nothing reached the server."""

    def __init__(self, trouble: Trouble, *, maybe_arrived: bool) -> None:
        super().__init__(trouble.problem)
        self.trouble = trouble
        self.maybe_arrived = maybe_arrived
