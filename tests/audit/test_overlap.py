from hypothesis import given
from hypothesis import strategies as st

from tfnews.audit.overlap import EXAMPLES, overlap
from tfnews.records import Copies

LONG = " ".join(f"word{number}" for number in range(60))


def texts(train=(), validation=(), test=()):
    filling = {part: [f"{part} stands alone {'x' * n}" for n in range(3)] for part in "abc"}
    given_texts = {"train": train, "validation": validation, "test": test}
    return {
        part: [*filling[own], *of_part]
        for own, (part, of_part) in zip("abc", given_texts.items(), strict=True)
    }


def test_copies_and_near_copies_are_counted_in_the_later_part():
    found = overlap(texts(train=[LONG], test=[LONG.upper(), f"{LONG} and more", LONG[:40]]))
    assert found["train-test"] == Copies(
        rows=6,
        exact=1,
        near=1,
        examples=(
            {"kind": "exact", "train": 3, "test": 3},
            {"kind": "near", "train": 3, "test": 4},
        ),
    )
    for pair in ("train-validation", "validation-test"):
        assert found[pair].exact == found[pair].near == 0


def test_copies_within_one_part_are_no_overlap():
    found = overlap(texts(train=[LONG, LONG]))
    assert all(not copies.examples for copies in found.values())


@given(st.integers(0, 12))
def test_every_copy_is_counted_and_some_are_shown(copies):
    found = overlap(texts(validation=[LONG], test=[LONG] * copies))["validation-test"]
    assert found.exact == copies
    assert len(found.examples) == min(copies, EXAMPLES)
