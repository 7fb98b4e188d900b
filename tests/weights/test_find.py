"""Handles: folders, archives, the cache, downloads, and what is said when all fail. No network."""

import functools
import hashlib
import shutil
import socket
import warnings

import pytest

from tests.weights.conftest import MODULE, packed
from tfnews.errors import WeightsError
from tfnews.files import sha256
from tfnews.weights import find as find_module
from tfnews.weights.digests import module_digest
from tfnews.weights.download import download
from tfnews.weights.find import absolute, find

SHORT = "google/tf2-preview/nnlm-en-dim128/1"
ADDRESS = f"https://tfhub.dev/{SHORT}"
KAGGLE = "google/nnlm/tensorFlow2/en-dim128/1"
KAGGLE_ADDRESS = f"https://www.kaggle.com/api/v1/models/{KAGGLE}/download"
WRONG = "f" * 64


class Fetch:
    """Stands in for `download`: notes the addresses, gives an archive or raises."""

    def __init__(self, content):
        self.content = content
        self.asked = []

    def __call__(self, address, path):
        self.asked.append(address)
        if isinstance(self.content, Exception):
            raise self.content
        path.write_bytes(self.content)
        return sha256(path)


@pytest.fixture
def nothing():
    fetch = Fetch(WeightsError("https://site (OSError: no route to host)"))
    yield functools.partial(find, fetch=fetch)
    assert fetch.asked == []


def put_module(folder):
    (folder / "assets").mkdir(parents=True)
    for name, content in MODULE.items():
        (folder / name).write_bytes(content)
    return folder


def put_archive(path, **options):
    path.write_bytes(packed(MODULE, **options))
    return path


def is_module(folder):
    return all((folder / name).read_bytes() == content for name, content in MODULE.items())


# Folders and the cache


def test_a_local_folder(tmp_path, nothing):
    folder = put_module(tmp_path / "module")
    assert nothing(str(folder)) == folder
    assert nothing(folder) == folder


def test_a_relative_folder_that_looks_like_a_handle(tmp_path, nothing, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put_module(tmp_path / "made/here/1")
    assert nothing("made/here/1").resolve() == tmp_path / "made/here/1"


@pytest.mark.parametrize("handle", [SHORT, ADDRESS])
@pytest.mark.parametrize("name", [SHORT, hashlib.sha1(ADDRESS.encode()).hexdigest()])
def test_the_cache_is_searched_before_the_network(cache, nothing, handle, name):
    folder = put_module(cache / name)
    assert nothing(handle) == folder


def test_what_kaggles_own_client_has_downloaded_is_found(tmp_path, cache, nothing):
    folder = put_module(tmp_path / "kaggle" / "models" / KAGGLE)
    assert nothing(KAGGLE) == folder


def test_the_sha1_name_is_the_one_tensorflow_hub_uses(cache):
    pytest.importorskip("tf_keras")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*pkg_resources")
        resolver = pytest.importorskip("tensorflow_hub.compressed_module_resolver")
    assert resolver._module_dir(ADDRESS) == str(find_module._cached(SHORT, ADDRESS)[1])


def test_an_address_cannot_lead_out_of_the_cache(cache, tmp_path):
    put_module(tmp_path / "outside")
    with pytest.raises(WeightsError):
        find("https://tfhub.dev/../outside", Fetch(WeightsError("no")))


# Downloads


@pytest.mark.parametrize(
    ("handle", "asked"),
    [
        (SHORT, f"{ADDRESS}?tf-hub-format=compressed"),
        (ADDRESS, f"{ADDRESS}?tf-hub-format=compressed"),
        (f"{ADDRESS}?a=b", f"{ADDRESS}?a=b&tf-hub-format=compressed"),
        ("https://site/module.tar.gz?signed=1", "https://site/module.tar.gz?signed=1"),
        (KAGGLE, KAGGLE_ADDRESS),
        ("google/nnlm/TensorFlow2/en-dim128/1", KAGGLE_ADDRESS),
        (f"https://www.kaggle.com/models/{KAGGLE}?tfhub-redirect=true", KAGGLE_ADDRESS),
        (
            "https://kaggle.com/models/google/nnlm/frameworks/TensorFlow2/variations/en-dim128/"
            "versions/1",
            KAGGLE_ADDRESS,
        ),
    ],
)
def test_what_is_asked_for(cache, handle, asked):
    fetch = Fetch(packed(MODULE))
    folder = find(handle, fetch)
    assert fetch.asked == [asked]
    assert is_module(folder)
    assert folder.parent == cache
    assert find(handle, fetch) == folder
    assert len(fetch.asked) == 1


def test_a_whole_download(cache, server):
    server.answers["/google/nnlm/1"] = [(503, {}, b""), (302, {"Location": "/stored"}, b"")]
    server.answers["/stored"] = [(200, {}, packed(MODULE))]
    folder = find(server.url("/google/nnlm/1"), functools.partial(download, backoff=0))
    assert is_module(folder)
    asked = "/google/nnlm/1?tf-hub-format=compressed"
    assert server.asked == [asked, asked, "/stored"]
    assert sorted(path.name for path in cache.iterdir()) == [
        folder.name,
        f"{folder.name}.descriptor.txt",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (packed(MODULE)[:60], "is not a whole"),
        (packed({"../outside": b""}), "leads out of the folder"),
        (packed({"README": b"", "weights.h5": b""}), r"no saved_model\.pb.* README, weights\.h5"),
        (packed({}), "It holds: nothing"),
    ],
    ids=["cut", "unsafe", "another format", "empty"],
)
def test_a_bad_download_leaves_nothing_behind(cache, content, reason):
    with pytest.raises(WeightsError, match=reason):
        find(SHORT, Fetch(content))
    assert list(cache.iterdir()) == []


def test_another_process_may_be_faster(cache):
    def fetch(address, path):
        put_module(cache / hashlib.sha1(ADDRESS.encode()).hexdigest())
        return Fetch(packed(MODULE))(address, path)

    assert is_module(find(SHORT, fetch))


def test_a_folder_in_the_way_is_named(cache):
    in_the_way = cache / hashlib.sha1(ADDRESS.encode()).hexdigest()
    in_the_way.mkdir(parents=True)
    (in_the_way / "something").touch()
    with pytest.raises(WeightsError, match=rf"{in_the_way.name} is in the way.* Remove it"):
        find(SHORT, Fetch(packed(MODULE)))


def test_a_cache_that_cannot_be_written(cache, tmp_path):
    cache.write_text("a file")
    with pytest.raises(WeightsError, match=r"Nothing can be written to .*TFHUB_CACHE_DIR"):
        find(SHORT, Fetch(packed(MODULE)))


# Archives


@pytest.mark.parametrize("name", ["module.tar.gz", "module.tgz"])
def test_a_local_archive(cache, tmp_path, nothing, name):
    path = put_archive(tmp_path / name)
    folder = nothing(str(path))
    assert is_module(folder)
    path.rename(tmp_path / f"moved-{name}")
    assert nothing(tmp_path / f"moved-{name}") == folder


def test_archives_of_one_name_are_told_apart(cache, tmp_path, nothing):
    path = put_archive(tmp_path / "module.tar.gz")
    first = nothing(path)
    path.write_bytes(packed({**MODULE, "./saved_model.pb": b"another"}))
    assert nothing(path) != first


def test_an_archive_of_a_folder_is_as_good_as_of_its_files(cache, tmp_path, nothing):
    path = tmp_path / "module.tar.gz"
    path.write_bytes(packed({f"nnlm/{name}": content for name, content in MODULE.items()}))
    assert is_module(nothing(path))


# Pinned digests


def test_a_download_may_be_pinned_by_its_archive_or_its_module(cache):
    content = packed(MODULE)
    archive = hashlib.sha256(content).hexdigest()
    folder = find(f"{SHORT}#sha256={archive}", Fetch(content))
    module = module_digest(folder)
    for pin in (archive, module):  # from the cache now
        assert find(f"{SHORT}#sha256={pin}") == folder
    shutil.rmtree(folder)
    assert find(f"{SHORT}#sha256={module}", Fetch(content)) == folder


def test_another_download_than_the_pinned_one_is_not_kept(cache):
    content = packed(MODULE)
    with pytest.raises(WeightsError) as caught:
        find(f"{SHORT}#sha256={WRONG}", Fetch(content))
    assert WRONG in str(caught.value)
    assert hashlib.sha256(content).hexdigest() in str(caught.value)
    assert list(cache.iterdir()) == []


def test_folders_archives_and_cached_modules_are_checked_too(cache, tmp_path, nothing):
    folder = put_module(tmp_path / "module")
    assert nothing(f"{folder}#sha256={module_digest(folder)}") == folder
    put_module(cache / SHORT)
    archive = put_archive(tmp_path / "module.tar.gz")
    assert is_module(nothing(f"{archive}#sha256={sha256(archive)}"))
    for handle in (folder, SHORT, archive):
        with pytest.raises(WeightsError, match=f"Pinned: sha256 {WRONG}. Found: module"):
            nothing(f"{handle}#sha256={WRONG}")


# What is said


def test_no_network_says_what_was_tried_and_what_to_do(cache, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as closed:  # bound, so that no other process has it, but not listening
        closed.bind(("127.0.0.1", 0))
        handle = f"http://127.0.0.1:{closed.getsockname()[1]}/google/nnlm/1"
        with pytest.raises(WeightsError) as caught:
            find(handle, functools.partial(download, backoff=0))
    message = str(caught.value)
    for part in (
        repr(handle),
        f"{handle}?tf-hub-format=compressed (NewConnectionError: ",
        "Connection refused",
        "--weights PATH",
        "TFHUB_CACHE_DIR",
        "--weights none",
        "tfidf",
    ):
        assert part in message
    assert max(map(len, message.splitlines())) < 250
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize(
    "handle", ["missing/folder", "nnlm", "", "/no/such/folder", "no.tar.gz", "gs://bucket/module"]
)
def test_what_is_no_handle_is_not_asked_of_the_network(cache, nothing, handle):
    with pytest.raises(WeightsError, match="No weights for"):
        nothing(handle)


def test_an_existing_folder_without_a_module_is_not_asked_of_the_network(
    cache, nothing, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "made/here/1").mkdir(parents=True)
    with pytest.raises(WeightsError, match=r"made/here/1 \(no saved_model\.pb\)"):
        nothing("made/here/1")


def test_absolute_handles(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put_module(tmp_path / "module")
    assert absolute("module") == str(tmp_path / "module")
    assert absolute(f"module#sha256={WRONG}") == f"{tmp_path / 'module'}#sha256={WRONG}"
    for handle in (SHORT, f"{SHORT}#sha256={WRONG}", ADDRESS, "none", "missing/folder"):
        assert absolute(handle) == handle
