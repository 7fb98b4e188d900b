"""What an audit found, in sentences: screen, page, report and card say the same."""

from collections.abc import Sequence

from tfnews.audit.judging import (
    GUESS,
    MARGIN,
    TRAIT_SHARE,
    WORDS_SHARE,
    beats_a_guess,
    reaches,
)
from tfnews.records import Audit, Copies, Probe

MAJORITY = "the commoner class"
FULL = "all words"
CUT = "all words, Reuters cut"
LENGTH = "length only"
TITLE = "title only"
REUTERS = "mentions Reuters"
HEAVIEST = "20 heaviest words"

HEADING = "Shortcuts in the data"
PROBE_HEAD = ("what is seen", "kind", "macro F1", "95 % interval", "verdict")
OVERLAP_HEAD = ("splits", "texts", "copies", "near-copies", "example")
PART_HEAD = ("split", "class", "texts", "share", "words (quartiles)")

_ONE_WORD = "one word: "
_SEES = {
    LENGTH: "A rule that sees only how many words a text has",
    TITLE: "A model that sees only titles",
    REUTERS: "A rule that asks only whether a text mentions Reuters",
    HEAVIEST: "A model that sees only the 20 heaviest words",
}
_VERDICTS = {"finding": "finding", "warning": "warning", "nothing": "–"}
_SO = {
    "finding": "",
    "warning": " No model here sees it: never give it to one.",
    "nothing": " That is not enough to be a shortcut.",
}


def one_word(word: str) -> str:
    """Name the probe that asks for one word."""
    return f"{_ONE_WORD}{word!r}"


def probe(probe: Probe, full: float) -> str:
    """Say what one probe found.

    Args:
        probe: As `Judge.probe` returns it.
        full: Macro F1 of all words.
    """
    scored = f"macro F1 {score(probe)}"
    if probe.name == MAJORITY:
        return f"Always giving the commoner class reaches {scored}, a guess {GUESS:.2f}."
    if probe.name == FULL:
        return _full(probe, scored)
    if probe.name == CUT:
        return _cut(probe, scored, full)
    so = _SO[probe.verdict]
    return f"{_sees(probe)} reaches {scored}; all words reach {full:.3f}.{so}"


def score(probe: Probe) -> str:
    """Return "0.912 (95 % interval 0.890 to 0.934)"."""
    return f"{probe.f1:.3f}" + (f" (95 % interval {bounds(probe)})" if bounds(probe) else "")


def bounds(probe: Probe) -> str:
    """Return "0.890 to 0.934", or "" without an interval."""
    return "{:.3f} to {:.3f}".format(*probe.interval) if probe.interval else ""


def _sees(probe: Probe) -> str:
    if probe.kind == "metadata":
        return f"A rule that sees only the column {probe.name}"
    if probe.name.startswith(_ONE_WORD):
        word = probe.name.removeprefix(_ONE_WORD)
        return f"A rule that asks only whether a text holds the word {word}"
    return _SEES[probe.name]


def _full(probe: Probe, scored: str) -> str:
    if beats_a_guess(probe.interval):
        return f"A linear model of all words reaches {scored}, a guess {GUESS:.2f}."
    return (
        f"Nothing to learn is shown: a linear model of all words reaches {scored}, which cannot "
        f"be told from a guess ({GUESS:.2f}). A high score on this set would be luck or a leak."
    )


def _cut(probe: Probe, scored: str, full: float) -> str:
    where = (
        f"without datelines and the word Reuters, all words reach {scored}, with them {full:.3f}"
    )
    if not reaches(probe.f1, full, WORDS_SHARE):
        return f"Cutting Reuters lowers what can be had: {where}."
    return f"Cutting Reuters does not help: {where}. The rest of the sources' style remains."


def rare(name: str, share: float) -> str:
    """Warn of a class that few rows have."""
    return (
        f"Only {100 * share:.1f} % of the training texts are {name}: always giving the other "
        f"class is right for {100 * (1 - share):.1f} %. Read macro F1, not accuracy."
    )


def findings(found: Audit) -> tuple[str, ...]:
    """Say which shortcuts the texts hold and which texts are copies: what to read first."""
    return (*_copies(found.overlap), *_verdicts(found, "finding"), *_reference(found, CUT))


def warnings(found: Audit) -> tuple[str, ...]:
    """Say whether nothing can be learnt, and which columns give the labels away."""
    nothing = [] if found.learnable else _reference(found, FULL)
    return (*nothing, *_verdicts(found, "warning"))


def _reference(found: Audit, name: str) -> list[str]:
    return [one.in_words for one in found.probes if (one.kind, one.name) == ("reference", name)]


def _verdicts(found: Audit, verdict: str) -> list[str]:
    return [probe.in_words for probe in found.probes if probe.verdict == verdict]


def _copies(overlap: dict[str, Copies]) -> list[str]:
    said = []
    for pair, copies in overlap.items():
        earlier, later = pair.split("-")
        if copies.exact or copies.near:
            said.append(
                f"Of {copies.rows:,} {later} texts, {copies.exact:,} stand word for word in "
                f"{earlier} too, and {copies.near:,} more nearly so: scores on {later} are too "
                "good."
            )
    return said


def opening(found: Audit) -> str:
    """Say in a sentence or two what was found."""
    name, (real, fake) = found.name, found.class_names
    said = []
    if any(probe.verdict == "finding" for probe in found.probes):
        said.append(
            f"A high score on {name} does not show that a model can tell {fake} from {real}: the "
            "labels can be had without reading."
        )
    if _copies(found.overlap):
        said.append(f"Texts of {name} stand in more than one split, so scores are too good.")
    if not found.learnable:
        said.append(f"Nothing to learn is shown in {name}.")
    nothing = (
        f"No shortcut was found in the texts of {name}. The probes are few: that does not prove "
        "them clean."
    )
    return " ".join(said) or nothing


def how(found: Audit) -> str:
    """Say what the probes were fitted and scored on, and when one is a shortcut."""
    fitted = found.fitted
    rows = f"{fitted.train:,} training texts"
    if fitted.train < fitted.of:
        rows += f" drawn at random from {fitted.of:,}"
    return (
        f"Probes were fitted on {rows} and scored on {fitted.validation:,} validation texts by "
        "macro F1, which counts both classes alike. Test texts are never scored here, only "
        "compared and counted."
    )


def rule() -> str:
    """Say when a probe is a shortcut."""
    return (
        f"A shortcut beats a guess ({GUESS:.2f}) by {MARGIN:.2f} with the low end of its interval. "
        "One in the text also has a share of what all words gain over a guess: "
        f"{100 * TRAIT_SHARE:.0f} % for length and Reuters, {100 * WORDS_SHARE:.0f} % for a part "
        "of the words."
    )


def probe_rows(found: Audit) -> list[tuple[str, ...]]:
    """Return the probes, in columns as `PROBE_HEAD`."""
    return [
        (one.name, one.kind, f"{one.f1:.3f}", bounds(one), _VERDICTS[one.verdict])
        for one in found.probes
    ]


def overlap_rows(found: Audit) -> list[tuple[str, ...]]:
    """Return the copies found, in columns as `OVERLAP_HEAD`."""
    return [
        (
            pair.replace("-", " and "),
            f"{copies.rows:,}",
            f"{copies.exact:,}",
            f"{copies.near:,}",
            _example(copies.examples),
        )
        for pair, copies in found.overlap.items()
    ]


def _example(examples: Sequence[dict[str, object]]) -> str:
    if not examples:
        return ""
    return ", ".join(f"{part} row {row}" for part, row in examples[0].items() if part != "kind")


def part_rows(found: Audit) -> list[tuple[str, ...]]:
    """Return classes and lengths, in columns as `PART_HEAD`."""
    return [
        (
            part,
            name,
            f"{count:,}",
            f"{100 * count / counted.rows:.1f} %",
            " / ".join(f"{words:.0f}" for words in counted.words.get(name, ())),
        )
        for part, counted in found.parts.items()
        for name, count in counted.counts.items()
    ]


def skipped(found: Audit) -> str:
    """Name the columns that were not probed; "" where all were."""
    said = ", ".join(f"{name} ({why})" for name, why in found.skipped.items())
    return f"Columns not probed: {said}." if said else ""
