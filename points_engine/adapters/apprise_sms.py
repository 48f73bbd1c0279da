"""SMS by any service that Apprise knows: an extra, for who has it installed."""

import importlib.util

from points_engine.adapters.quiet_libraries import unheard
from points_engine.gateway import AppriseGateway
from points_engine.proof_ports import Sms, SmsNotTaken, SmsSender, SmsUnavailable

_LOGGERS = ("apprise", "urllib3.connectionpool", "urllib3.util.retry")


class AppriseSmsSender(SmsSender):
    """One notification a message. Raises SmsUnavailable when Apprise is not installed or does not know the service."""

    def __init__(self, gateway: AppriseGateway) -> None:
        if importlib.util.find_spec("apprise") is None:
            raise SmsUnavailable(
                "The settings send short messages by Apprise, which is not installed",
                'Install it (pip install "points-till[apprise]"), or choose another sms_gateway.',
            )
        self._gateway = gateway

    def send(self, sms: Sms) -> None:
        import apprise  # noqa: PLC0415 -- an extra, and slow to import: when the first message comes

        with unheard(*_LOGGERS):
            service = apprise.Apprise()
            address = self._gateway.address({"phone": sms.phone.number, "message_id": sms.message_id})
            if not service.add(address):
                raise SmsNotTaken("Apprise does not know the service of sms_gateway.url", may_retry=False)
            taken = service.notify(body=sms.text.reveal(), interpret_escapes=False)
        if not taken:
            raise SmsNotTaken("the service did not take it", may_retry=True)
