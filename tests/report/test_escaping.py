"""Names, texts and messages come from users' files: none may become HTML or a template."""

from dataclasses import fields, is_dataclass, replace

import pytest
from jinja2 import UndefinedError
from markupsafe import escape

from tests.audit import news
from tests.report.page import Page
from tests.report.sample import report, sliced
from tests.report.stress.made import made as stressed
from tfnews.audit.audit import audit
from tfnews.records import Ancestor, Reason, Token
from tfnews.report import audit_page, html
from tfnews.report.page import rendered

HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror='a()'>",
    "&amp; & &lt;b&gt;",
    "{{ 7 * 7 }} {% raw %} {# gone #} $title ${title}",
)
COMPARED = {"part", "verdict", "state"}  # words that the code compares
# Keys, too.
NAMED_BY_USERS = {"classes", "digests", "recipe", "refused", "runs", "skipped", "versions"}


def hostile(value, nasty, key=None):
    """Return content whose every string begins with a hostile one."""
    if isinstance(value, str):
        return value if key in COMPARED else f"{nasty}{value}"
    if is_dataclass(value):
        changed = {f.name: hostile(getattr(value, f.name), nasty, f.name) for f in fields(value)}
        return replace(value, **changed)
    if isinstance(value, dict):
        mark = nasty if key in NAMED_BY_USERS else ""
        return {f"{mark}{name}": hostile(one, nasty, name) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(hostile(one, nasty, key) for one in value)
    return value


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """Give a report in which every section of the page has something to say."""
    made = report(
        audit=audit(news.leaking(tmp_path_factory.mktemp("leaking") / "splits")),
        figures={"calibration": b"png"},
        warnings=("Mind this.",),
        slices=sliced(),
        stress=stressed(worst=None),
    )
    row = made.mistakes.misses[0].row
    reasons = (Reason(row, "exact", (Token("heavily", -0.25, "real"),)),)
    made = replace(made, reasons=reasons)
    ancestor = Ancestor("earlier-1", "/runs/earlier-1", "00", "made_up")
    away = replace(
        made.other_sets[0],
        label_basis="crowd",
        refused={"too short": 100},
        shared_with_training=3,
        with_shared=made.other_sets[0].judged,
    )
    return replace(made, config=replace(made.config, lineage=(ancestor,)), other_sets=(away,))


def pages(made):
    return {"report": html.render(made), "audit": audit_page.render(made.audit)}


@pytest.mark.parametrize("nasty", HOSTILE)
def test_no_string_of_the_content_becomes_html_or_a_template(full, nasty):
    before, after = pages(full), pages(hostile(full, nasty))
    for name, page in after.items():
        parsed = Page(page)
        # Were a single string not escaped, there would be a tag or an attribute more.
        assert parsed.tags == Page(before[name]).tags
        assert (nasty in page) == (escape(nasty) == nasty)
        assert parsed.text.count(nasty) > 10


@pytest.mark.parametrize(
    "own",
    [
        "made_up", "nnlm128-1", "real", "fake", "elsewhere", "Mind this.", "factcheck", "tfidf",
        "too short", "earlier-1", "nnlm-en-dim128", "epochs", "keras", "2.21.0", "test.csv",
        "tfnews fit --data splits", "Title ", "Body ", "mentions Reuters", "metadata", "politics",
        "heavily", "Putting a dateline",
    ],
)  # fmt: skip
def test_each_kind_of_string_was_hostile_and_is_shown(full, own):
    """Else the test above could pass by showing little."""
    assert f"{HOSTILE[0]}{own}" in Page(html.render(hostile(full, HOSTILE[0]))).text


def test_what_a_template_lacks_is_an_error():
    with pytest.raises(UndefinedError, match="said"):
        rendered("floor.html")
