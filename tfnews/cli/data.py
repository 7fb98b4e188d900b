"""`tfnews data`: turn news files into fixed splits, and audit them."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfnews.catalogue.names import CUTS, LABEL_BASES, LABELS_FROM, STRATEGIES
from tfnews.cli.numbers import Number
from tfnews.cli.reading import reading_options
from tfnews.cli.say import next_step, say
from tfnews.data.formats import NAMES
from tfnews.errors import UsageError

if TYPE_CHECKING:
    from tfnews.data.splits import Splits

_TITLE = 100


class _Ratios(click.ParamType):
    """Three sizes, as percentages or shares: 70/15/15 or 0.7/0.15/0.15."""

    name = "train/validation/test"

    def convert(self, value, param, ctx):
        """Return three shares that sum to 1."""
        try:
            sizes = [float(size) for size in value.split("/")]
        except ValueError:
            sizes = []
        total = round(sum(sizes), 6)
        if len(sizes) != 3 or min(sizes) <= 0 or total not in (1, 100):
            self.fail(f"{value!r} is not three sizes that sum to 100 or 1, such as 70/15/15.")
        return tuple(size / total for size in sizes)


@click.group()
def command() -> None:
    """Turn news files into fixed splits, and audit them."""


@command.command("prepare")
@click.argument("sources", nargs=-1, type=click.Path(path_type=Path), metavar="[SOURCE]...")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Folder of splits to write."
)
@click.option("--name", help="Name of the set, as scores quote it; that of the source by default.")
@click.option(
    "--format", help=f"Format of the files: {', '.join(NAMES)}. By default it is recognised."
)
@click.option("--title-column", help="Column of headlines.")
@click.option("--text-column", help="Column of bodies; of headlines, if there are no bodies.")
@click.option("--label-column", help="Column of labels.")
@reading_options
@click.option(
    "--label-from",
    type=click.Choice(LABELS_FROM),
    help="Where the label stands: in a column, or in the name of the file or of its folder.",
)
@click.option(
    "--fake-value",
    "fake_values",
    multiple=True,
    help="A label, or pattern of a name such as 'hoax*', to read as 1 (fake). Repeatable.",
)
@click.option(
    "--real-value",
    "real_values",
    multiple=True,
    help="A label, or pattern of a name, to read as 0 (real). Repeatable.",
)
@click.option(
    "--drop-value", "drop_values", multiple=True, help="A label to leave out. Repeatable."
)
@click.option(
    "--label-basis",
    type=click.Choice(LABEL_BASES),
    help="What the labels rest on; kept, and quoted with scores.",
)
@click.option(
    "--licence",
    metavar="TEXT",
    help="Licence of the texts, kept with the splits; exports state it. By default what the set's "
    "makers state, where that is known.",
)
@click.option(
    "--class-name",
    "class_names",
    nargs=2,
    metavar="REAL FAKE",
    help="Names of the classes 0 and 1; news and satire, or news and clickbait, by label basis.",
)
@click.option(
    "--strategy",
    type=click.Choice(STRATEGIES),
    help="How to split: stratified at random (default), by group, or by time.",
)
@click.option(
    "--group-column", "group_columns", multiple=True, help="No value of it crosses splits."
)
@click.option("--time-column", help="Dates: the oldest go to train, the newest to test.")
@click.option("--train", type=click.Path(path_type=Path), help="Ready-made training rows.")
@click.option("--validation", type=click.Path(path_type=Path), help="Ready-made validation rows.")
@click.option("--test", type=click.Path(path_type=Path), help="Ready-made test rows.")
@click.option(
    "--ratios", type=_Ratios(), default="70/15/15", show_default=True, help="Sizes of the splits."
)
@click.option(
    "--seed", type=Number("--seed"), default=0, show_default=True, help="Seed of the split."
)
@click.option(
    "--near-duplicates",
    type=Number("--near-duplicates"),
    default=0.8,
    show_default=True,
    help="Jaccard similarity of word triples from which texts are near-duplicates; 0: exact only.",
)
@click.option(
    "--cut",
    multiple=True,
    type=click.Choice(CUTS),
    help="Cut this from bodies. It does not remove a source's style.",
)
@click.option("--force", is_flag=True, help="Replace prepared splits that are in --out.")
def _prepare(sources, out, train, validation, test, strategy, class_names, **options) -> None:
    """Read news files, find copies, and write train, validation and test splits.

    SOURCE is one or more files or folders of news: CSV, TSV, JSON, Parquet or Excel, or .txt
    files of one article each. Copies and near-copies of a text never cross splits.
    """
    from tfnews.data.prepare import prepare

    given = {"train": train, "validation": validation, "test": test}
    ready = {part: path for part, path in given.items() if path}
    splits = prepare(
        sources,
        out,
        strategy=_strategy(strategy, ready, options),
        ready=ready,
        class_names=class_names or None,
        **options,
    )
    say("\n".join(_summary(splits)))
    next_step(f"tfnews fit --data {shlex.quote(str(out))}")


@command.command("audit")
@click.argument("splits", type=click.Path(path_type=Path))
@click.option(
    "--seed",
    type=Number("--seed"),
    default=0,
    show_default=True,
    help="Seed of the sample of training rows that a large set is probed on.",
)
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Also write the audit as JSON."
)
@click.option(
    "--html", "html_path", type=click.Path(path_type=Path), help="Also write the audit as a page."
)
@click.option(
    "--labels",
    is_flag=True,
    help="Also list training texts whose label probably is wrong, for a person to look at.",
)
@click.option(
    "--sheet",
    type=click.Path(path_type=Path),
    help="With --labels: also write them as a sheet to fill, which `tfnews data relabel` reads.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 if there are findings.")
def _audit(splits, seed, json_path, html_path, labels, sheet, strict) -> None:
    """Look for copies across splits and for labels that can be had without reading.

    SPLITS is a folder of splits. A shortcut in the text, or a copy across splits, is a finding; a
    leak in a column that no model sees is a warning.
    """
    from tfnews.data.splits import open_splits
    from tfnews.files import write_json, write_text

    if sheet and not labels:
        raise UsageError("--sheet lists the doubted labels. Give --labels with it.")
    if sheet and sheet.exists():
        raise UsageError(
            f"{sheet} is there already, and labels may be filled into it. Name another file with "
            "--sheet, or remove that one."
        )
    opened = open_splits(splits)  # before scikit-learn is imported, which takes seconds
    from tfnews.audit.audit import audit
    from tfnews.data import relabel
    from tfnews.report import audit_page, screen

    found = audit(opened, seed=seed, labels=labels)
    say(screen.audit(found))
    if json_path:
        write_json(json_path, found.to_json())
    if html_path:
        write_text(html_path, audit_page.render(found))
    if sheet:
        write_text(sheet, relabel.written(opened, [one.row for one in found.doubts.doubts]))
    copied = any(copies.exact or copies.near for copies in found.overlap.values())
    folder = shlex.quote(str(splits))
    if copied:
        next_step("tfnews data prepare SOURCE --out FOLDER")
    elif sheet:
        say(f"Written: {sheet}. Where a label is wrong, write the right one into its column label")
        next_step(f"tfnews data relabel {folder} {shlex.quote(str(sheet))} --out FOLDER")
    else:
        next_step(f"tfnews fit --data {folder}")
    if strict and found.findings:
        click.get_current_context().exit(1)


@command.command("relabel")
@click.argument("splits", type=click.Path(path_type=Path))
@click.argument("sheet", type=click.Path(path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Folder of splits to write."
)
@click.option("--force", is_flag=True, help="Replace prepared splits that are in --out.")
def _relabel(splits: Path, sheet: Path, out: Path, force: bool) -> None:
    """Write SPLITS anew with the training labels that a person filled into SHEET.

    SHEET is what `tfnews data audit --labels --sheet` wrote. A class's name in its column label
    stands for the text and its copies, unsure leaves them out, and what is empty stays as it is.
    """
    from tfnews.data.relabel import relabel
    from tfnews.data.splits import open_splits

    made = relabel(open_splits(splits), sheet, out, force=force)
    counted = made.manifest["relabelled"]
    say(f"{counted['changed']:,} labels changed, {counted['left_out']:,} texts left out of train")
    next_step(f"tfnews fit --data {shlex.quote(str(out))}")


@command.command("join")
@click.argument("sets", nargs=-1, metavar="SPLITS...", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder to write. Default: the sets' names joined by +, beside the first.",
)
@click.option("--name", help="Name of the union. Default: the sets' names joined by +.")
@click.option("--force", is_flag=True, help="Replace prepared splits that are in --out.")
def _join(sets: tuple[Path, ...], **options: object) -> None:
    """Join several folders of splits, to train on all of them.

    Each row stays in its split, unless another set holds a copy of it in a later one. The column
    data_set says which set a row comes from.
    """
    from tfnews.data.join import join

    splits = join(sets, **options)
    manifest = splits.manifest
    say(f"{splits.name}: label basis {splits.label_basis}; written to {splits.path}")
    for line in (*_rows(manifest["rows"]), *_counts(manifest["counts"]), *_rejects(splits)):
        say(line)
    next_step(f"tfnews fit --data {shlex.quote(str(splits.path))} --balance sets")


def _strategy(strategy: str | None, ready: dict, options: dict) -> str:
    """Return the strategy named, or the one the other options speak of."""
    if ready and strategy:
        raise UsageError(
            f"--strategy {strategy} splits sources; --train, --validation and --test name splits "
            "ready made. Give one or the other."
        )
    if ready:
        return "ready"
    named = "group" if options["group_columns"] else "time" if options["time_column"] else "random"
    return strategy or named


def _summary(splits: "Splits") -> list[str]:
    manifest = splits.manifest
    return [
        f"{splits.name}: label basis {splits.label_basis}; "
        f"1 = {splits.class_names[1]}, 0 = {splits.class_names[0]}",
        f"Licence of the texts: {splits.licence or 'not known; state it with --licence'}",
        *_mapping(manifest["mapping"]),
        *_notes(manifest["sources"]),
        *_rows(manifest["rows"]),
        *_samples(splits),
        *_counts(manifest["counts"]),
        *_clusters(manifest["clusters"]),
        *(f"Cut {name}: {count:,} texts" for name, count in manifest["cut"].items()),
        *(f"Warning: {warning}" for warning in manifest["warnings"]),
        *_rejects(splits),
    ]


def _rejects(splits: "Splits") -> list[str]:
    dropped = splits.manifest["rows"]["dropped"]
    return [f"Rejected rows: {splits.path / 'rejects.csv'}"] if dropped else []


def _mapping(mapping: dict) -> list[str]:
    return [
        f"Labels in {name}: " + ", ".join(f"{value!r} is {said}" for value, said in values.items())
        for name, values in mapping.items()
    ]


def _notes(sources: list[dict]) -> list[str]:
    """Say each note once, with the files it is on."""
    files: dict[str, list[str]] = {}
    for source in sources:
        for note in source["notes"]:
            files.setdefault(note, []).append(source["file"])
    return [f"Note on {', '.join(names)}: {note}" for note, names in files.items()]


def _rows(rows: dict) -> list[str]:
    dropped = rows["read"] - rows["kept"]
    reasons = [f"  {count:,} {reason}" for reason, count in rows["dropped"].items()]
    return [f"Rows: {rows['read']:,} read, {rows['kept']:,} kept, {dropped:,} dropped", *reasons]


def _samples(splits: "Splits") -> list[str]:
    """Show two titles of each class, so that a reversed mapping is seen."""
    lines = ["Is this the right way round? If not, swap --fake-value and --real-value."]
    for label, titles in splits.openings("train", 2).items():
        for title in titles:
            lines.append(f"  {splits.class_names[label]}: {' '.join(title.split())[:_TITLE]}")
    return lines


def _counts(counts: dict) -> list[str]:
    return [
        f"  {part}: " + ", ".join(f"{count:,} {name}" for name, count in classes.items())
        for part, classes in counts.items()
    ]


def _clusters(clusters: dict) -> list[str]:
    near = f"{clusters['near']:,} of near-duplicates (similarity {clusters['threshold']} or more)"
    if not clusters["threshold"]:
        near = "near-duplicates not looked for"
    return [f"Clusters kept in one split: {clusters['exact']:,} of exact copies, {near}"]
