"""Handles: folders, the cache, a download, and what is said when all fail. No network."""

import hashlib
import sys
import warnings
from types import SimpleNamespace

import pytest

from tfnews.errors import WeightsError
from tfnews.models.weights import find as find_module
from tfnews.models.weights.find import find

SHORT = "google/tf2-preview/nnlm-en-dim128/1"
ADDRESS = f"https://tfhub.dev/{SHORT}"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def asked(monkeypatch):
    """Stand in for tensorflow_hub: record what it is asked, answer or raise what it is told."""
    record = SimpleNamespace(handles=[], answer=OSError("no route to host"))

    def resolve(handle):
        record.handles.append(handle)
        if isinstance(record.answer, Exception):
            raise record.answer
        return str(record.answer)

    monkeypatch.setitem(sys.modules, "tensorflow_hub", SimpleNamespace(resolve=resolve))
    return record


def put_module(folder):
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").touch()
    return folder


def test_a_local_folder(tmp_path, asked):
    folder = put_module(tmp_path / "module")
    assert find(str(folder)) == folder
    assert find(folder) == folder
    assert asked.handles == []


def test_a_relative_folder_that_looks_like_a_handle(tmp_path, asked, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put_module(tmp_path / "made/here/1")
    assert find("made/here/1").resolve() == tmp_path / "made/here/1"
    assert asked.handles == []


@pytest.mark.parametrize("handle", [SHORT, ADDRESS])
@pytest.mark.parametrize("name", [SHORT, hashlib.sha1(ADDRESS.encode()).hexdigest()])
def test_the_cache_is_searched_before_the_network(cache, asked, handle, name):
    folder = put_module(cache / name)
    assert find(handle) == folder
    assert asked.handles == []


@pytest.mark.parametrize("handle", [SHORT, ADDRESS])
def test_a_download(cache, tmp_path, asked, handle):
    asked.answer = put_module(tmp_path / "downloaded")
    assert find(handle) == tmp_path / "downloaded"
    assert asked.handles == [ADDRESS]


def test_the_sha1_name_is_the_one_tensorflow_hub_uses(cache):
    pytest.importorskip("tf_keras")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*pkg_resources")
        resolver = pytest.importorskip("tensorflow_hub.compressed_module_resolver")
    assert resolver._module_dir(ADDRESS) == str(find_module._cached(ADDRESS)[1])


def test_no_network_says_what_was_tried_and_what_to_do(cache, asked):
    with pytest.raises(WeightsError) as caught:
        find(SHORT)
    message = str(caught.value)
    for part in (
        repr(SHORT),
        str(cache / SHORT),
        f"{ADDRESS} (OSError: no route to host)",
        "--weights FOLDER",
        "TFHUB_CACHE_DIR",
        "--weights none",
        "tfidf",
    ):
        assert part in message


def test_a_download_without_a_module(cache, tmp_path, asked):
    asked.answer = tmp_path
    with pytest.raises(WeightsError, match=r"\(no saved_model\.pb in it\)"):
        find(SHORT)


@pytest.mark.parametrize("handle", ["missing/folder", "nnlm", "", "/no/such/folder"])
def test_what_is_no_handle_is_not_asked_of_the_network(cache, asked, handle):
    with pytest.raises(WeightsError, match="No weights for"):
        find(handle)
    assert asked.handles == []


def test_an_existing_folder_without_a_module_is_not_asked_of_the_network(
    cache, asked, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "made/here/1").mkdir(parents=True)
    with pytest.raises(WeightsError, match=r"made/here/1 \(no saved_model\.pb\)"):
        find("made/here/1")
    assert asked.handles == []


def test_an_address_cannot_lead_out_of_the_cache(cache, asked, tmp_path):
    put_module(tmp_path / "outside")
    with pytest.raises(WeightsError):
        find("https://tfhub.dev/../outside")


def test_without_tensorflow_hub(cache, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_hub", None)
    with pytest.raises(WeightsError, match=r"pip install 'tfnews\[hub\]'"):
        find(SHORT)


def test_the_deprecation_of_pkg_resources_is_silenced_and_nothing_else(
    cache, tmp_path, monkeypatch
):
    name = "tensorflow_hub"
    (tmp_path / f"{name}.py").write_text(
        "import warnings\n"
        "warnings.warn('pkg_resources is deprecated as an API', UserWarning)\n"
        "warnings.warn('pkg_resources is deprecated as an API', DeprecationWarning)\n"
        "warnings.warn('something else', UserWarning)\n"
        "def resolve(handle): raise OSError\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.warns(UserWarning, match="something else") as caught, pytest.raises(WeightsError):
        find(SHORT)
    monkeypatch.delitem(sys.modules, name)
    assert [str(warning.message) for warning in caught] == ["something else"]
