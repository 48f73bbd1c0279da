"""``python -m benchmarks``: which names it knows, what it prints, how it ends."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import __main__ as command
from benchmarks.harness import Figure, Goal, Limit, Results

GOAL = Goal("embedded_charge", "a charge", "a bare charge", "<= 1.5 x", (Limit("ratio", "at most", 1.5),))


class FakeBenchmark:
    """A benchmark that has measured already."""

    GOAL = GOAL

    def __init__(self, value: float) -> None:
        self.value = value

    def run(self) -> Figure:
        """Judge the value against a yardstick of 2 ms."""
        return GOAL.figure(value=self.value, unit="ms", yardstick=2.0, note="[odd] note")


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Results:
    """Results in a folder of their own, and every benchmark run in this process."""
    path = tmp_path / "results.json"
    monkeypatch.setattr(command, "RESULTS_PATH", path)

    def measure(name: str) -> bool:
        command.measure_here(name, Results(path))
        return True

    monkeypatch.setattr(command, "measure_apart", measure)
    return Results(path)


def test_an_unknown_name_lists_the_names(capsys: pytest.CaptureFixture[str]) -> None:
    """A name nobody knows ends with status 2 and says which names there are."""
    assert 2 == command.main(["embedded_chrage"])
    message = capsys.readouterr().err
    assert all(name in message for name in ("embedded_chrage", *command.BENCHMARKS))


@pytest.mark.parametrize(("value", "verdict"), [(2.5, "yes"), (5.0, "NO, falls short")])
def test_a_figure_is_printed_and_stored(
    value: float,
    verdict: str,
    results: Results,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A figure that falls short is printed as such, stored as such, and is no error."""
    monkeypatch.setattr(command, "load", lambda _: FakeBenchmark(value))
    assert 0 == command.main(["embedded_charge"])
    printed = capsys.readouterr().out
    assert all(
        text in printed for text in ("embedded_charge", f"{value:g} ms", "2 ms", verdict, "[odd] note")
    )
    assert [(value, value <= 3.0)] == [(figure.value, figure.met) for figure in results.read().values()]


def test_a_broken_benchmark_does_not_stop_the_others(
    results: Results, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rest is measured and printed; the broken one has its row, and the status is 1."""
    measure = command.measure_apart
    monkeypatch.setattr(command, "load", lambda _: FakeBenchmark(2.5))
    monkeypatch.setattr(command, "measure_apart", lambda name: name != "scan_latency" and measure(name))
    assert 1 == command.main([])
    assert set(command.BENCHMARKS) - {"scan_latency"} == set(results.read())
    assert "BROKE" in capsys.readouterr().out


def test_a_table_names_the_goal_and_the_yardstick() -> None:
    """Whoever reads the table sees what was measured against what."""
    text = io.StringIO()
    table = command.draw_table({"embedded_charge": (GOAL, FakeBenchmark(2.5).run())}, [])
    Console(file=text, width=command.TABLE_WIDTH).print(table)
    assert all(
        word in text.getvalue() for word in ("a charge", "against a bare charge", "<= 1.5 x", "1.25 x")
    )


def test_every_module_is_listed_and_every_listed_name_is_a_benchmark() -> None:
    """The list is complete, and each module offers a goal of its own name and a ``run``."""
    folder = Path(command.__file__).parent
    offering = {path.stem for path in folder.glob("*.py") if "\nGOAL" in path.read_text(encoding="utf-8")}
    assert set(command.BENCHMARKS) == offering
    for name in command.BENCHMARKS:
        benchmark = command.load(name)
        assert name == benchmark.GOAL.name
        assert callable(benchmark.run)
