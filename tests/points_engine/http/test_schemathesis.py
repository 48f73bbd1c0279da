"""Schemathesis reads the API's document and holds the running service to it."""

import subprocess
import sys
from pathlib import Path

import pytest

from points_engine.contract import Refused
from points_engine.http.authentication import Authenticator
from points_engine.http.incoming import Incoming
from points_engine.http.paths import Paths
from points_engine.wire.callers import Caller, CallerKind
from points_engine.wire.problems import Problem, Trouble, trouble
from tests.points_engine.http.running_service import RunningService
from tests.points_engine.shop import EVERY_KIND, RIGHT_PIN

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "missing_required_header", "unsupported_method",
    "allow_header_conformance",
)  # fmt: skip
IDS = {CallerKind.TILL: "till-1", CallerKind.CUSTOMER: "8600123", CallerKind.MERCHANT: "shop-1"}


class Whoever(Authenticator):
    """Takes every request for that of a caller who may send it."""

    def __init__(self) -> None:
        self.paths = Paths(())

    async def authenticate(self, request: Incoming) -> Caller | Refused | Problem:
        if request.header(b"authorization") != "Bearer whoever":
            return trouble(Trouble.NOT_SIGNED_IN, request_id=request.request_id)
        endpoint = self.paths.find(request.method, request.path).endpoint
        assert endpoint is not None
        kind = max(endpoint.callers)
        return Caller(kind, IDS.get(kind, "mei"))


@pytest.mark.timeout(180)
def test_the_service_keeps_to_its_document(tmp_path: Path) -> None:
    """No 5xx, no status, header or schema that the document does not have; what it forbids is refused."""
    whoever = Whoever()
    with RunningService(tmp_path / "engine", scheme=EVERY_KIND, authenticator=whoever) as running:
        whoever.paths = Paths(running.service.endpoints)
        running.shop.member("8600123", 10_000, RIGHT_PIN)
        running.shop.pay("8600123", 100, "till-1-20260302-000123")
        command = [
            sys.executable, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{running.port}/v1/openapi.json",
            "--checks", ",".join(CHECKS), "--phases", "examples,fuzzing", "--max-examples", "5",
            "--seed", "1", "--suppress-health-check", "all", "--no-shrink",
            "--exclude-path", "/metrics", "--exclude-path", "/v1/events",
            "--warnings", "off", "--header", "Authorization: Bearer whoever", "--no-color",
        ]  # fmt: skip
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=170, check=False)
    assert 0 == run.returncode, run.stdout[-12_000:] + run.stderr[-4_000:]
