"""Exports of strangers."""

import pytest

from tests.models.hostile import TARGET, Initialises, Writes, save
from tests.serving import made
from tfnews.models.graph import trusting
from tfnews.serving.opened import LoadError, open_export


@pytest.mark.parametrize("kind", [Writes, Initialises])
def test_an_export_whose_graph_writes_is_not_loaded(kind, tmp_path):
    folder = save(kind, tmp_path)
    with pytest.raises(LoadError, match=r"cannot be loaded: .*WriteFile"):
        open_export(folder)
    assert not (tmp_path / TARGET).exists()
    with trusting(True):
        open_export(folder)
    assert (tmp_path / TARGET).exists()


def test_an_export_with_a_link_out_of_it_is_not_loaded(tmp_path):
    folder = made.saved(tmp_path / "1", 0.5)
    open_export(folder)
    (folder / "assets").rmdir()
    (folder / "assets").symlink_to("/etc")
    with pytest.raises(LoadError, match="is a link that leads out"):
        open_export(folder)
