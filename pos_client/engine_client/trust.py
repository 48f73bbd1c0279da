"""Whom a till believes to be its points server."""

import re
import ssl
from dataclasses import dataclass
from pathlib import Path

from points_engine.contract import EngineFault

_HEX = re.compile(r"[0-9a-f]{64}")


class TrustInvalid(ValueError):
    """A fingerprint that cannot be one, or two ways of trusting at once; says what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The system's CAs; or only those in `ca_file`; or only the one certificate with this SHA-256 `fingerprint`.

    A fingerprint is 64 hexadecimal digits, in either case, with or without colons or a leading "sha256:". It is for
    a server on the shop's own network, whose certificate no CA has signed: neither name nor dates are looked at.
    Raises TrustInvalid.
    """

    ca_file: Path | None = None
    fingerprint: str = ""

    def __post_init__(self) -> None:
        if self.fingerprint and self.ca_file is not None:
            raise TrustInvalid("either a CA file or a fingerprint, not both")
        if self.fingerprint and not _HEX.fullmatch(self.pinned):
            raise TrustInvalid("a fingerprint has 64 hexadecimal digits (SHA-256)")

    @property
    def pinned(self) -> str:
        """The fingerprint in small letters without colons; empty when none is set."""
        return self.fingerprint.strip().lower().removeprefix("sha256:").replace(":", "")

    def context(self) -> ssl.SSLContext:
        """What connections are made with. Raises EngineFault when the CA file cannot be read."""
        if self.pinned:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE  # the fingerprint is compared instead
        else:
            try:
                context = ssl.create_default_context(cafile=self.ca_file)
            except (OSError, ssl.SSLError):
                raise EngineFault(
                    f"The CA file {self.ca_file} cannot be read", "Correct it in the till's settings."
                ) from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context
