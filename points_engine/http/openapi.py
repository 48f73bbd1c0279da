"""The API's document, OpenAPI 3.1: made of the service's own tables, so that it cannot say anything else."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from points_engine.amounts import Asset
from points_engine.contract import Refusal
from points_engine.http.answers import JSON, Answer
from points_engine.http.described_refusals import example_of
from points_engine.http.endpoints import Endpoint
from points_engine.http.incoming import Incoming
from points_engine.http.openapi_operations import SESSION, SIGNED, operation, types_of
from points_engine.http.openapi_schemas import Schemas
from points_engine.wire.callers import Caller
from points_engine.wire.problems import Problem, Trouble, encode_problem, problem_of, trouble
from points_engine.wire.routes import PREFIX

PATH = f"{PREFIX}/openapi.json"
VERSION = "1.0.0"
"""Of the interface, not of the program: the first number changes with the paths' prefix."""

_INTRODUCTION = """\
Pay with points. A command is one request; its Idempotency-Key is the command's own id, made and stored by the caller
before it is sent. Sent again it has the same answer; with other content it is refused; what became of a request that
had no response is found out by sending it again.

Whole numbers are in an asset's smallest unit, times UTC in ISO 8601. What is not carried out is told in problem details
(RFC 9457): `urn:points-till:refusal:…` is a refusal, a decision of the engine; `urn:points-till:request:…` says what is
wrong with the request; `urn:points-till:fault:…` that the service could not. `nothing_changed` says whether the command
surely was not carried out.

A payment that was refused at the till, such as for a code that expired, is recorded: it is a payment whose `state` is
"failed", with its refusal in `refused`. Fields that say nothing are left out; clients overlook those they do not know.
"""

_HEADERS = {
    "RequestId": {"description": "By this the request is found in the log.", "schema": {"type": "string"}},
    "RetryAfter": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}},
    "WwwAuthenticate": {"description": "The schemes there are.", "schema": {"type": "string"}},
}
_SECURITY = {
    SIGNED: {
        "type": "http",
        "scheme": "Points-HMAC-SHA256",
        "description": "Tills, couriers, order servers and the back office sign every request: HMAC-SHA256 "
        "over method, path with query, hash of the body, Idempotency-Key, key id and time.",
    },
    SESSION: {
        "type": "http",
        "scheme": "bearer",
        "description": "A customer's session, after signing in by SMS.",
    },
}


def document(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The document of those endpoints that say what they are about."""
    described = [endpoint for endpoint in endpoints if endpoint.about is not None]
    kinds = dict.fromkeys([Problem, Asset, *(kind for each in described for kind in types_of(each))])
    schemas = Schemas(list(kinds))
    paths: dict[str, Any] = {}
    for endpoint in described:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Points engine", "version": VERSION, "description": _INTRODUCTION},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "examples": _problem_examples(),
            "headers": _HEADERS,
            "securitySchemes": _SECURITY,
        },
    }


def _problem_examples() -> dict[str, Any]:
    """Every refusal and every trouble, as they look."""
    problems = [problem_of(example_of(refusal), "5f3c9a1e-1a") for refusal in Refusal]
    problems += [trouble(kind, None, "5f3c9a1e-1b") for kind in Trouble]
    return {
        problem.code: {"summary": problem.title, "value": msgspec.json.decode(encode_problem(problem))}
        for problem in problems
    }


def document_endpoint(endpoints: Callable[[], Iterable[Endpoint]]) -> Endpoint:
    """Where the document is; it is made when it is first asked for."""
    made: list[bytes] = []

    async def answer(_request: Incoming, _caller: Caller | None) -> Answer:
        if not made:
            made.append(msgspec.json.encode(document(endpoints())))
        return Answer(200, JSON, made[0])

    return Endpoint("GET", PATH, answer)
