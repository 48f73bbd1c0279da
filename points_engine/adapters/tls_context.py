"""TLS as the service speaks it: 1.2 at least, with a certificate of the shop's own or one made for its network."""

import ssl
from pathlib import Path

from points_engine.adapters.lan_certificate import TlsUnavailable


def server_context(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """What a server listens with; `key` may be in the certificate's file. Raises TlsUnavailable."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Only suites with forward secrecy: what is captured today is not read with a key that is stolen tomorrow.
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key, password="")
    except FileNotFoundError:
        missing = certificate if not certificate.exists() else key
        raise TlsUnavailable(
            f"There is no file {missing}", "Name the certificate with --tls-cert and its key with --tls-key."
        ) from None
    except ssl.SSLError as error:
        raise TlsUnavailable(
            f"{certificate} and its key do not make a certificate ({error.reason})",
            "Name a PEM file with the certificate's chain, and one with the key that belongs to it, not encrypted.",
        ) from None
    except OSError as error:
        raise TlsUnavailable(
            f"{certificate} or its key cannot be read ({error.strerror})",
            "Let the user who runs the engine read them.",
        ) from None
    return context
