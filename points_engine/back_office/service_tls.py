"""TLS for `serve`: whose certificate, and what whoever sets up a till has to know of it."""

import ssl
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Group
from rich.text import Text

from points_engine.back_office.answers import WRONG_USE, Failed
from points_engine.back_office.office import Office
from points_engine.service_settings import ServiceSettings


class Tls(NamedTuple):
    """What a node listens with, and what it shows: the certificate's SHA-256 fingerprint and last day."""

    context: ssl.SSLContext
    fingerprint: str
    ends_at: datetime
    is_own: bool

    @property
    def data(self) -> dict[str, Any]:
        """For programs."""
        return {"tls_fingerprint": f"sha256:{self.fingerprint}", "tls_ends_at": self.ends_at.isoformat()}

    @property
    def shown(self) -> Group:
        """For a person; the picture is of the fingerprint, for a phone or a camera to read."""
        lines = [
            Text(f"TLS fingerprint sha256:{self.fingerprint}", overflow="fold"),
            Text(f"good until {self.ends_at:%Y-%m-%d}"),
        ]
        if self.is_own:
            lines.append(Text(_picture(f"sha256:{self.fingerprint}"), no_wrap=True))
        return Group(*lines)


def tls_of(office: Office, settings: ServiceSettings) -> Tls | None:
    """What a node with these settings listens with; None for plain HTTP. Raises TlsUnavailable or Failed."""
    if settings.tls_key and not settings.tls_cert:
        raise Failed(
            "A key is named and no certificate", "Name the certificate with --tls-cert.",
            code=WRONG_USE, word="settings_invalid",
        )  # fmt: skip
    if not settings.tls_cert and not settings.tls_lan:
        return None
    # A till starts faster without cryptography's certificates.
    from points_engine.adapters import lan_certificate  # noqa: PLC0415 -- as said
    from points_engine.adapters.system_clock import SystemClock  # noqa: PLC0415 -- as said
    from points_engine.adapters.tls_context import server_context  # noqa: PLC0415 -- as said

    if settings.tls_lan:
        # The world's time, whatever the engine's is in a test: whoever connects looks at their own.
        made = lan_certificate.lan_certificate(office.folder, SystemClock().now())
        return Tls(server_context(made.file), made.fingerprint, made.ends_at, is_own=True)
    file = Path(settings.tls_cert)
    context = server_context(file, Path(settings.tls_key) if settings.tls_key else None)
    found = lan_certificate.certificate_in(file)
    return Tls(context, lan_certificate.fingerprint_of(found), found.not_valid_after_utc, is_own=False)


def _picture(text: str) -> str:
    import qrcode  # noqa: PLC0415 -- as above

    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_L, border=2)
    code.add_data(text)
    drawn = StringIO()
    code.print_ascii(out=drawn, invert=True)
    return drawn.getvalue()
