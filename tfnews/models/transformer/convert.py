"""Turn a pytorch_model.bin into model.safetensors, without torch and without running its pickle."""

import os
import shutil
from pathlib import Path

from safetensors.numpy import save_file

from tfnews.errors import WeightsError
from tfnews.files import folder_beside
from tfnews.links import check_links
from tfnews.models.transformer.checkpoint import CONFIG, TENSORS, read_checkpoint
from tfnews.models.transformer.vocabularies import TOKENIZER_CONFIG, VOCABULARIES
from tfnews.weights.pickled import PICKLED, check_convertible, read_pickled

_KEPT = (CONFIG, TOKENIZER_CONFIG, *VOCABULARIES, "README.md", "LICENSE")


def convert(folder: str | os.PathLike, out: str | os.PathLike) -> Path:
    """Write a checkpoint that has only a pytorch_model.bin as one that `read_checkpoint` reads.

    Args:
        folder: Holds config.json, pytorch_model.bin and a vocabulary.
        out: The folder to make: model.safetensors, and the other files as they are.

    Returns:
        `out`.

    Raises:
        WeightsError: `out` exists, the pickle holds more than tensors, or the result cannot be
            read as a checkpoint.
    """
    folder, out = Path(folder), Path(out)
    check_links(folder, WeightsError)
    check_convertible(folder, out)
    tensors = read_pickled(folder / PICKLED)
    with folder_beside(out) as beside:
        made = beside / out.name
        made.mkdir()
        save_file(tensors, made / TENSORS, metadata={"format": "pt"})
        shutil.copymode(folder / PICKLED, made / TENSORS)  # safetensors writes for its user alone
        for name in _KEPT:
            if (folder / name).is_file():
                shutil.copyfile(folder / name, made / name)
        read_checkpoint(made)
        made.rename(out)
    return out
