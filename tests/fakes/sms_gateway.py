"""A gateway in memory: takes messages, or does not, as it is told."""

from collections.abc import Callable

from points_engine.proof_ports import Sms, SmsNotTaken, SmsSender


class FakeSmsGateway(SmsSender):
    """Keeps what it took; `troubles` are met one after the other first, `meanwhile` happens during each call."""

    def __init__(self) -> None:
        self.asked: list[Sms] = []
        self.taken: list[Sms] = []
        self.troubles: list[SmsNotTaken] = []
        self.meanwhile: Callable[[], object] = list

    def send(self, sms: Sms) -> None:
        self.asked.append(sms)
        self.meanwhile()
        if self.troubles:
            raise self.troubles.pop(0)
        self.taken.append(sms)
