"""The targets of tools/fuzz.py that start no TensorFlow, each with its seeds and a few inputs."""

import json
from random import Random
from subprocess import CompletedProcess as Done

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfnews.errors import RunError, WeightsError
from tools import fuzz, fuzz_changes

# Where, how many bytes are taken away and what is put there.
_CHANGE = st.tuples(
    st.floats(0, 1),
    st.integers(0, 8),
    st.sampled_from([b"", b"\0", b"\xff\xff", b'"', b"\n", b",", b"[" * 99, b"{}", b"null", b"-1"])
    | st.binary(max_size=8),
)


def changed(data: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    """Return an input with changes that know nothing of its form."""
    for where, taken, put in changes:
        place = int(where * len(data))
        data = data[:place] + put + data[place + taken :]
    return data


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")  # made on purpose
@pytest.mark.parametrize("name", fuzz.fuzz_tables.TARGETS)
def test_a_seed_is_taken_and_what_is_made_of_it_taken_or_refused(name):
    target = fuzz.TARGETS[name]
    seeds = target.seeds()
    assert all(fuzz.outcome(target, seed) for seed in seeds)

    @given(st.sampled_from(seeds), st.integers(0), st.lists(_CHANGE, min_size=1, max_size=4))
    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def holds(seed, number, changes):
        made = target.change(seed, Random(number), lambda data: changed(data, changes))
        fuzz.outcome(target, made)

    holds()


def test_an_error_of_python_s_own_or_another_kind_or_a_message_of_two_lines_is_told():
    def two_lines(folder, data):
        error = fuzz.TfnewsError()
        error.args = ("one\x07",)
        raise error

    def lost(folder, data):
        raise WeightsError("lost")

    with pytest.raises(AssertionError, match="not a message to show"):
        fuzz.outcome(fuzz.Target(two_lines, list), b"")
    with pytest.raises(AssertionError, match="refused as a WeightsError: lost"):
        fuzz.outcome(fuzz.Target(lost, list, refuses=RunError), b"")
    with pytest.raises(ZeroDivisionError):
        fuzz.outcome(fuzz.Target(lambda folder, data: 1 / 0, list), b"")


def test_each_way_to_break_a_target_is_kept_once_and_all_are_counted(tmp_path):
    def check(folder, data):
        if data == b"refused":
            raise fuzz.TfnewsError("no")
        return {b"zero": 0, b"none": 0}[data] or 1 / len(data[4:])

    count = fuzz.Count(fuzz.Target(check, list), tmp_path, 9)
    for data in (b"zero", b"none", b"key", b"other", b"refused"):
        count(data)
    count.write()
    counts = json.loads((tmp_path / "counts.json").read_text())
    assert (counts["broke"], counts["refused"]) == (4, 1)
    kept = sorted(path.read_bytes() for path in tmp_path.glob("broke-*") if not path.suffix)
    assert kept == [b"key", b"zero"]


def test_a_later_process_goes_on_and_counts_nothing_again(tmp_path):
    target = fuzz.Target(lambda folder, data: None, list)
    for processes in (1, 2):  # the second is given both inputs of the first again
        count = fuzz.Count(target, tmp_path, 2 * processes)
        count.again = fuzz.inputs_of(count.counts)
        for number in range(2 * processes):
            count(b"%d" % number)
        counts = fuzz.counted(tmp_path)  # written with the last, without being told to
        assert (counts["taken"], counts["processes"]) == (2 * processes, processes)


def test_processes_take_turns_until_the_inputs_are_had_or_one_breaks(tmp_path, monkeypatch):
    """TensorFlow keeps the tables of each tokenizer: one process alone reached 4 GB."""
    monkeypatch.setattr(fuzz, "OF_A_PROCESS", 40)
    asked = []

    def run(command: list[str], **_: object) -> Done:
        asked.append(int(command[command.index("--inputs") + 1]))
        (tmp_path / fuzz.COUNTS).write_text(json.dumps({"taken": asked[-1]}))
        return Done(command, 0 if asked[-1] < broken else 77)

    monkeypatch.setattr(fuzz.subprocess, "run", run)
    broken = 1000
    assert fuzz._in_turns("csv", tmp_path, 100, 0) == 0
    assert asked == [40, 80, 100]
    broken = 180
    assert fuzz._in_turns("csv", tmp_path, 300, 9) == 77
    assert asked == [40, 80, 100, 140, 180]


def test_the_processes_share_the_seconds(tmp_path, monkeypatch):
    now, asked = iter([0, 0.5, 7.2, 9.7]), []

    def run(command: list[str], **_: object) -> Done:
        asked.append(int(command[command.index("--seconds") + 1]))
        (tmp_path / fuzz.COUNTS).write_text(json.dumps({"taken": len(asked)}))
        return Done(command, 0)

    monkeypatch.setattr(fuzz.subprocess, "run", run)
    monkeypatch.setattr(fuzz.time, "monotonic", lambda: next(now))
    assert fuzz._in_turns("csv", tmp_path, 100, 9) == 0
    assert asked == [9, 2]


def test_a_process_that_adds_no_input_is_the_last(tmp_path, monkeypatch):
    monkeypatch.setattr(fuzz.subprocess, "run", lambda command, **_: Done(command, 0))
    assert fuzz._in_turns("csv", tmp_path, 100, 0) == 0


def test_without_inputs_to_come_the_table_is_of_what_there_is(tmp_path):
    (tmp_path / "recipe").mkdir()
    (tmp_path / "recipe" / fuzz.COUNTS).write_text('{"taken": 600, "refused": 2400, "seconds": 90}')
    assert fuzz.fuzzed("recipe", tmp_path, 0, 0) == ("| recipe | 3,000 | 20% | 1.5 | held |", True)
    assert fuzz.fuzzed("csv", tmp_path, 0, 0) == ("| csv | 0 | 0% | 0.0 | not tried |", True)
    (tmp_path / "recipe" / "broke-1").write_bytes(b"")
    row, held = fuzz.fuzzed("recipe", tmp_path, 0, 0)
    assert (row[-9:], held) == ("/recipe |", False)


def test_a_change_that_knows_the_form_keeps_it():
    """Bytes that are changed blindly stop at the first check, and what is behind it is not met."""
    draw, seed = Random(1), fuzz.fuzz_tables.archives()[1]
    target = fuzz.TARGETS["archive"]
    made = [fuzz_changes.tarred(seed, draw, lambda data: data[1:]) for _ in range(40)]
    assert len(set(made)) > 25
    assert sum(fuzz.outcome(target, data) for data in made) > 15
