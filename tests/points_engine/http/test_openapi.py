"""The API's document."""

from typing import get_args

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from points_engine.contract import Command, Refusal
from points_engine.http.described_examples import example_commands, example_replies
from points_engine.http.described_refusals import REFUSALS_OF
from points_engine.wire.problems import Trouble
from points_engine.wire.replies import REPLIES
from points_engine.wire.routes import ROUTES
from tests.points_engine.http.running_service import RunningService


@pytest.fixture(scope="module")
def document(service: RunningService) -> dict:  # type: ignore[type-arg] # JSON
    received = service.request("GET", "/v1/openapi.json")
    assert (200, "application/json") == (received.status, received.headers["content-type"])
    return received.json  # type: ignore[no-any-return] # JSON


def test_the_document_is_openapi(document: dict) -> None:  # type: ignore[type-arg] # JSON
    """By the specification's own schema, and with no reference that leads nowhere."""
    assert [] == list(OpenAPIV31SpecValidator(document).iter_errors())


def test_every_route_is_in_it(document: dict) -> None:  # type: ignore[type-arg] # JSON
    """With who may call it, and a key where the command has an id."""
    for route in ROUTES:
        operation = document["paths"][route.path][route.method.lower()]
        assert sorted(route.callers) == operation.get("x-callers", [])
        keys = [each for each in operation["parameters"] if each["name"] == "Idempotency-Key"]
        assert (route.id_field is not None) == bool(keys)
        assert "application/json" in operation["responses"]["200"]["content"]


def test_every_refusal_and_trouble_has_its_example(document: dict) -> None:  # type: ignore[type-arg] # JSON
    """With its status, under its code."""
    examples = {code: each["value"]["status"] for code, each in document["components"]["examples"].items()}
    wanted = {refusal.code: refusal.http_status for refusal in Refusal}
    assert wanted | {kind.code: kind.status for kind in Trouble} == examples


def test_examples_and_refusals_are_complete() -> None:
    """An example of each command with a body and of each reply; a list of refusals for each command."""
    commands = {route.command for route in ROUTES}
    assert set(get_args(Command)) <= commands
    assert {route.command for route in ROUTES if route.method == "POST"} == {
        type(each) for each in example_commands()
    }
    assert set(REPLIES) == {type(reply) for _, reply in example_replies()}
    assert commands == set(REFUSALS_OF)
