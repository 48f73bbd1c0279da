"""One endpoint in the API's document."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from points_engine.contract import Refusal
from points_engine.http.described_examples import example_commands, example_replies
from points_engine.http.described_refusals import REFUSALS_OF
from points_engine.http.endpoints import About, Endpoint
from points_engine.http.openapi_schemas import REF, Schemas, text_of
from points_engine.wire.addresses import KEY_HEADER
from points_engine.wire.callers import CallerKind
from points_engine.wire.commands import JSON, encode_command, shape_of_request
from points_engine.wire.problems import MEDIA_TYPE, Problem, Trouble
from points_engine.wire.replies import encode_reply, shape_of_reply
from points_engine.wire.routes import Route

EXAMPLES = "#/components/examples/"
HEADERS = "#/components/headers/"

SIGNED, SESSION = "signature", "session"

_EVERYWHERE = (
    Trouble.REQUEST_INVALID, Trouble.TIMED_OUT, Trouble.TOO_LARGE, Trouble.NOT_JSON, Trouble.HEADERS_TOO_LARGE,
    Trouble.BUG, Trouble.OVERLOADED,
)  # fmt: skip
_WITH_CALLERS = (Trouble.NOT_SIGNED_IN, Refusal.TILL_NOT_ENROLLED, Refusal.NOT_PERMITTED, Trouble.TOO_MANY)
_WITH_BOOKS = (Trouble.UNAVAILABLE, Trouble.OUTCOME_UNKNOWN, Trouble.LATE)
_WITH_KEY = (Trouble.KEY_MISSING, Trouble.IN_FLIGHT)

Kinds = Sequence[Refusal | Trouble]


def types_of(endpoint: Endpoint) -> Iterator[Any]:
    """The msgspec types that an endpoint's schemas are made of."""
    about = endpoint.about
    if isinstance(about, Route):
        yield shape_of_request(about).struct
        replies: tuple[Any, ...] = about.replies
        yield from (shape_of_reply(reply).struct for reply in replies)
    elif about is not None:
        yield from (kind for kind in (about.reply, about.query) if kind is not None)


def operation(endpoint: Endpoint, schemas: Schemas) -> dict[str, Any]:
    """An endpoint as an OpenAPI operation."""
    about = endpoint.about
    assert about is not None
    made: dict[str, Any] = {
        "operationId": _name_of(about),
        "summary": _first_line(about.command.__doc__) if isinstance(about, Route) else about.summary,
        "tags": [_tag_of(endpoint.path)],
        "parameters": _parameters(endpoint, schemas),
    }
    if isinstance(about, Route):
        made["description"] = _described(about)
        if about.method == "POST":
            made["requestBody"] = _body(about, schemas)
    made["responses"] = {"200": _success(about, schemas)} | _problems(problems_of(endpoint))
    made["security"] = [{scheme: []} for scheme in _security(endpoint.callers)]
    if endpoint.callers:
        made["x-callers"] = sorted(endpoint.callers)
    return made


def problems_of(endpoint: Endpoint) -> Kinds:
    """Every refusal and trouble that an endpoint may answer with."""
    about, kinds = endpoint.about, list[Refusal | Trouble](_EVERYWHERE)
    if endpoint.callers:
        kinds += _WITH_CALLERS
    if "{" in endpoint.path:
        kinds.append(Trouble.NOT_FOUND)
    if isinstance(about, Route):
        kinds += (*_WITH_BOOKS, *REFUSALS_OF.get(about.command, ()), *(_WITH_KEY if about.id_field else ()))
    elif about is not None:
        kinds += about.problems
    return list(dict.fromkeys(kinds))


def _name_of(about: Route | About) -> str:
    name = about.command.__name__ if isinstance(about, Route) else about.name
    return name[0].lower() + name[1:]


def _first_line(text: str | None) -> str:
    return (text or "").partition("\n")[0].partition(". ")[0].rstrip(".")


def _described(route: Route) -> str:
    lines = [line.strip() for line in (route.command.__doc__ or "").splitlines()]
    return "\n".join(lines).strip()


def _tag_of(path: str) -> str:
    parts = [part for part in path.split("/") if part not in {"", "v1"}]
    return parts[0] if parts else "service"


def _parameters(endpoint: Endpoint, schemas: Schemas) -> list[dict[str, Any]]:
    about = endpoint.about
    made = [
        {"name": part[1:-1], "in": "path", "required": True, "schema": _path_schema(part[1:-1])}
        for part in endpoint.path.split("/")
        if part.startswith("{")
    ]
    if isinstance(about, Route) and about.method == "GET":
        made += _query(schemas.resolved(shape_of_request(about).struct))
    elif isinstance(about, About) and about.query is not None:
        made += _query(schemas.resolved(about.query))
    if isinstance(about, Route) and about.id_field is not None:
        made.append(
            {
                "name": KEY_HEADER,
                "in": "header",
                "required": True,
                "description": f"The command's {about.id_field}, percent-encoded where it is not plain ASCII.",
                "schema": {"type": "string", "minLength": 1},
                "example": "till-1-20260302-000123",
            }
        )
    made.append(
        {
            "name": "X-Request-Id",
            "in": "header",
            "description": "Comes back, and is in the log: up to 64 letters, digits and . _ -; else one is made.",
            "schema": {"type": "string"},
        }
    )
    return made


def _path_schema(name: str) -> dict[str, Any]:
    if name == "asset":
        return {"$ref": f"{REF}Asset"}
    return {"type": "string", "format": "date"} if name == "day" else text_of(name)


def _query(schema: dict[str, Any]) -> list[dict[str, Any]]:
    needed = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": of_name}
        for name, of_name in schema["properties"].items()
    ]


def _body(route: Route, schemas: Schemas) -> dict[str, Any]:
    shape = shape_of_request(route)
    content: dict[str, Any] = {"schema": schemas.of(shape.struct)}
    for command in example_commands():
        if type(command) is route.command:
            body = encode_command(command, min(route.callers, default=None)).body
            content["example"] = msgspec.json.decode(body)
    required = bool(schemas.resolved(shape.struct).get("required"))
    return {"required": required, "content": {JSON: content}}


def _success(about: Route | About, schemas: Schemas) -> dict[str, Any]:
    headers = {"X-Request-Id": {"$ref": f"{HEADERS}RequestId"}}
    if isinstance(about, About):
        content = {} if about.reply is None else {"schema": schemas.of(about.reply)}
        return {"description": "Found", "headers": headers, "content": {about.media_type: content}}
    replies: tuple[Any, ...] = about.replies
    found = [schemas.of(shape_of_reply(reply).struct) for reply in replies]
    examples = {
        name: {"value": msgspec.json.decode(encode_reply(reply).body)}
        for name, reply in example_replies()
        if type(reply) in about.replies
    }
    content = {"schema": found[0] if len(found) == 1 else {"oneOf": found}, "examples": examples}
    return {
        "description": "Carried out, now or when it was asked first",
        "headers": headers,
        "content": {JSON: content},
    }


def _problems(kinds: Kinds) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for kind in kinds:
        status = str(kind.http_status if isinstance(kind, Refusal) else kind.status)
        response = made.setdefault(
            status,
            {
                "description": "",
                "headers": {"X-Request-Id": {"$ref": f"{HEADERS}RequestId"}},
                "content": {MEDIA_TYPE: {"schema": {"$ref": f"{REF}{Problem.__name__}"}, "examples": {}}},
            },
        )
        response["content"][MEDIA_TYPE]["examples"][kind.code] = {"$ref": f"{EXAMPLES}{kind.code}"}
        title = kind.en.partition(",")[0] if isinstance(kind, Refusal) else kind.title
        told = response["description"]
        response["description"] = f"{told}; {title}" if told else title
        if status in {"429", "503"}:
            response["headers"]["Retry-After"] = {"$ref": f"{HEADERS}RetryAfter"}
        if status == "401":
            response["headers"]["WWW-Authenticate"] = {"$ref": f"{HEADERS}WwwAuthenticate"}
    return dict(sorted(made.items()))


def _security(callers: frozenset[CallerKind]) -> list[str]:
    schemes = [SESSION] if CallerKind.CUSTOMER in callers else []
    return [*schemes, SIGNED] if callers - {CallerKind.CUSTOMER} else schemes
