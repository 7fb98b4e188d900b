import os
from pathlib import Path

import pytest

from tfnews.errors import UsageError
from tfnews.scoring.sharded.inputs import digests, folder_digest, matched


@pytest.fixture
def news(tmp_path):
    for name in ("b.jsonl", "a.jsonl", "c.csv", "deep/d.jsonl", "odd[1].jsonl", ".hidden.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.jsonl", ["a.jsonl", "b.jsonl", "odd[1].jsonl"]),
        ("**/*.jsonl", ["a.jsonl", "b.jsonl", "deep/d.jsonl", "odd[1].jsonl"]),
        ("[ab].jsonl", ["a.jsonl", "b.jsonl"]),
        ("odd[1].jsonl", ["odd[1].jsonl"]),
        ("deep/../c.csv", ["c.csv"]),
    ],
)
def test_a_pattern_names_files_in_order(news, monkeypatch, pattern, names):
    monkeypatch.chdir(news)
    assert matched(pattern, "out") == [str(news / name) for name in names]
    assert matched(str(news / pattern), "out") == [str(news / name) for name in names]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("nosuch-*", "No file matches 'nosuch-*'. Put a pattern in quotes"),
        ("*", "deep is a folder"),
        ("pipe", "pipe is no file"),
        ("-", "standard input is none"),
        ("?.*", "a.jsonl and .*b.jsonl are one file|b.jsonl and .*a.jsonl are one file"),
        ("deep/*", "deep/d.jsonl lies in --output"),
    ],
)
def test_what_no_pattern_may_name(news, monkeypatch, pattern, message):
    monkeypatch.chdir(news)
    os.mkfifo("pipe")
    if pattern == "?.*":
        Path("b.jsonl").unlink()
        Path("b.jsonl").symlink_to("a.jsonl")
    with pytest.raises(UsageError, match=message.replace("-*'", r"-\*'")):
        matched(pattern, "deep")


def test_digests_tell_files_and_folders_apart(news):
    one, other = digests([str(news / "a.jsonl"), str(news / "b.jsonl")])
    assert one != other
    before = folder_digest(news)
    (news / ".hidden.jsonl").write_text("more")
    assert folder_digest(news) == before
    (news / "deep" / "d.jsonl").rename(news / "deep" / "e.jsonl")
    assert folder_digest(news) != before
