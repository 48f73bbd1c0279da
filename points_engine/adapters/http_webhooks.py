"""Carries webhooks over HTTP: to the address that was checked, within a deadline, following nobody elsewhere."""

import ipaddress
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from points_engine.webhook import WebhookRules
from points_engine.webhook_ports import Told, WebhookSender

if TYPE_CHECKING:
    import ssl

_MOST_DIGITS = 6


class _NotAllowed(Exception):
    """A name that leads where webhooks do not go."""


class HttpWebhookSender(WebhookSender):
    """One request a message, on a connection of its own.

    The name is resolved once and the connection made to an address that was looked at, so that no second answer of a
    name server leads elsewhere. Redirections are not followed, the environment's proxies not used, and nothing of the
    answer's text is read. `seconds` bounds the whole exchange. `tls` is for tests; without it certificates are checked
    by the system's authorities.
    """

    def __init__(
        self, rules: WebhookRules, *, seconds: float = 15.0, tls: "ssl.SSLContext | None" = None
    ) -> None:
        self._rules = rules
        self._seconds = seconds
        self._tls = tls

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Told:
        # When the first message goes: a till starts without them.
        import http.client  # noqa: PLC0415 -- as said above
        import ssl  # noqa: PLC0415 -- as said above

        try:
            return self._send(url, headers, body)
        except _NotAllowed as error:
            return Told(None, str(error))
        except ssl.SSLCertVerificationError:
            return Told(None, "its certificate is not trusted")
        except TimeoutError:
            return Told(None, "no answer in time")
        except socket.gaierror:
            return Told(None, "its name cannot be resolved")
        except (OSError, http.client.HTTPException, ValueError):
            return Told(None, "it cannot be reached, or does not speak HTTP")

    def _send(self, url: str, headers: Mapping[str, str], body: bytes) -> Told:
        import http.client  # noqa: PLC0415 -- as in `send`

        parts = urlsplit(url)
        is_tls = parts.scheme.lower() == "https"
        if not is_tls and not self._rules.allows_http:
            raise _NotAllowed("http is not allowed by the settings (webhooks.allows_http)")
        host, port = parts.hostname or "", parts.port or (443 if is_tls else 80)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        is_late = threading.Event()
        connection = http.client.HTTPConnection(host, port)
        line = self._connect(host, port, is_tls=is_tls)
        connection.sock = line

        def cut() -> None:
            # Whoever dribbles a byte at a time would otherwise be waited for without end.
            is_late.set()
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

        alarm = threading.Timer(self._seconds, cut)
        alarm.daemon = True
        alarm.start()
        try:
            sent = {"Content-Type": "application/json", "User-Agent": "points-engine", **headers}
            connection.request("POST", path, body, {**sent, "Connection": "close", "Host": parts.netloc})
            answer = connection.getresponse()
            if is_late.is_set():
                # What was cut off reads like an end.
                raise TimeoutError
            return _told(answer.status, answer.getheader("Retry-After"))
        except (OSError, http.client.HTTPException):
            if is_late.is_set():
                raise TimeoutError from None
            raise
        finally:
            alarm.cancel()
            connection.close()

    def _connect(self, host: str, port: int, *, is_tls: bool) -> socket.socket:
        import ssl  # noqa: PLC0415 -- as in `send`

        failure: OSError = OSError("no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            if not self._rules.allows_private_addresses and not _is_public(str(address[0])):
                raise _NotAllowed(
                    "its name leads to an address of this network (webhooks.allows_private_addresses)"
                )
            line = socket.socket(family, kind, protocol)
            line.settimeout(self._seconds)
            try:
                line.connect(address)
                if not is_tls:
                    return line
                # Made once: reading the system's authorities takes longer than the message.
                self._tls = self._tls or ssl.create_default_context()
                return self._tls.wrap_socket(line, server_hostname=host)
            except ssl.SSLCertVerificationError:
                line.close()
                raise
            except OSError as error:
                line.close()
                failure = error
        raise failure


def _is_public(text: str) -> bool:
    """Whether an address is one of the world's; what merely wraps another address is as public as that."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if inner:
            return inner.is_global and address.ipv4_mapped is not None
        if address in ipaddress.ip_network("64:ff9b::/96"):
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF).is_global
    return address.is_global and not address.is_multicast


def _told(status: int, retry_after: str | None) -> Told:
    if 200 <= status < 300:
        return Told(status, None)
    wish = retry_after or ""
    is_number = wish.isascii() and wish.isdigit() and len(wish) <= _MOST_DIGITS
    problem = f"it answered {status}"
    if 300 <= status < 400:
        problem += ": redirections are not followed"
    return Told(status, problem, int(wish) if is_number else None)
