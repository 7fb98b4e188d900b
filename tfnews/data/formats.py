"""The known news data sets as a table: how each is recognised, its columns and its labels."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tfnews.errors import UsageError

_NAMELESS = re.compile(r"|Unnamed: \d+(_level_\d+)?|__index_level_\d+__", re.I)
_WHOLE_NUMBER = re.compile(r"(-?\d+)\.0+")


@dataclass(frozen=True)
class Evidence:
    """What in a file confirms, or denies, which of its labels means fake.

    Args:
        column: The column that is looked at.
        pattern: What its value begins with in the rows that count.
        meaning: The label, 1 (fake) or 0 (real), that most of those rows have.
        needed: Least number of them that confirms anything.
        words: How messages call them.
    """

    column: str
    pattern: str
    meaning: int
    needed: int
    words: str


@dataclass(frozen=True)
class Beside:
    """A second file that holds a column of the first one's rows.

    Args:
        ending: End of the first one's name, and what stands there in the second one's.
        key: Column of both by which rows are joined.
        column: The column that is fetched.
    """

    ending: tuple[str, str]
    key: str
    column: str


@dataclass(frozen=True)
class Format:
    """One row of the table.

    Column names are compared without case. A row whose label values are numbers is believed only
    when the user names it, or when its `evidence` confirms which number is fake.

    Args:
        name: What `--format` calls it.
        values: Label value, in the form of `normal_label`, to 1 (fake), 0 (real) or None (drop);
            where the label stands in a name, patterns of it.
        label: Column of the label; None when the name of the file, or its folder's, is the label.
        title: Column of the headline, or None.
        text: Column of the body.
        columns: The file's exact set of named columns; together with a known label in the first
            row it marks the format. Empty: not recognised by it.
        marks: Columns of which all must be there, among others, to mark the format.
        stem: Pattern that the file's name must match as well.
        first_line: Pattern that marks the first line of a file without a header.
        names: Column names of a file without a header.
        quoting: How the csv module treats quotes.
        ignored: Columns that are not passed on.
        files: Names, of which two in one folder make it a folder of this format.
        beside: A second file that holds the bodies.
        evidence: What confirms the meaning of its labels.
        written: Whether only tfnews writes such a file, so that its numbers need no evidence.
        class_names: Names of class 0 and class 1.
        basis: What the labels rest on: "publisher", "factcheck", "crowd" or None when unknown.
        licence: What its makers state on its use; None when they state nothing.
        source: Where it comes from.
        notes: What a user should know about the set.
    """

    name: str
    values: Mapping[str, int | None]
    label: str | None = "label"
    title: str | None = "title"
    text: str = "text"
    columns: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()
    stem: re.Pattern | None = None
    first_line: re.Pattern | None = None
    names: tuple[str, ...] = ()
    quoting: int = csv.QUOTE_MINIMAL
    ignored: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()
    beside: Beside | None = None
    evidence: Evidence | None = None
    written: bool = False
    class_names: tuple[str, str] = ("real", "fake")
    basis: str | None = None
    licence: str | None = None
    source: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def numbered(self) -> bool:
        """Whether its labels are numbers, which say nothing by themselves."""
        return all(value.lstrip("-").isdigit() for value in self.values)


_RATINGS = {
    "pants-fire": 1,
    "false": 1,
    "barely-true": 1,
    "half-true": 0,
    "mostly-true": 0,
    "true": 0,
}

# "false" is not among them: is it "false news", or "not fake"?
WORDS = {
    "fake": 1,
    "fake news": 1,
    "real": 0,
    "real news": 0,
    "true": 0,
    "true news": 0,
    "legit": 0,
    "legitimate": 0,
}

# What stands for a class in the name of a file or folder.
NAME_WORDS = {
    **dict.fromkeys(("fake", "fakes", "fakenews"), 1),
    **dict.fromkeys(("real", "realnews", "true", "truenews", "legit", "legitimate"), 0),
}

DATELINE = Evidence(
    column="text",
    pattern=r"\s*[A-Z][^()\n]{0,80}\(Reuters\)\s*[-–—]",
    meaning=0,
    needed=20,
    words="texts that open with a Reuters dateline, as in 'LONDON (Reuters) -'",
)

# Values that stand for a missing label.
NO_LABEL = frozenset({"", "nan", "none", "null", "na", "n/a", "<na>"})

_FAKENEWSNET = Format(
    name="fakenewsnet",
    values={"fake": 1, "real": 0},
    label=None,
    title=None,
    text="title",
    columns=frozenset({"id", "news_url", "title", "tweet_ids"}),
    stem=re.compile(r"politifact_(fake|real)"),
    ignored=frozenset({"tweet_ids"}),
    files=(
        "politifact_fake.csv",
        "politifact_real.csv",
        "gossipcop_fake.csv",
        "gossipcop_real.csv",
    ),
    basis="factcheck",
    source="Shu et al. (2018), arXiv:1809.01286",
    notes=(
        "FakeNewsNet: the file's name is the label. The files hold headlines and links, no bodies; "
        "how many tweets shared an article tells the classes apart, so tweet_ids is left out.",
    ),
)

FORMATS = (
    Format(
        name="isot",
        values={"fake": 1, "true": 0},
        label=None,
        columns=frozenset({"title", "text", "subject", "date"}),
        stem=re.compile(r"fake|true"),
        files=("fake.csv", "true.csv"),
        basis="publisher",
        source="Ahmed, Traore, Saad (2018), Security and Privacy 1(1)",
        notes=(
            "ISOT: the file's name is the label. Published code often has 0 = fake, 1 = real; "
            "here 1 = fake. The values of 'subject' are disjoint between the classes.",
        ),
    ),
    Format(
        name="welfake",
        values={"1": 1, "0": 0},
        columns=frozenset({"title", "text", "label"}),
        stem=re.compile(r".*welfake.*"),
        evidence=DATELINE,
        basis="publisher",
        source="Verma et al. (2021), IEEE Transactions on Computational Social Systems 8(4)",
        notes=(
            "WELFake: its published description says 0 = fake and 1 = real, but the file's own "
            "counts and texts say 1 = fake, which is used here.",
        ),
    ),
    Format(
        name="mcintire",
        values={"fake": 1, "real": 0},
        columns=frozenset({"title", "text", "label"}),
        stem=re.compile(r".*fake_or_real_news.*"),
        basis="publisher",
        source="McIntire (2017), Open Data Science",
    ),
    Format(
        name="liar",
        values=_RATINGS,
        label="rating",
        title=None,
        first_line=re.compile(rf"[^\t]*\t({'|'.join(_RATINGS)})\t([^\t]*\t){{11}}[^\t]*", re.I),
        names=(
            "id",
            "rating",
            "text",
            "subject",
            "speaker",
            "speaker_job",
            "state",
            "party",
            "barely_true_count",
            "false_count",
            "half_true_count",
            "mostly_true_count",
            "pants_fire_count",
            "context",
        ),
        quoting=csv.QUOTE_NONE,
        files=("train.tsv", "valid.tsv", "test.tsv"),
        basis="factcheck",
        licence="research purposes only; the original sources retain the copyright",
        source="Wang (2017), arXiv:1705.00648",
        notes=(
            "LIAR: six ratings made into two classes; change which with --fake-value, "
            "--real-value and --drop-value.",
            "LIAR: the five *_count columns count the speaker's ratings including this one, so "
            "they give the label away.",
        ),
    ),
    Format(
        name="fakenewscorpus",
        values={
            "fake": 1,
            "reliable": 0,
            **dict.fromkeys(
                (
                    *("satire", "bias", "conspiracy", "state", "junksci", "junks", "hate"),
                    *("clickbait", "unreliable", "political", "rumor", "unknown"),
                )
            ),
        },
        label="type",
        text="content",
        marks=frozenset(
            {"domain", "type", "url", "content", "scraped_at", "inserted_at", "updated_at", "title"}
        ),
        basis="publisher",
        source="github.com/several27/FakeNewsCorpus",
        notes=(
            "FakeNewsCorpus: 'fake' against 'reliable'; the other types are left out unless given "
            "a meaning, as in --fake-value conspiracy --real-value political.",
            "FakeNewsCorpus: each article has the label of its domain, so split with "
            "--group-column domain.",
        ),
    ),
    _FAKENEWSNET,
    replace(
        _FAKENEWSNET,
        name="gossipcop",
        stem=re.compile(r"gossipcop_(fake|real)"),
        files=("gossipcop_fake.csv", "gossipcop_real.csv"),
        notes=(
            "GossipCop, of FakeNewsNet: the file's name is the label. The files hold headlines of "
            "celebrity gossip and links, no bodies; tweet_ids is left out.",
        ),
    ),
    Format(
        name="fakeddit",
        values={"0": 1, "1": 0},
        label="2_way_label",
        title=None,
        text="clean_title",
        marks=frozenset({"clean_title", "2_way_label", "3_way_label", "6_way_label", "subreddit"}),
        ignored=frozenset({"3_way_label", "6_way_label"}),
        evidence=Evidence("6_way_label", r"0(\.0)?$", 0, 1, "rows with 6_way_label 0, for true"),
        basis="publisher",
        source="Nakamura, Levy, Wang (2020), arXiv:1911.03854",
        notes=(
            "Fakeddit: 2_way_label 0 is fake and 1 is true, the other way round than here; the "
            "6_way_label, 0 for true, says so in the file itself.",
            "Fakeddit: posts have the label of their subreddit, so split with "
            "--group-column subreddit or expect to learn subreddits. Much of it is satire.",
        ),
    ),
    Format(
        name="fnc-1",
        values={"unrelated": 1, "agree": 0, "disagree": 0, "discuss": 0},
        label="Stance",
        title="Headline",
        text="articleBody",
        columns=frozenset({"Headline", "Body ID", "Stance"}),
        files=(
            *("train_stances.csv", "train_bodies.csv"),
            *("competition_test_stances.csv", "competition_test_bodies.csv"),
        ),
        beside=Beside(("stances", "bodies"), "Body ID", "articleBody"),
        class_names=("related", "unrelated"),
        source="fakenewschallenge.org (2017)",
        notes=(
            "FNC-1: the stance of a body towards a headline, not its truth. 'unrelated' is class 1 "
            "and the three others class 0; change which with --fake-value and --drop-value.",
            "FNC-1: a body stands with many headlines, so split with --group-column 'Body ID'.",
        ),
    ),
    Format(
        name="claimbuster",
        values={"1": 1, "0": 0, "-1": 0},
        label="Verdict",
        title=None,
        text="Text",
        marks=frozenset(
            {"Sentence_id", "Text", "Speaker", "Speaker_party", "File_id", "Sentiment", "Verdict"}
        ),
        class_names=("not check-worthy", "check-worthy"),
        basis="crowd",
        source="Arslan et al. (2020), arXiv:2004.14425",
        notes=(
            "ClaimBuster: whether a sentence is worth checking (1), a fact of no weight (0) or no "
            "fact (-1); nothing in it is fake.",
            "ClaimBuster: sentences of one debate share topics, so split with "
            "--group-column File_id.",
        ),
    ),
    Format(
        name="tfnews",
        values={"1": 1, "0": 0},
        marks=frozenset(
            {"combined_text", "title", "text", "label", "cluster", "source_file", "line"}
        ),
        ignored=frozenset({"combined_text", "cluster"}),
        files=("train.csv", "validation.csv", "test.csv"),
        written=True,
    ),
    Format(
        name="tfnews-combined",
        values={"1": 1, "0": 0},
        title=None,
        text="combined_text",
        ignored=frozenset({"cluster"}),
    ),
)

GENERIC = Format(name="generic", values=WORDS)

_PLAIN = {"title", "text", "label"}  # whose columns they are is anybody's guess
NAMES = tuple(row.name for row in (*FORMATS, GENERIC))


def normal_label(value: str) -> str:
    """Fold what does not tell labels apart: outer white space, case, and 1.0 for 1."""
    folded = value.strip().casefold()
    number = _WHOLE_NUMBER.fullmatch(folded)
    return number[1] if number else folded


def is_nameless(column: str) -> bool:
    """Tell whether a column is an index, or an empty one, without a name of its own."""
    return _NAMELESS.fullmatch(column.strip()) is not None


def named(name: str) -> Format:
    """Return the format of that name.

    Raises:
        UsageError: No format has it.
    """
    for row in (*FORMATS, GENERIC):
        if row.name == name.casefold():
            return row
    known = ", ".join(NAMES)
    raise UsageError(f"No format is called {name!r}. Known: {known}. Choose one with --format.")


def recognise_line(line: str) -> Format | None:
    """Return the format without a header whose first line looks like this one."""
    marked = (row for row in FORMATS if row.first_line and row.first_line.fullmatch(line))
    return next(marked, None)


def recognise(stem: str, columns: Sequence[str], first: Sequence[str]) -> Format:
    """Return the format of a file with a header, `GENERIC` when it is none of the known.

    Args:
        stem: The file's name without its endings.
        columns: Names in its header.
        first: Values of its first row.
    """
    values = dict(zip(map(str.casefold, columns), first, strict=False))
    return next((row for row in FORMATS if _matches(row, stem.casefold(), values)), GENERIC)


def offered(columns: Sequence[str]) -> list[Format]:
    """Return the formats with numbers for labels that a file of these columns might be in."""
    names = {column.casefold() for column in columns if not is_nameless(column)}
    if names != _PLAIN:
        return []
    return [row for row in FORMATS if row.columns == _PLAIN and row.numbered] + [named("tfnews")]


def _matches(row: Format, stem: str, values: Mapping[str, str]) -> bool:
    names = {column for column in values if not is_nameless(column)}
    by_columns = row.columns and _folded(row.columns) == names
    by_marks = row.marks and _folded(row.marks) <= names
    if not (by_columns or by_marks) or (row.stem and not row.stem.fullmatch(stem)):
        return False
    return row.label is None or _is_known(row, values.get(row.label.casefold(), ""))


def _is_known(row: Format, value: str) -> bool:
    label = normal_label(value)
    return label in row.values or label in NO_LABEL


def _folded(names: Iterable[str]) -> set[str]:
    return {name.casefold() for name in names}
