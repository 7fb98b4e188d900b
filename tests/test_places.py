"""What a run records of other folders leads to them, and names no machine and no user."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnews.places import found, neutral, recorded


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Give a home whose name is a user's."""
    folder = tmp_path / "home" / "alice"
    folder.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    return folder


def test_a_place_near_the_run_is_seen_from_it(tmp_path):
    run = tmp_path / "saved" / "run"
    assert recorded(str(tmp_path / "splits"), run) == "../../splits"
    assert recorded(str(run / "own"), run) == "./own"
    assert recorded(f"{tmp_path}/m#sha256=ab", run) == "../../m#sha256=ab"


def test_a_place_at_home_is_seen_from_there(tmp_path, home):
    run = tmp_path / "disk" / "run"
    assert recorded(str(home / "data" / "splits"), run) == "~/data/splits"
    assert found("~/data/splits", run) == str(home / "data" / "splits")
    assert recorded(str(home / "data"), home / "runs" / "a") == "../../data"


@pytest.mark.parametrize(
    "handle", ["none", "google/nnlm/1", "https://tfhub.dev/a/1", "", ".hidden", "~alice"]
)
def test_what_is_no_place_stays(handle, tmp_path):
    assert recorded(handle, tmp_path) == found(handle, tmp_path) == handle


NAMES = st.lists(st.sampled_from(["a", "b", "c d", "…", "~"]), max_size=4)


@given(NAMES, NAMES, st.sampled_from(["", "#sha256=" + "0" * 64]))
def test_a_record_leads_back(place, folder, pin):
    place, folder = os.path.join("/nowhere", *place) + pin, os.path.join("/nowhere", *folder)
    assert found(recorded(place, folder), folder) == place


def test_places_recorded_by_earlier_versions_are_believed(tmp_path):
    assert found("/splits", tmp_path) == "/splits"


def test_a_command_tells_no_folders_of_the_machine(tmp_path, home, monkeypatch):
    work = home / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    assert neutral(f"tfnews fit --data {work}/splits --weights={home}/w/minilm") == (
        "tfnews fit --data splits --weights=…/minilm"
    )
    assert neutral(f"tfnews fit --data '{home}/a b/my splits'") == (
        "tfnews fit --data '…/my splits'"
    )
    assert neutral(f"tfnews.fit(data='{home}/splits', weights='none')") == (
        "tfnews.fit(data='…/splits', weights='none')"
    )
    same = "tfnews fit --data ../splits --weights https://tfhub.dev/google/nnlm/1 --set C=1/2"
    assert neutral(same) == same
    assert neutral(neutral(f"x {home}/y")) == neutral(f"x {home}/y")
