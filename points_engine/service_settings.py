"""How the engine is served over HTTP: where it listens, and how much of everything it takes."""

from dataclasses import dataclass


class ServiceSettingsInvalid(ValueError):
    """A setting of the service that cannot be; names it and says what can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """Where one node listens, and its limits. Raises ServiceSettingsInvalid.

    It listens on `host` and `port` (0: any that is free), or on the Unix socket `uds` alone. `workers` processes share
    them, each a node of its own: more than one needs PostgreSQL.

    A request has `head_seconds` to send its head of up to `head_bytes`, and `body_seconds` for a body of up to
    `body_bytes`; a connection that is idle is closed after `idle_seconds`. At most `connections` are open, `requests`
    under way, `waiting_commands` wait for the engine. A command is waited for `deadline_seconds`: then its outcome is
    not known. `threads` carry out what is no charge. `streams` of live events may be followed at once, besides.

    Of charges that wait up to `charges_together` share a commit; up to `charge_groups` such groups are under way at
    once. 0 leaves that to the database: one on SQLite, which has one writer, two on PostgreSQL.

    With `tls_cert`, a PEM file, it speaks TLS; the key is in `tls_key`, or in the same file. With `tls_lan` the engine
    makes a certificate of its own, for a network where nobody signs any, and keeps it in its folder. With neither it
    speaks plain HTTP: for this computer alone, or behind a proxy that speaks TLS.

    Unless `shows_metrics` is off, a node shows its metrics at /metrics; with a `metrics_port` at that port instead, in
    plain HTTP, the second of several workers at the next one, and so on.

    When told to stop, a node says so at /readyz for `drain_seconds` while it takes what still comes, then takes no more
    connections and finishes what it took, for `finish_seconds` at most.
    """

    host: str = "127.0.0.1"
    port: int = 8484
    uds: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    tls_lan: bool = False
    workers: int = 1
    head_bytes: int = 16_384
    head_seconds: int = 10
    body_bytes: int = 65_536
    body_seconds: int = 10
    idle_seconds: int = 75
    connections: int = 4_096
    requests: int = 2_048
    waiting_commands: int = 1_024
    deadline_seconds: int = 15
    threads: int = 8
    streams: int = 1_000
    charges_together: int = 64
    charge_groups: int = 0
    drain_seconds: int = 2
    finish_seconds: int = 30
    shows_metrics: bool = True
    metrics_port: int = 0

    def __post_init__(self) -> None:
        for name, lowest, highest in (
            ("port", 0, 65_535),
            ("workers", 1, 64),
            ("metrics_port", 0, 65_535 - 64),
            ("head_bytes", 1_024, 65_536),
            ("head_seconds", 1, 300),
            ("body_bytes", 4_096, 1_048_576),
            ("body_seconds", 1, 300),
            ("idle_seconds", 1, 3_600),
            ("connections", 1, 65_536),
            ("requests", 1, 65_536),
            ("waiting_commands", 1, 65_536),
            ("deadline_seconds", 1, 300),
            ("threads", 1, 128),
            ("streams", 0, 65_536),
            ("charges_together", 1, 64),
            ("charge_groups", 0, 64),
            ("drain_seconds", 0, 300),
            ("finish_seconds", 1, 300),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
                raise ServiceSettingsInvalid(f"{name} must be a whole number from {lowest} to {highest}")
        if self.tls_lan and self.tls_cert:
            raise ServiceSettingsInvalid("tls_lan makes a certificate: leave tls_cert empty")
        if not self.host:
            raise ServiceSettingsInvalid("host must be an address, such as 127.0.0.1 or 0.0.0.0")
