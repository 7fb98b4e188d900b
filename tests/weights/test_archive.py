"""Archives of unknown origin: good ones come out whole, bad ones write nothing outside."""

import contextlib
import gzip
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weights.conftest import MODULE, packed
from tfnews.errors import WeightsError
from tfnews.weights import archive
from tfnews.weights.archive import unpack

LINK = {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}


@pytest.fixture
def unpacked(tmp_path):
    """Unpack content, and show that nothing but the archive and the folder is there after."""

    def unpack_content(content, **limits):
        path, out = tmp_path / "in" / "module.tar.gz", tmp_path / "in" / "out"
        path.parent.mkdir()
        path.write_bytes(content)
        try:
            unpack(path, out, **limits)
        finally:
            assert {p.name for p in tmp_path.iterdir()} == {"in"}
            assert {p.name for p in path.parent.iterdir()} <= {"module.tar.gz", "out"}
        return {p.relative_to(out).as_posix(): p for p in out.rglob("*") if p.is_file()}

    return unpack_content


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_plain_and_compressed_archives_come_out_whole(unpacked, mode):
    found = unpacked(packed({"./assets": {"type": tarfile.DIRTYPE}, **MODULE}, mode))
    assert {name: path.read_bytes() for name, path in found.items()} == {
        name.removeprefix("./"): content for name, content in MODULE.items()
    }


@pytest.mark.parametrize(
    "name",
    ["../outside", "assets/../../outside", "/outside", "..\\outside", "\\outside", "C:/outside"],
)
def test_a_member_that_would_leave_the_folder(unpacked, name):
    with pytest.raises(WeightsError, match=r"is refused: .*outside' leads out of the folder"):
        unpacked(packed({"saved_model.pb": b"", name: b"bad"}))


@pytest.mark.parametrize(
    "member",
    [
        LINK,
        {"type": tarfile.SYMTYPE, "linkname": "saved_model.pb"},
        {"type": tarfile.LNKTYPE, "linkname": "../outside"},
        {"type": tarfile.CHRTYPE},
        {"type": tarfile.FIFOTYPE},
    ],
)
def test_links_and_devices(unpacked, member):
    with pytest.raises(WeightsError, match="'variables' is not a plain file or folder"):
        unpacked(packed({"saved_model.pb": b"", "variables": member}))


def test_a_file_through_a_link_to_the_outside(unpacked, tmp_path):
    link = {"type": tarfile.SYMTYPE, "linkname": str(tmp_path)}
    with pytest.raises(WeightsError, match="'assets' is not a plain file or folder"):
        unpacked(packed({"assets": link, "assets/outside": b"bad"}))


@pytest.mark.parametrize(
    "members",
    [
        {".": b"bad"},
        {"assets/": {"type": tarfile.DIRTYPE}, "assets": b"bad"},
        {"assets": b"bad", "assets/tokens.txt": b"bad"},
        {"a" * 300: b"bad"},
    ],
    ids=["the folder itself", "a folder", "a file in a file", "a long name"],
)
def test_a_member_that_no_file_can_be_is_the_archives_fault(unpacked, members):
    """The system's own errors came out, one of which said to name a file, not a folder."""
    with pytest.raises(WeightsError, match=r"is refused: .* cannot be a file or folder beside"):
        unpacked(packed(members))


def test_more_bytes_than_allowed(unpacked):
    bomb = packed({"saved_model.pb": bytes(5_000_000)})
    assert len(bomb) < 10_000
    with pytest.raises(WeightsError, match="claims 5,000,000 bytes where"):
        unpacked(bomb, most_bytes=1_000_000)


def test_many_times_the_archives_own_size(unpacked, monkeypatch):
    monkeypatch.setattr(archive, "_UNQUESTIONED", 100_000)
    with pytest.raises(WeightsError, match="unpacks to more than is allowed"):
        unpacked(packed({"saved_model.pb": bytes(5_000_000)}))


def test_bytes_count_whatever_the_headers_claim(unpacked):
    """A header of a file's attributes may itself be a bomb; its size is claimed by no file."""
    content = packed({"saved_model.pb": {"pax_headers": {"comment": "x" * 3_000_000}}})
    with pytest.raises(WeightsError, match="over 1,000,000 bytes"):
        unpacked(content, most_bytes=1_000_000)


def test_more_files_than_allowed(unpacked):
    with pytest.raises(WeightsError, match="over 10 files"):
        unpacked(packed({f"{n}.txt": b"" for n in range(11)}), most_members=10)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>Please sign in</html>" * 100,
        gzip.compress(b"no archive" * 1000),
        packed(MODULE)[:60],
        packed({"saved_model.pb": bytes(range(256)) * 400})[:-400],
        packed({"saved_model.pb": bytes(range(256)) * 400}, "w")[:20_000],
    ],
    ids=["empty", "page", "no tar", "cut", "cut in a file", "cut, plain"],
)
def test_what_is_damaged_or_something_else(unpacked, content):
    with pytest.raises(WeightsError, match=r"is not a whole \.tar\.gz archive .* fetch it again"):
        unpacked(content)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2000), st.integers(0, 255))
def test_a_changed_byte_never_gives_another_kind_of_error(tmp_path_factory, place, value):
    content = bytearray(packed(MODULE, "w"))
    content[place] = value
    folder = tmp_path_factory.mktemp("changed")
    (folder / "module.tar").write_bytes(content)
    with contextlib.suppress(WeightsError):
        unpack(folder / "module.tar", folder / "out")
    assert {path.name for path in folder.iterdir()} <= {"module.tar", "out"}


@pytest.mark.parametrize("place", [-8, -5, -4, -1])
def test_a_flipped_byte_of_the_checksum_is_seen(unpacked, place):
    """A tar ends before its gzip stream does, whose checksum and length were then never read."""
    content = bytearray(packed(MODULE))
    content[place] ^= 1
    with pytest.raises(WeightsError, match="is not a whole"):
        unpacked(bytes(content))


def test_what_follows_the_tar_counts_too(unpacked):
    with pytest.raises(WeightsError, match="unpacks to more than is allowed"):
        unpacked(packed(MODULE) + gzip.compress(bytes(100_000)), most_bytes=50_000)
