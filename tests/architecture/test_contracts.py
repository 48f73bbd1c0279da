"""The import contracts of pyproject.toml hold for the project, and bite when somebody imports what is not theirs."""

import copy
import subprocess
import sys

import grimp
import pytest
from importlinter.api import read_configuration
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.domain.contract import Contract

from tests.architecture.project_files import ROOT
from tests.architecture.tidy import HOUSES

CONFIGURATION = read_configuration(str(ROOT / "pyproject.toml"))
CONTRACT_TYPES: dict[str, type[Contract]] = {
    "acyclic_siblings": AcyclicSiblingsContract,
    "forbidden": ForbiddenContract,
    "layers": LayersContract,
}
OPTIONS = {options["id"]: options for options in CONFIGURATION["contracts_options"]}

# Importer, imported, and the contract that forbids it.
VIOLATIONS = [
    ("drivers.serial_gun", "pos_client.ports", "houses"),
    ("drivers.scan", "points_engine.contract", "houses"),
    ("points_engine.engine.payments", "drivers.scan", "houses"),
    ("points_engine.contract", "pos_client.till.events", "houses"),
    ("pos_client.bootstrap", "pos_client.demo.shop", "pos_client"),
    ("pos_client.screens.sale", "pos_client.cashier", "pos_client"),
    ("pos_client.hardware", "pos_client.inbox", "pos_client"),
    ("pos_client.journal", "pos_client.bootstrap", "pos_client"),
    ("pos_client.ports", "pos_client.settings", "pos_client"),
    ("pos_client.till.session", "pos_client.ports", "pos_client"),
    ("pos_client.till.events", "pos_client.till.session", "till"),
    ("pos_client.till.view", "pos_client.till.shift", "till"),
    ("drivers.wedge", "drivers.serial_gun", "drivers"),
    ("drivers.device", "drivers.registry", "drivers"),
    ("drivers.framing", "drivers.keystrokes", "drivers"),
    ("drivers.scan", "drivers.device", "drivers"),
    ("points_engine.adapters.sqlite_store", "points_engine.bootstrap", "points_engine"),
    ("points_engine.adapters.sqlite_store", "points_engine.settings", "points_engine"),
    ("points_engine.engine.payments", "points_engine.adapters.sqlite_store", "points_engine"),
    ("points_engine.limits", "points_engine.challenge", "points_engine"),
    ("points_engine.ledger", "points_engine.ports", "points_engine"),
    ("points_engine.amounts", "points_engine.contract", "points_engine"),
    ("points_engine.http.endpoints", "points_engine.http.app", "http"),
    ("points_engine.http.app", "points_engine.adapters.sqlite_store", "points_engine"),
    ("points_engine.wire.routes", "points_engine.wire.commands", "wire"),
    ("points_engine.wire.commands", "points_engine.engine.members", "points_engine"),
    ("points_engine.wire.commands", "socket", "pure_rooms"),
    ("points_engine.engine.members", "points_engine.engine.payments", "no_knots"),
    ("pos_client.screens.main_window", "pos_client.screens.sale", "no_knots"),
    ("pos_client.cashier", "points_engine.limits", "engine_by_contract"),
    ("pos_client.screens.sale", "points_engine.engine.front_door", "engine_by_contract"),
    ("pos_client.engine_client.embedded", "points_engine.adapters.sqlite_store", "engine_by_contract"),
    ("pos_client.journal", "points_engine.bootstrap", "engine_by_contract"),
    ("pos_client.demo.shop", "points_engine.engine.members", "engine_by_contract"),
    ("pos_client.till.session", "drivers.scan", "till_without_devices"),
    ("pos_client.ports", "drivers.device", "till_without_devices"),
    ("pos_client.cashier", "PySide6", "qt_in_screens"),
    ("pos_client.ports", "PySide6", "qt_in_screens"),
    ("drivers.wedge", "PySide6", "qt_in_screens"),
    ("points_engine.bootstrap", "PySide6", "qt_in_screens"),
    ("pos_client.__main__", "PySide6", "qt_in_screens"),
    ("pos_client.till.session", "time", "pure_rooms"),
    ("pos_client.till.shift", "sqlite3", "pure_rooms"),
    ("points_engine.payment_code", "secrets", "pure_rooms"),
    ("points_engine.limits", "random", "pure_rooms"),
    ("points_engine.ledger", "threading", "pure_rooms"),
    ("points_engine.challenge", "os", "pure_rooms"),
    ("drivers.framing", "io", "pure_rooms"),
    ("drivers.keystrokes", "socket", "pure_rooms"),
    ("drivers.errors", "logging", "pure_rooms"),
    ("points_engine.amounts", "subprocess", "pure_rooms"),
]

# What is not forbidden, although it comes near.
PERMISSIONS = [
    ("pos_client.__main__", "pos_client.demo.shop"),
    ("pos_client.demo.shop", "pos_client.bootstrap"),
    ("pos_client.demo.shop", "points_engine.bootstrap"),
    ("pos_client.demo.shop", "PySide6"),
    ("pos_client.bootstrap", "points_engine.bootstrap"),
    ("pos_client.engine_client.embedded", "points_engine.bootstrap"),
    ("pos_client.engine_client.embedded", "points_engine.wire.commands"),
    ("pos_client.till.session", "points_engine.contract"),
    ("pos_client.screens.sale", "points_engine.amounts"),
    ("pos_client.screens.sale", "PySide6"),
    ("pos_client.screens.sale", "drivers.keystrokes"),
    ("pos_client.hardware", "drivers.registry"),
    ("drivers.serial_gun", "serial"),
    ("points_engine.adapters.sqlite_store", "sqlite3"),
    ("points_engine.engine.payments", "points_engine.limits"),
    ("points_engine.payment", "dataclasses"),
]


def contract(identity: str) -> Contract:
    """Make one of the contracts as import-linter does."""
    options = {key: value for key, value in OPTIONS[identity].items() if key not in {"id", "name", "type"}}
    return CONTRACT_TYPES[OPTIONS[identity]["type"]](
        name=OPTIONS[identity]["name"],
        session_options=CONFIGURATION["session_options"],
        contract_options=options,
    )


def holds(identity: str, graph: grimp.ImportGraph) -> bool:
    """Check one contract; the check may change the graph it is given, so that gets a copy."""
    return contract(identity).check(copy.deepcopy(graph), verbose=False).kept


@pytest.fixture(scope="module")
def house() -> grimp.ImportGraph:
    """All rooms that the contracts and the tables here name, empty but for one import each way that is allowed."""
    graph = grimp.ImportGraph()
    rooms = {
        f"{container}.{room.strip(' ()')}"
        for options in OPTIONS.values()
        for container in options.get("containers", [])
        for layer in options["layers"]
        for room in layer.split("|")
    }
    named = {module for pair in (*[entry[:2] for entry in VIOLATIONS], *PERMISSIONS) for module in pair}
    for module in sorted({*HOUSES, *rooms, *named}):
        parts = module.split(".")
        if parts[0] not in HOUSES:
            graph.add_module(module, is_squashed=True)
            continue
        for depth in range(len(parts)):
            graph.add_module(".".join(parts[: depth + 1]))
    # What the two knots of the table are tied with.
    graph.add_import(importer="points_engine.engine.payments", imported="points_engine.engine.members")
    graph.add_import(importer="pos_client.screens.sale", imported="pos_client.screens.main_window")
    return graph


def test_the_project_keeps_its_contracts() -> None:
    """import-linter finds nothing in the source as it is."""
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())",
    ]
    linter = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert linter.returncode == 0, linter.stdout


@pytest.mark.parametrize("identity", OPTIONS)
def test_a_contract_holds_for_the_empty_house(identity: str, house: grimp.ImportGraph) -> None:
    """Without a violation no contract is broken, so that the next test shows what the violation alone does."""
    assert holds(identity, house)


@pytest.mark.parametrize(("importer", "imported", "identity"), VIOLATIONS)
def test_a_contract_bites(importer: str, imported: str, identity: str, house: grimp.ImportGraph) -> None:
    """One import of what is not theirs breaks the contract."""
    graph = copy.deepcopy(house)
    graph.add_import(importer=importer, imported=imported)
    assert not holds(identity, graph)


@pytest.mark.parametrize(("importer", "imported"), PERMISSIONS)
def test_a_contract_permits(importer: str, imported: str, house: grimp.ImportGraph) -> None:
    """An import that a room needs breaks none."""
    graph = copy.deepcopy(house)
    graph.add_import(importer=importer, imported=imported)
    assert [] == [identity for identity in OPTIONS if not holds(identity, graph)]


@pytest.mark.parametrize(
    "container",
    ["drivers", "points_engine", "pos_client", "pos_client.till", "points_engine.wire", "points_engine.http"],
)
def test_an_unplaced_file_fails(container: str, house: grimp.ImportGraph) -> None:
    """A file that has no place in the layers is found, even when it imports nothing."""
    graph = copy.deepcopy(house)
    graph.add_module(f"{container}.telescope")
    assert not holds(container.rpartition(".")[2], graph)


def test_purity_reaches_through_neighbours(house: grimp.ImportGraph) -> None:
    """A pure room may not get at the clock through another room either."""
    graph = copy.deepcopy(house)
    graph.add_import(importer="points_engine.limits", imported="points_engine.adapters.sqlite_store")
    graph.add_import(importer="points_engine.adapters.sqlite_store", imported="time")
    assert not holds("pure_rooms", graph)


def test_every_contract_is_shown_to_bite() -> None:
    """The table above has a violation of each contract."""
    assert set(OPTIONS) == {identity for _, _, identity in VIOLATIONS}
