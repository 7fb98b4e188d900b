"""What is written lands where the name leads to, whole, and replaces nothing but files."""

import gzip
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tfnews import files
from tfnews.errors import RunError, UsageError
from tfnews.files import check_folder, folder_beside, replacing, resolved, write_all, write_text

LEFT = "0a" * 8  # as the ending of what is written beside a place
posix = pytest.mark.skipif(os.name != "posix", reason="needs pipes, devices and their locks")


def written(path, content="new"):
    write_text(path, content)
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# Where it lands


@posix
def test_a_pipe_stays_a_pipe_and_its_reader_gets_all(tmp_path):
    """It was replaced by a file once, and so was /dev/null by those who may."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    with replacing(pipe, "wb") as file, gzip.GzipFile(fileobj=file, mode="wb") as packed:
        packed.write(b"all of it")
    reader.join(10)
    assert gzip.decompress(got[0]) == b"all of it"
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert names(tmp_path) == ["pipe"]


@pytest.fixture
def device(tmp_path):
    """Return a null device: the system's own only where this user could not harm it."""
    if os.name != "posix":
        pytest.skip("needs devices")
    if os.geteuid():
        return Path(os.devnull)
    path = tmp_path / "null"
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.stat(os.devnull).st_rdev)
        path.write_text("")
    except OSError:
        pytest.skip("no devices can be made here")
    return path


def test_a_device_stays_a_device(device):
    written(device)
    with replacing(device, "wb") as file:
        file.write(b"nothing")
    assert stat.S_ISCHR(device.stat().st_mode)


@posix
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_what_is_open_already_is_written_on_with(tmp_path, name):
    code = (
        "import sys; from tfnews.files import write_text\n"
        f"print('before', flush=True); write_text({name!r}, 'new\\n'); print('after')"
    )
    if not os.path.exists(os.path.dirname(name)):
        pytest.skip(f"no {name} here")
    with (tmp_path / "out").open("ab") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True)
    assert (tmp_path / "out").read_text() == "before\nnew\nafter\n"
    piped = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
    assert piped.stdout == b"before\nnew\nafter\n"


@pytest.mark.parametrize("there", [True, False])
def test_links_are_followed(tmp_path, there):
    (tmp_path / "far").mkdir()
    target = tmp_path / "far" / "target.txt"
    if there:
        target.write_text("old")
    link, second = tmp_path / "link", tmp_path / "second"
    link.symlink_to(target)
    second.symlink_to("link")
    written(second)
    assert link.is_symlink()
    assert second.is_symlink()
    assert target.read_text() == "new"
    assert names(target.parent) == ["target.txt"]
    assert resolved(second) == target.resolve()


def test_a_link_to_a_device_is_followed_too(tmp_path, device):
    link = tmp_path / "link"
    link.symlink_to(device)
    written(link)
    assert link.is_symlink()
    assert stat.S_ISCHR(link.stat().st_mode)


@posix
def test_links_in_a_circle_are_refused(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        written(tmp_path / "a")
    assert names(tmp_path) == ["a", "b"]


def test_a_folder_is_refused_before_anything_is_written(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match=r"folder' is a folder, which is not written to"):
        written(tmp_path / "folder")
    assert names(tmp_path) == ["folder"]


@posix
def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the names of sockets are short
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("socket")
        with pytest.raises(UsageError, match="'socket' is a socket"):
            written("socket")
    assert stat.S_ISSOCK(os.stat("socket").st_mode)


@posix
def test_a_file_that_is_replaced_keeps_its_rights(tmp_path):
    path = tmp_path / "file"
    path.touch()
    path.chmod(0o640)
    assert stat.S_IMODE(written(path).stat().st_mode) == 0o640
    assert path.read_text() == "new"


# What is left by the dead


@posix
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_killed_process_left_goes_and_what_a_living_one_writes_stays(tmp_path, kind):
    code = (
        "import sys; from tfnews.files import folder_beside, replacing\n"
        "with replacing(sys.argv[1]) as file, folder_beside(sys.argv[2]):\n"
        "    file.write('half'); file.flush(); print('ready', flush=True); sys.stdin.read()"
    )
    place, folder = tmp_path / "a.csv", tmp_path / "splits"
    dying = subprocess.Popen(
        [sys.executable, "-c", code, place, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )

    def write():
        if kind == "file":
            written(place)
        else:
            with folder_beside(folder) as made:
                (made / "new").mkdir()
                (made / "new").rename(folder)

    with dying:
        assert dying.stdout.readline() == b"ready\n"
        held = names(tmp_path)
        assert len(held) == 2
        write()
        assert set(held) < set(names(tmp_path))
        (folder if kind == "folder" else tmp_path / "none").exists() and folder.rmdir()
        dying.send_signal(signal.SIGKILL)
    write()
    assert sum(name.startswith(".") for name in names(tmp_path)) == 1  # the other kind's
    assert (place if kind == "file" else folder).exists()


def test_what_others_have_beside_it_stays(tmp_path):
    others = [f".a.csv.{LEFT}x", ".a.csv.bak", f".b.csv.{LEFT}", f"a.csv.{LEFT}"]
    for name in others:
        (tmp_path / name).touch()
    (tmp_path / f".a.csv.{'1b' * 8}").symlink_to("somewhere")
    written(tmp_path / "a.csv")
    assert names(tmp_path) == sorted([*others, f".a.csv.{'1b' * 8}", "a.csv"])


@posix
def test_what_was_taken_for_left_is_made_anew(tmp_path, monkeypatch):
    """Another process may sweep between the making of a file and its lock."""
    swept = []

    def sweep_once(number, beside):
        if swept:
            return True
        swept.append(beside)
        beside.rmdir() if beside.is_dir() else beside.unlink()
        return False

    monkeypatch.setattr(files, "_is_locked_by_us", sweep_once)
    assert written(tmp_path / "a").read_text() == "new"
    swept.clear()
    with folder_beside(tmp_path / "b") as made:
        assert made.is_dir()
        assert made != swept[0]
    assert names(tmp_path) == ["a"]


def test_a_folder_takes_the_place_of_one_that_another_process_made_meanwhile(tmp_path, monkeypatch):
    """Two evaluations of a run at once wrote its logs into one folder, and one of them failed."""
    place, rename = tmp_path / "logs", Path.rename

    def made(content):
        with files.replacing_folder(place) as folder:
            folder.mkdir()
            written(folder / "events", content)

    def other_is_faster(path, target):
        monkeypatch.setattr(Path, "rename", rename)
        made("the other's")
        return rename(path, target)

    made("old")
    with files.replacing_folder(place) as first:
        first.mkdir()
        written(first / "events", "the first's")
        made("the second's")
    assert (place / "events").read_text() == "the first's"
    monkeypatch.setattr(Path, "rename", other_is_faster)
    made("new")
    assert (place / "events").read_text() == "new"
    assert names(tmp_path) == ["logs"]


def test_a_folder_that_is_not_made_to_the_end_replaces_nothing(tmp_path):
    place = tmp_path / "logs"
    place.mkdir()

    def broken_off():
        with files.replacing_folder(place) as folder:
            folder.mkdir()
            written(folder / "events")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert (names(tmp_path), names(place)) == (["logs"], [])


def test_a_lock_that_is_a_link_leaves_alone_what_it_leads_to(tmp_path):
    """A folder of another's could bring one that led to any file, which was emptied."""
    (tmp_path / "mine").write_text("precious")
    (tmp_path / ".lock").symlink_to("mine")
    with (
        pytest.raises(RunError, match=r"\.lock' is a link"),
        files.held(tmp_path / ".lock", 0, RunError("busy")),
    ):
        raise AssertionError("it was held")
    assert (tmp_path / "mine").read_text() == "precious"


# Files of one folder


def test_files_of_a_folder_are_written_by_name(tmp_path):
    paths = write_all(tmp_path / "new" / "one", {"a.txt": "ä\n", "b.png": b"\x00\r\n"})
    assert [path.name for path in paths] == ["a.txt", "b.png"] == names(tmp_path / "new" / "one")
    assert [path.read_bytes() for path in paths] == ["ä\n".encode(), b"\x00\r\n"]


@pytest.mark.parametrize("size", [0, 1, 9, 10])
def test_what_is_read_at_once_is_whole(tmp_path, size):
    (tmp_path / "a").write_bytes(b"\r\n" + b"x" * size)
    assert files.read_bytes(tmp_path / "a", 12) == b"\r\n" + b"x" * size
    assert files.read_text(tmp_path / "a", 12) == "\n" + "x" * size


def test_no_more_is_read_at_once_than_there_may_be(tmp_path):
    """A file without contents takes no place on the disk, and all of the memory."""
    with open(tmp_path / "vast", "wb") as file:
        file.truncate(2**40)
    (tmp_path / "more").write_bytes(b"x" * 13)
    for name, most in (("vast", files.LARGEST), ("more", 12), ("/dev/zero", 12)):
        for read in (files.read_bytes, files.read_text):
            with pytest.raises(ValueError, match=f"more than {most:,} bytes"):
                read(tmp_path / name, most)


def test_a_file_of_the_system_without_a_size_is_read():
    assert "Linux" in files.read_text("/proc/version")


def test_a_folder_may_be_new_or_there_and_no_file(tmp_path):
    check_folder(tmp_path)
    check_folder(tmp_path / "new")
    with pytest.raises(UsageError, match="takes a folder"):
        check_folder(written(tmp_path / "file"))
