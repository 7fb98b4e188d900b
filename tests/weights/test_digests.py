import hashlib

import pytest

from tfnews.errors import WeightsError
from tfnews.weights.digests import check_pin, module_digest, split_pin

HEX = "0123456789abcdef" * 4


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "saved_model.pb").write_bytes(b"graph")
    (tmp_path / "assets" / "tokens.txt").write_bytes(b"the\n")
    return tmp_path


def test_a_modules_digest_is_that_of_the_list_sha256sum_makes(folder):
    sums = [
        (hashlib.sha256(b"the\n"), "assets/tokens.txt"),
        (hashlib.sha256(b"graph"), "saved_model.pb"),
    ]
    listed = "".join(f"{digest.hexdigest()}  {name}\n" for digest, name in sums)
    assert module_digest(folder) == hashlib.sha256(listed.encode()).hexdigest()


def test_every_file_and_its_name_counts(folder):
    digests = {module_digest(folder)}
    (folder / "assets" / "tokens.txt").write_bytes(b"a\n")
    digests.add(module_digest(folder))
    (folder / "assets" / "tokens.txt").rename(folder / "assets" / "words.txt")
    digests.add(module_digest(folder))
    assert len(digests) == 3


@pytest.mark.parametrize("handle", ["google/nnlm/1", "https://site/a?b=c", "folder#1/module", ""])
def test_handles_with_and_without_a_pin(handle):
    assert split_pin(handle) == (handle, None)
    assert split_pin(f"{handle}#sha256={HEX.upper()}") == (handle, HEX)


@pytest.mark.parametrize("pin", ["", "=", f"={HEX[1:]}", f"={HEX}0", f":{HEX}", f"={HEX[:-1]}g"])
def test_a_pin_that_is_none(pin):
    with pytest.raises(WeightsError, match=r"ends in #sha256= and 64 hex digits"):
        split_pin(f"google/nnlm/1#sha256{pin}")


def test_either_digest_may_be_pinned(folder):
    check_pin("handle", None, folder, None)
    check_pin("handle", HEX, folder, HEX)
    check_pin("handle", module_digest(folder), folder, None)
    check_pin("handle", module_digest(folder), folder, HEX)


@pytest.mark.parametrize(("archive", "named"), [(None, "not known"), (HEX, HEX)])
def test_another_digest_shows_all(folder, archive, named):
    pin = "f" * 64
    with pytest.raises(WeightsError) as caught:
        check_pin("google/nnlm/1", pin, folder, archive)
    for part in ("'google/nnlm/1'", pin, f"module {module_digest(folder)}", f"archive {named}"):
        assert part in str(caught.value)
