"""The arithmetic of tools/benchmark.py, its turns, and what it says of what is missing."""

import json

import pytest

from tools import benchmark, benchmark_articles, benchmark_commands
from tools.benchmark_race import (
    Child,
    FailedError,
    Parity,
    Program,
    Race,
    Result,
    Row,
    compared,
    measure,
    take_turns,
)

_FASTER = Row("Sorting", "ours", "theirs", at_least=2, parity=Parity("ids"))


@pytest.mark.parametrize(
    ("shows", "expected"),
    [("times as fast", [4.0, 2.0]), ("of its time", [0.25, 0.5]), ("of its rate", [0.25, 0.5])],
)
def test_a_ratio_is_of_the_pair_of_one_round(shows, expected):
    row = Row("Sorting", "ours", "theirs", shows=shows)
    assert row.ratios({"ours": [1.0, 3.0], "theirs": [4.0, 6.0]}) == expected


def test_a_value_that_stands_alone_is_its_own_figure():
    assert Row("Help", "help", shows="s").ratios({"help": [0.2, 0.3]}) == [0.2, 0.3]


@pytest.mark.parametrize(
    ("least", "most", "value", "expected"),
    [
        (2, None, 2.0, "met"),
        (2, None, 1.99, "missed"),
        (None, 1.6, 1.6, "met"),
        (None, 1.6, 1.61, "missed"),
        (0.9, 1.1, 1.0, "met"),
        (0.9, 1.1, 0.89, "missed"),
        (0.9, 1.1, 1.11, "missed"),
        (None, None, 1.0, ""),
    ],
)
def test_a_target_is_met_at_its_bound(least, most, value, expected):
    assert Row("Sorting", "ours", at_least=least, at_most=most).verdict(value) == expected


@pytest.mark.parametrize(
    ("parity", "ours", "theirs", "equal", "said"),
    [
        (Parity("ids"), ["a", "b"], ["a", "b"], True, "2 of 2 texts' ids equal"),
        (Parity("ids"), ["a", "b"], ["a", "c"], False, "1 of 2 texts' ids equal"),
        (Parity("ids"), ["a"], ["a", "b"], False, "1 outputs against 2"),
        (Parity("ids"), [], [], False, "0 outputs against 0"),
        (
            Parity("scores", 0.1),
            [0.45, 0.9],
            [0.5, 0.9],
            True,
            "scores at most 5.0e-02 apart, 50.0% of decisions equal",
        ),
        (
            Parity("scores", 0.01),
            [0.75, None, 0.5],
            [0.5, 0.9, 0.5],
            False,
            "scores at most 2.5e-01 apart, 100.0% of decisions equal, 1 not scored",
        ),
        (Parity("scores", 1), [None], [0.5], False, "no text scored by both"),
        (Parity("losses", 0.5), [1.5], [1.0], True, "losses 5.0e-01 apart, relatively"),
        (Parity("losses", 0.4), [1.5], [1.0], False, "losses 5.0e-01 apart, relatively"),
    ],
)
def test_parity(parity, ours, theirs, equal, said):
    assert compared(parity, ours, theirs) == (said, equal)


def test_nan_is_not_parity():
    assert compared(Parity("scores", 1), [float("nan"), 0.5], [0.5, 0.5])[1] is False
    assert compared(Parity("scores", 1), [0.5, float("nan")], [0.5, 0.5])[1] is False


@pytest.mark.parametrize(("warm_up", "kept"), [(True, [2, 3]), (False, [1, 2])])
def test_sides_take_turns_and_a_warm_up_is_not_counted(warm_up, kept):
    asked = []

    def ask(side):
        asked.append(side)
        return asked.count(side), [f"{side} {asked.count(side)}"]

    race = Race("sorting", (), (_FASTER,), warm_up=warm_up)
    values, outputs = take_turns(["ours", "theirs"], ask, race, {"rounds": 2})
    assert values == {"ours": kept, "theirs": kept}
    assert outputs == {"ours": ["ours 1"], "theirs": ["theirs 1"]}
    assert asked[:4] == ["theirs", "ours", "ours", "theirs"]
    fewer = Race("sorting", (), (_FASTER,), warm_up=warm_up, most_rounds=1)
    assert len(take_turns(["ours"], ask, fewer, {"rounds": 2})[0]["ours"]) == 1


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (Program("a:b", ("ours",), ("json",)), ""),
        (
            Program("a:b", ("ours",), ("json", "no_such_peer")),
            "needs no_such_peer (pip install '.[benchmark]')",
        ),
        (Program("a:b", ("ours",), settings=("minilm",)), "needs --minilm"),
    ],
)
def test_what_a_program_lacks_is_told(program, reason):
    assert program.missing({"minilm": ""}) == reason


def test_a_row_without_its_peer_is_left_out_and_nothing_is_started():
    programs = (Program("no:such", ("ours",)), Program("no:other", ("theirs",), ("no_such_peer",)))
    results = measure(Race("sorting", programs, (_FASTER,)), [_FASTER], {})
    assert [found.skipped for found in results] == [
        "needs no_such_peer (pip install '.[benchmark]')"
    ]
    assert results[0].equal
    assert "not measured: needs no_such_peer" in benchmark.line(results[0])


def test_a_program_that_fails_is_told_and_is_no_success(capfd):
    programs = (Program("benchmark_race:no_such", ("ours", "theirs")),)
    results = measure(Race("sorting", programs, (_FASTER,)), [_FASTER], {"rounds": 1})
    assert "benchmark_race:no_such ended with status 1" in results[0].skipped
    assert not results[0].equal
    assert "no_such" in capfd.readouterr().err


def test_a_child_answers_in_numbers_whatever_its_libraries_print():
    # One process that imports no TensorFlow: the loop's own protocol, end to end.
    child = Child(Program("benchmark_commands:starts", ("tfnews --help",)))
    try:
        asked = {"sides": ["tfnews --help"], "work": "", "quick": True}
        assert child.ask(asked) == ["tfnews --help"]
        took, outputs = child.ask("tfnews --help")
    finally:
        child.close()
    assert took > 0
    assert outputs == []


def test_a_child_that_has_ended_is_no_answer(capfd):
    child = Child(Program("benchmark_race:no_such", ("ours",)))
    try:
        with pytest.raises(FailedError, match="no_such ended with status 1"):
            child.ask({})
    finally:
        child.close()
    assert "AttributeError" in capfd.readouterr().err


def test_the_table_and_the_record_hold_the_median_its_range_and_the_target():
    values = {"ours": [1.0, 1.0, 1.0], "theirs": [3.0, 9.0, 5.0]}
    found = Result(_FASTER, values=values, ratios=_FASTER.ratios(values), parity="all equal")
    assert benchmark.line(found) == (
        "| Sorting | ours: 1.00 s | theirs: 5.00 s | 5.00 times as fast (3.00–9.00) "
        "| ≥ 2 | met | all equal |"
    )
    assert "| met |" not in benchmark.line(found, quick=True)
    record = json.loads(json.dumps(found.record()))
    assert (record["median"], record["target"], record["values"]) == (5.0, "met", values)
    found.equal = False
    assert benchmark.line(found).endswith("all equal: NOT EQUAL |")


def test_a_quick_run_is_for_parity_unless_a_race_is_named():
    rows = {
        race.name: benchmark.wanted(race, benchmark.read(["--quick"])) for race in benchmark.RACES
    }
    assert rows["start"] == []
    assert all(row.parity for found in rows.values() for row in found)
    named = benchmark.read(["--quick", "--only", "start"])
    assert [len(benchmark.wanted(race, named)) for race in benchmark.RACES if race.name == "start"]
    assert not any(
        benchmark.wanted(race, named) for race in benchmark.RACES if race.name != "start"
    )


@pytest.mark.parametrize("race", benchmark.RACES, ids=lambda race: race.name)
def test_every_side_of_a_row_is_one_that_one_program_has(race):
    sides = [side for program in race.programs for side in program.sides]
    assert len(sides) == len(set(sides))
    assert {side for row in race.rows for side in row.sides} == set(sides)


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_articles_are_as_many_as_asked_and_the_same_each_time(tmp_path, ending):
    from tfnews.data.readers import read

    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        job = {"data": "", "work": str(tmp_path / name)}
        made.append(benchmark_articles.many(job, 70, ending))
    assert made[0].read_bytes() == made[1].read_bytes()
    assert sum(map(len, read([made[0]], fake_values=["1"], real_values=["0"]))) == 70


def test_a_text_that_was_not_scored_has_no_score(tmp_path):
    (tmp_path / "scores.csv").write_text("id,fake_probability\n1,0.25\n2,\n", encoding="utf-8")
    assert benchmark_commands.scores(tmp_path / "scores.csv") == [0.25, None]


@pytest.mark.parametrize(("power", "factor"), [(1.0, 3.0), (2.0, 0.1)])
def test_the_exponent_of_growth(power, factor):
    seconds = [factor * rows**power for rows in (1, 2, 4, 8)]
    assert benchmark_commands.exponent((1, 2, 4, 8), seconds) == pytest.approx(power)
