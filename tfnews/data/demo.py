"""A small synthetic corpus, so that a first try needs neither data nor a network.

Every town, office, person, outlet and number is made up by the rules below. The corpus shows how
the commands work; scores on it say nothing about news.
"""

import csv
import io
import os
import random
from pathlib import Path

from tfnews.catalogue.bounds import bounded
from tfnews.files import write_text

NAME = "synthetic-demo"

_COLUMNS = ("title", "text", "label", "outlet", "synthetic")

# Label noise and mixed styles: without them every model would score 1.0.
_OTHER_STYLE = 0.07  # share of articles written wholly in the other class's style
_SLIP = 0.10  # share of an article's telling sentences that slip into the other style
_COPIES = 0.04  # share of articles that are copies of others, as they are or with a line added

_TOWNS = (
    "Ombrel", "Quillmere", "Zandrick", "Vesskow", "Tollaby", "Marrovick", "Isterquay", "Drunnel",
    "Fenwhistle", "Ooksend", "Pellimoor", "Skarnby",
)  # fmt: skip
_FIRST_NAMES = ("Lirra", "Taffin", "Ombo", "Quenna", "Jasket", "Fenno", "Mirdle", "Zovi")
_LAST_NAMES = (
    "Quence", "Tarnfeld", "Wixlow", "Osmerrow", "Pelliquin", "Drabworth", "Sundrick", "Cobblewen",
)  # fmt: skip
_OUTLETS = (
    "Ombrel Lantern", "Quillmere Sheet", "Zandrick Teapot", "Isterquay Foghorn",
    "Pellimoor Kettle", "Skarnby Weathercock",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
_MONTHS = ("January", "March", "April", "June", "August", "September", "November")

# (office, thing, work, visitors): what an article is about; both classes share every subject.
_SUBJECTS = (
    ("water board", "pumping station", "repair", "households"),
    ("library service", "reading room", "reopening", "readers"),
    ("tram company", "hill tram", "extension", "passengers"),
    ("harbour office", "old lighthouse", "repainting", "sailors"),
    ("school council", "school garden", "replanting", "pupils"),
    ("weather station", "rain gauge", "replacement", "observers"),
    ("market guild", "covered market", "rebuilding", "stallholders"),
    ("parks office", "wooden footbridge", "inspection", "walkers"),
    ("orchard union", "pear orchard", "harvest", "pickers"),
    ("museum trust", "clock tower", "restoration", "visitors"),
    ("ferry company", "river ferry", "overhaul", "commuters"),
    ("bakers' guild", "village oven", "relighting", "bakers"),
)

_REAL_TITLES = (
    "{Office} in {town} approves {work} of {thing}",
    "{work} of {thing} in {town} to begin in {month}",
    "{town} {office} reports {n} {visitors} a week at {thing}",
    "{Office} delays {work} of {thing} until {month}",
    "{thing} in {town} to close for {few} weeks",
    "{town}: cost of {thing} rises by {few} percent",
)
_FAKE_TITLES = (
    "SHOCKING: what the {office} of {town} hides behind the {thing}!",
    "You will NEVER believe what happened at the {thing} in {town}",
    "{town} in uproar: the TRUTH about the {thing} at last",
    "They lied to you about the {work} of the {thing}",
    "Insider reveals the secret of the {thing} in {town}!!!",
    "The {thing} scandal that nobody in {town} dares to mention",
)
_SHARED_TITLES = (
    "The {thing} in {town}: what we know",
    "{town} talks about the {thing}",
    "{visitors} in {town} wait for the {work}",
    "{person} and the {thing} of {town}",
)

_REAL_SENTENCES = (
    "The {office} of {town} said on {day} that the {work} of the {thing} would cost {n} crowns.",
    "{person}, who speaks for the {office}, said the {work} would take {few} weeks.",
    "According to a notice published on {day}, {n} {visitors} had sent written comments.",
    "The town council approved the plan by {few} votes to {fewer}.",
    "Work on the {thing} is due to begin in {month}, the {office} said in a statement.",
    "A second report on the {thing} is expected in {month}.",
    "The {office} did not give a reason for the delay.",
    "Figures from the {office} show that the {thing} was closed for {few} days last year.",
    "{person} declined to comment on the cost of the {work}.",
    "The number of {visitors} was {few} percent higher than a year earlier.",
    "The council of {town} will discuss the report at its meeting in {month}.",
    "Engineers examined the {thing} on {day} and recorded {fewer} minor faults.",
    "The budget sets aside {n} crowns for the {work}, {few} percent less than planned.",
    "A speaker for the {office} confirmed that {fewer} firms had made an offer.",
)
_FAKE_SENTENCES = (
    "You will not believe what the {office} is hiding behind the {thing}!",
    "Insiders in {town} are stunned: {n} crowns have simply VANISHED!",
    "Nobody wants you to know the truth about the {work}.",
    '"This changes everything," whispered a source who must stay unnamed.',
    "The so-called experts of the {office} refuse to answer a single question!!!",
    "Share this with all your friends before it is taken down!",
    "Why is everyone so silent about the {thing}? Ask yourself who gains from it.",
    "What {person} did next left the whole of {town} speechless.",
    "It is the biggest scandal that {town} has ever seen, and it goes right to the top.",
    "Wake up, {town}! They think that you will never find out about the {thing}.",
    "The pictures of the {thing} will make your jaw drop!",
    "Secret papers prove that the {work} was a lie from the very first day.",
    "{person} knows everything and is terrified to speak.",
    "Absolutely nobody saw this coming: all {n} {visitors} were fooled!",
)
_SHARED_SENTENCES = (
    "The {thing} stands near the old mill of {town}.",
    "{visitors} in {town} have used the {thing} for {few} years.",
    "It rained in {town} on {day}.",
    "{person} lives {fewer} streets away from the {thing}.",
    "The {thing} was built by the {office} with the help of {n} {visitors}.",
    "Some {visitors} would like the {work} to be over by {month}.",
    "{person} has worked at the {office} for {few} years.",
    "The road from {town} to {other} passes the {thing}.",
    "There is a similar {thing} in {other}, which is smaller.",
    "On {day} about {n} {visitors} came to the {thing}.",
    "The {work} has been talked about in {town} since {month}.",
    "{other} and {town} share one {office}.",
    "The {thing} has {few} steps and a green door.",
    "Most {visitors} come to the {thing} on a {day}.",
    "{person} was seen at the {thing} on {day}.",
    "The {office} has its rooms above the bakery in {town}.",
)

# Indexed by label: 0 = real, 1 = fake.
_TITLES = (_REAL_TITLES, _FAKE_TITLES)
_SENTENCES = (_REAL_SENTENCES, _FAKE_SENTENCES)


def write_corpus(folder: str | os.PathLike, articles: int = 600, seed: int = 0) -> Path:
    """Write a synthetic corpus of short articles, half labelled fake, half real.

    The "fake" half is written in a sensational style, the "real" half in that of an agency, with
    some articles in the style of the other half and some near-duplicates.

    Args:
        folder: Where the file goes; made if missing.
        articles: Rows, copies included; from 50 up to a million.
        seed: The same seed gives the same bytes on every machine.

    Returns:
        The path of `synthetic-demo.csv`, with columns title, text, label (1 = fake, 0 = real),
        outlet and synthetic ("yes").

    Raises:
        UsageError: There are too few articles or too many.
    """
    bounded("--articles", articles)
    bounded("--seed", seed)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows((*article, "yes") for article in _articles(articles, random.Random(seed)))
    path = Path(folder) / f"{NAME}.csv"
    write_text(path, buffer.getvalue())
    return path


def _articles(count: int, rng: random.Random) -> list[tuple[str, str, int, str]]:
    """Return articles (title, text, label, outlet) in random order, the copies among them."""
    copies = round(count * _COPIES / 2) * 2
    labels = [number % 2 for number in range(count)]
    articles = [_article(label, rng) for label in labels[copies:]]
    for label in labels[:copies]:
        original = rng.choice([article for article in articles if article[2] == label])
        articles.append(_copy(original, rng))
    rng.shuffle(articles)
    return articles


def _article(label: int, rng: random.Random) -> tuple[str, str, int, str]:
    style = 1 - label if rng.random() < _OTHER_STYLE else label
    slots = _slots(rng)
    telling = rng.randint(2, 5)
    slips = sum(rng.random() < _SLIP for _ in range(telling))
    sentences = [
        *rng.sample(_SHARED_SENTENCES, rng.randint(4, 8)),
        *rng.sample(_SENTENCES[style], telling - slips),
        *rng.sample(_SENTENCES[1 - style], slips),
    ]
    rng.shuffle(sentences)
    titles = rng.choice((_TITLES[style], _SHARED_TITLES))
    title = _fill(rng.choice(titles), slots, rng)
    text = " ".join(_fill(sentence, slots, rng) for sentence in sentences)
    return title, text, label, rng.choice(_OUTLETS)


def _slots(rng: random.Random) -> dict[str, str]:
    """Draw what stays the same throughout an article."""
    office, thing, work, visitors = rng.choice(_SUBJECTS)
    town, other = rng.sample(_TOWNS, 2)
    return {
        "office": office,
        "Office": office[0].upper() + office[1:],
        "thing": thing,
        "work": work,
        "visitors": visitors,
        "town": town,
        "other": other,
        "person": f"{rng.choice(_FIRST_NAMES)} {rng.choice(_LAST_NAMES)}",
    }


def _fill(template: str, slots: dict[str, str], rng: random.Random) -> str:
    """Fill a template; days, months and numbers are drawn anew in each sentence."""
    filled = template.format(
        **slots,
        day=rng.choice(_DAYS),
        month=rng.choice(_MONTHS),
        n=rng.randint(20, 900),
        few=rng.randint(5, 19),
        fewer=rng.randint(2, 4),
    )
    return filled[0].upper() + filled[1:]


def _copy(article: tuple[str, str, int, str], rng: random.Random) -> tuple[str, str, int, str]:
    """Return the article as another outlet would reprint it: one line added or nothing changed."""
    title, text, label, _ = article
    ending = rng.choice(("", " This text was updated.", " More to follow."))
    return title, text + ending, label, rng.choice(_OUTLETS)
