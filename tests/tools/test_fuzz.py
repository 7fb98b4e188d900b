"""The targets of tools/fuzz.py that start no TensorFlow, each with its seeds and a few inputs."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools import fuzz

LIGHT = (
    "csv", "tsv", "csv, compressed", "JSON lines", "JSON", "Parquet", "Excel", "archive", "pickle",
    "vectors, text", "vectors, binary", "config.json of a run", "metrics.json", "manifest",
    "recipe", "request",
)  # fmt: skip
# Where, how many bytes are taken away and what is put there.
_CHANGE = st.tuples(
    st.floats(0, 1),
    st.integers(0, 8),
    st.sampled_from([b"", b"\0", b"\xff\xff", b'"', b"\n", b",", b"[" * 99, b"{}", b"null", b"-1"])
    | st.binary(max_size=8),
)


def changed(seed: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    """Return a seed with changes."""
    for where, taken, put in changes:
        place = int(where * len(seed))
        seed = seed[:place] + put + seed[place + taken :]
    return seed


@pytest.mark.parametrize("name", LIGHT)
def test_a_seed_is_taken_and_what_is_made_of_it_taken_or_refused(name):
    target = fuzz.TARGETS[name]
    seeds = target.seeds()
    assert all(fuzz.outcome(target, seed) for seed in seeds)

    @given(st.sampled_from(seeds), st.lists(_CHANGE, min_size=1, max_size=4))
    @settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
    def holds(seed, changes):
        fuzz.outcome(target, changed(seed, changes))

    holds()


def test_an_error_of_python_s_own_or_a_message_of_two_lines_is_told():
    def two_lines(folder, data):
        error = fuzz.TfnewsError()
        error.args = ("one\x07",)
        raise error

    with pytest.raises(AssertionError, match="not a message to show"):
        fuzz.outcome(fuzz.Target(two_lines, list), b"")
    with pytest.raises(ZeroDivisionError):
        fuzz.outcome(fuzz.Target(lambda folder, data: 1 / 0, list), b"")
