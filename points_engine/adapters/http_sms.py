"""Any SMS gateway over HTTP, by the shop's template."""

import time
from typing import TYPE_CHECKING

from points_engine.adapters.quiet_libraries import unheard
from points_engine.gateway import HttpGateway
from points_engine.proof_ports import Sms, SmsNotTaken, SmsSender

if TYPE_CHECKING:
    import requests

_ANSWER_BYTES_MAX = 64 * 1024
_ANSWER_SECONDS_MAX = 45.0
_BUSY = 429


class HttpSmsSender(SmsSender):
    """One request a message; a connection is not kept, an SMS is rare.

    A redirection is not followed (it would carry the code elsewhere), the environment's proxies and .netrc are not
    looked at (they are not the shop's settings), and nothing of request or answer gets into a log or an error.
    """

    def __init__(self, gateway: HttpGateway) -> None:
        self._gateway = gateway

    def send(self, sms: Sms) -> None:
        import requests  # noqa: PLC0415 -- when the first message comes: a till starts without it

        request = self._gateway.request(
            {
                "phone": sms.phone.number,
                "text": sms.text.reveal(),
                "code": sms.code.reveal(),
                "message_id": sms.message_id,
            }
        )
        proxy, seconds = self._gateway.proxy, self._gateway.timeout_seconds
        with unheard("urllib3.connectionpool", "urllib3.util.retry"), requests.Session() as session:
            session.trust_env = False
            try:
                response = session.request(
                    request.method,
                    request.url,
                    headers={name: value.encode() for name, value in request.headers.items()},
                    data=request.body or None,
                    timeout=seconds,
                    allow_redirects=False,
                    stream=True,
                    proxies={"http": proxy, "https": proxy} if proxy else None,
                )
                body = _body_of(response)
            except requests.Timeout:
                raise SmsNotTaken("the gateway did not answer in time", may_retry=True) from None
            except requests.exceptions.SSLError:
                raise SmsNotTaken("the gateway's certificate is not trusted", may_retry=True) from None
            except requests.ConnectionError:
                raise SmsNotTaken("the gateway cannot be reached", may_retry=True) from None
            except (requests.RequestException, OSError):
                raise SmsNotTaken("the gateway's answer cannot be read", may_retry=True) from None
        status = response.status_code
        if not self._gateway.taken.holds(status, body):
            # No answer of this kind says that the message went out: to try again sends it once.
            may_retry = status >= 500 or status == _BUSY or 200 <= status < 300
            raise SmsNotTaken(f"the gateway refused it (HTTP {status})", may_retry=may_retry)


def _body_of(response: "requests.Response") -> str:
    """The answer's first 64 KiB; a gateway that dribbles is not waited for without end."""
    import urllib3  # noqa: PLC0415 -- comes with requests

    deadline = time.monotonic() + _ANSWER_SECONDS_MAX
    body = b""
    try:
        while len(body) < _ANSWER_BYTES_MAX and time.monotonic() < deadline:
            piece = response.raw.read1(_ANSWER_BYTES_MAX, decode_content=True)
            if not piece:
                break
            body += piece
    except urllib3.exceptions.ReadTimeoutError:
        raise SmsNotTaken("the gateway did not answer in time", may_retry=True) from None
    except urllib3.exceptions.HTTPError:
        raise SmsNotTaken("the gateway's answer cannot be read", may_retry=True) from None
    return body.decode("utf-8", "replace")
