"""A certificate of the engine's own, for a shop's network where no CA signs any: made, kept in the engine's folder.

Tills are set up with its fingerprint and look at nothing else of it, so it lives for long and is not made anew because
an address changed. Phones compare the fingerprint once and keep it.
"""

import ipaddress
import os
import secrets
import socket
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from filelock import FileLock

from points_engine.adapters.keys import sync_folder
from points_engine.contract import EngineFault

CERTIFICATE_NAME = "points-tls.pem"
"""Certificate and private key in one file, for its owner alone."""

LIFETIME = timedelta(days=3_650)
RENEWED_BEFORE = timedelta(days=90)
"""So long before its end another one is made: tills have to be told its fingerprint."""

_NEVER_SENT_TO = "192.0.2.1"
"""An address for documentation: asking the system how it would get there sends nothing."""


class TlsUnavailable(EngineFault):
    """A certificate or its key is missing, unreadable, damaged, or they do not belong together."""


class LanCertificate(NamedTuple):
    """Where it lies, its SHA-256 fingerprint (64 hexadecimal digits), its last day, and whether it is new."""

    file: Path
    fingerprint: str
    ends_at: datetime
    is_new: bool


def lan_certificate(folder: Path, now: datetime, names: Sequence[str] = ()) -> LanCertificate:
    """The certificate in `folder`, made when there is none that is good for a while yet.

    `names` are host names and addresses that stand in a fresh one; else this computer's own. Raises TlsUnavailable.
    """
    file = folder / CERTIFICATE_NAME
    try:
        # Of several nodes that start at once on one folder, one makes it.
        with FileLock(folder / "points-tls.lock"):
            with suppress(FileNotFoundError):
                kept = certificate_in(file)
                if kept.not_valid_after_utc - now > RENEWED_BEFORE:
                    return LanCertificate(file, fingerprint_of(kept), kept.not_valid_after_utc, is_new=False)
            made = _make(file, now, names or own_names())
    except OSError as error:
        raise TlsUnavailable(
            f"The engine's folder {folder} cannot be used ({error.strerror})",
            "Give the engine a folder it may write to.",
        ) from None
    return LanCertificate(file, fingerprint_of(made), made.not_valid_after_utc, is_new=True)


def certificate_in(file: Path) -> x509.Certificate:
    """The first certificate in a PEM file. Raises TlsUnavailable, or FileNotFoundError."""
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())[0]
    except FileNotFoundError:
        raise
    except OSError as error:
        raise TlsUnavailable(
            f"The certificate {file} cannot be read ({error.strerror})",
            "Let the user who runs the engine own it.",
        ) from None
    except ValueError:
        raise TlsUnavailable(
            f"{file} holds no certificate", "Name a PEM file, or remove it and let a fresh one be made."
        ) from None


def fingerprint_of(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate, as tills and browsers show it: 64 hexadecimal digits."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def own_names() -> list[str]:
    """What this computer is called and reached by: host names, then addresses."""
    name = socket.gethostname()
    found = [name, f"{name.partition('.')[0]}.local", "localhost"]
    addresses = ["127.0.0.1", "::1"]
    with suppress(OSError):
        addresses += [str(each[4][0]) for each in socket.getaddrinfo(name, None)]
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect((_NEVER_SENT_TO, 9))
        addresses.append(asking.getsockname()[0])
    return list(dict.fromkeys(found + [each.partition("%")[0] for each in addresses]))


def _alternative(name: str) -> x509.GeneralName | None:
    with suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(name))
    with suppress(ValueError):
        return x509.DNSName(name.encode("idna").decode("ascii"))
    return None


def _make(file: Path, now: datetime, names: Sequence[str]) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "points engine")])
    alternatives = [each for each in map(_alternative, names) if each is not None]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A till's clock may be behind.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    text = made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(file, text)
    return made


def _write(file: Path, text: bytes) -> None:
    aside = file.with_name(f".{file.name}.{secrets.token_hex(4)}.new")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as written:
            written.write(text)
            written.flush()
            os.fsync(written.fileno())
        aside.replace(file)
        sync_folder(file.parent)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise TlsUnavailable(
            f"The certificate {file} cannot be made ({error.strerror})",
            "Give the engine a folder it may write to.",
        ) from None
