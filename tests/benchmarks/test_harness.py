"""The frame of the figures: rounds interleave, goals judge, results merge."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import harness
from benchmarks.harness import Figure, Goal, Limit, Results, interleave, interleave_all, percentile

GOAL = Goal(
    name="embedded_charge",
    what="a charge",
    yardstick="a bare charge",
    words="<= 1.5 x; p99 <= 3 x median",
    limits=(Limit("ratio", "at most", 1.5), Limit("p99 / median", "at most", 3.0)),
)
FIGURE = Figure(value=3.0, unit="ms", yardstick=2.0, ratio=1.5, goal="<= 1.5 x", met=True, note="")


def test_rounds_take_turns_and_change_the_order() -> None:
    """After one round thrown away, who goes first changes every round: neither always profits from warm caches."""
    calls: list[str] = []

    def contender(name: str) -> float:
        calls.append(name)
        return float(len(calls))

    seen = interleave_all({"a": lambda: contender("a"), "b": lambda: contender("b")}, rounds=5)
    assert "ab" + "abbaabbaab" == "".join(calls)
    assert {"a": (3.0, 6.0, 7.0, 10.0, 11.0), "b": (4.0, 5.0, 8.0, 9.0, 12.0)} == seen


def test_a_slow_moment_does_not_move_the_figure() -> None:
    """Medians: one round of five that took a hundred times as long changes neither number."""
    slow_subject, slow_yardstick = iter([1, 2, 2, 200, 2, 2]), iter([1, 1, 100, 1, 1, 1])
    rounds = interleave(lambda: float(next(slow_subject)), lambda: float(next(slow_yardstick)))
    assert (2.0, 1.0) == (rounds.value, rounds.yardstick_value)
    assert "rounds 0.02-200.00 x" == rounds.spread


def test_fewer_than_five_rounds_are_refused() -> None:
    """Four rounds are no figure."""
    with pytest.raises(ValueError, match="at least 5 rounds, not 4"):
        interleave(lambda: 1.0, lambda: 1.0, rounds=4)


@pytest.mark.parametrize(
    ("value", "tail", "met"), [(3.0, 3.0, True), (3.01, 3.0, False), (3.0, 3.01, False), (1.0, 1.0, True)]
)
def test_a_goal_is_met_when_every_limit_holds(value: float, tail: float, met: bool) -> None:
    """The bound itself still counts; one limit that does not hold is enough to fall short."""
    figure = GOAL.figure(
        value=value, unit="ms", yardstick=2.0, seen={"p99 / median": tail}, note="100 accounts"
    )
    assert met is figure.met
    assert value / 2.0 == figure.ratio
    assert f"p99 / median {tail:.3g}; 100 accounts" == figure.note


@pytest.mark.parametrize(("seen", "met"), [(0.5, True), (0.49, False)])
def test_a_limit_can_ask_for_more_rather_than_less(seen: float, met: bool) -> None:
    """A rate has to be at least its bound."""
    assert met is Limit("ratio", "at least", 0.5).holds(seen)


@pytest.mark.parametrize(
    ("seen", "message"),
    [
        ({}, r"nothing was measured for \['p99 / median'\]"),
        ({"p99 / median": 1.0, "p98": 1.0}, r"names \['p98'\]"),
    ],
)
def test_a_figure_measures_exactly_what_its_goal_limits(seen: dict[str, float], message: str) -> None:
    """A limit nobody measured, or a measure nobody limits, is a slip in the benchmark and is said so."""
    with pytest.raises(ValueError, match=message):
        GOAL.figure(value=1.0, unit="ms", yardstick=1.0, seen=seen)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_a_sample_that_covers_its_share(samples: list[float], share: float) -> None:
    """It is one of the samples, at least the share does not exceed it, and no smaller sample will do."""
    found = percentile(samples, share)
    assert found in samples
    assert sum(sample <= found for sample in samples) >= share * len(samples) - 1e-5
    assert sum(sample < found for sample in samples) < share * len(samples)


@pytest.mark.parametrize(("samples", "share"), [([], 0.5), ([1.0], 0.0), ([1.0], 1.1)])
def test_a_percentile_of_nothing_is_refused(samples: list[float], share: float) -> None:
    """There is no percentile of no samples, and no share outside 0 to 1."""
    with pytest.raises(ValueError, match="percentile"):
        percentile(samples, share)


def test_each_call_is_timed() -> None:
    """There is one duration for each call, and the calls are numbered from 0."""
    numbers: list[int] = []
    durations_ms = harness.time_each_ms(numbers.append, 3)
    assert [0, 1, 2] == numbers
    assert all(duration_ms >= 0 for duration_ms in durations_ms)
    assert 3 == len(durations_ms)


def test_the_scratch_folder_is_on_the_checkout_and_goes_away() -> None:
    """The folder lies below benchmarks/out, also when the measurement inside breaks."""
    seen: list[Path] = []

    def measure() -> None:
        with harness.scratch_folder("test") as folder:
            seen.append(folder)
            (folder / "ledger.sqlite").write_bytes(b"x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        measure()
    assert harness.OUT_FOLDER == seen[0].parent
    assert not seen[0].exists()


def test_results_merge_by_name(tmp_path: Path) -> None:
    """A second benchmark joins the first one's figure, a second run replaces it, and names are in order."""
    results = Results(tmp_path / "results.json")
    results.merge("scan_latency", FIGURE)
    results.merge("embedded_charge", FIGURE)
    results.merge("scan_latency", Figure(9.0, "ms", 2.0, 4.5, "<= 2 x", met=False, note="slow disk"))
    stored = json.loads((tmp_path / "results.json").read_text())
    assert ["embedded_charge", "scan_latency"] == list(stored)
    assert {
        "value": 9.0,
        "unit": "ms",
        "yardstick": 2.0,
        "ratio": 4.5,
        "goal": "<= 2 x",
        "met": False,
        "note": "slow disk",
    } == stored["scan_latency"]
    assert FIGURE == results.read()["embedded_charge"]
    assert ["results.json"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("content", ["", "{", '{"embedded_charge": 3}', '{"embedded_charge": {"value": 1}}'])
def test_a_damaged_results_file_is_named_and_kept(tmp_path: Path, content: str) -> None:
    """A file that holds no figures is not overwritten silently."""
    path = tmp_path / "results.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"results\.json does not hold figures"):
        Results(path).merge("embedded_charge", FIGURE)
    assert content == path.read_text()
