"""The compose file and its Dockerfile. No container is started here: what can be read is held against what is there."""

import re
from typing import Any

import pytest
import yaml

from points_engine.service_settings import ServiceSettings
from tests.architecture.project_files import ROOT

FOLDER = ROOT / "resources" / "compose"
DOCKERFILE = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
NODES = ["node-1", "node-2"]


@pytest.mark.parametrize("name", [*NODES, "init"])
def test_a_node_is_built_from_the_dockerfile(name: str) -> None:
    """Build context and Dockerfile are where the file says, from its own folder."""
    build = SERVICES[name]["build"]
    context = (FOLDER / build["context"]).resolve()
    assert context == ROOT
    assert (context / build["dockerfile"]).is_file()


def test_what_is_copied_exists() -> None:
    """Every COPY from the context names a file or folder of the checkout."""
    copied = re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.MULTILINE)
    assert {"locks/run.txt", "points_engine", "resources"} == set(copied)
    assert [] == [name for name in copied if not (ROOT / name).exists()]
    let_through = (FOLDER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert set(copied) == {line[1:] for line in let_through if line.startswith("!")}


@pytest.mark.parametrize("name", NODES)
def test_a_node_has_little_power(name: str) -> None:
    """Read-only, no capability, no new privilege, nobody's root, and time to finish what it took."""
    node = SERVICES[name]
    assert node["read_only"] is True
    assert node["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in node["security_opt"]
    assert re.search(r"^USER points-engine$", DOCKERFILE, re.MULTILINE)
    settings = ServiceSettings()
    assert int(node["stop_grace_period"].removesuffix("s")) > settings.drain_seconds + settings.finish_seconds


@pytest.mark.parametrize("name", list(SERVICES))
def test_what_a_service_refers_to_is_there(name: str) -> None:
    """Dependencies are services, named volumes and secrets are declared, and files beside the compose file exist."""
    service = SERVICES[name]
    assert set(service.get("depends_on", {})) <= set(SERVICES)
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    for volume in service.get("volumes", []):
        source = volume.partition(":")[0]
        assert (FOLDER / source).is_file() if source.startswith("./") else source in COMPOSE["volumes"]


def test_the_balancer_knows_every_node() -> None:
    """HAProxy sends to each node, at the port the image serves on, and asks where the engine answers."""
    text = (FOLDER / "haproxy.cfg").read_text(encoding="utf-8")
    port = ServiceSettings().port
    assert [(name, f"{name}:{port}") for name in NODES] == re.findall(
        r"^    server (\S+) (\S+)", text, re.MULTILINE
    )
    assert "GET /readyz" in text
    assert f"EXPOSE {port}" in DOCKERFILE


def test_nobody_but_this_machine_reaches_it_unencrypted() -> None:
    """The balancer's port without TLS is on the loopback address alone, and no other service has one."""
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert list(published) == ["balancer"]
    assert all(port.startswith("127.0.0.1:") for port in published["balancer"])
