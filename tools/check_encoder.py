"""Compare the encoder read from a checkpoint with a recorded reference, as one line of JSON.

    python tools/check_encoder.py FOLDER

FOLDER holds a Hugging Face checkpoint and the reference.npz that record_transformers.py wrote:
inputs, the original's sequence_output and pooled_output. Hidden states are compared where there
are tokens: nothing reads those of padding, where a deep network's float32 is 1e-4 off its float64.
"""

import argparse
import json
from pathlib import Path

import numpy as np

import tfnews  # noqa: F401
from tfnews.models.transformer.checkpoint import read_checkpoint

INPUTS = ("token_ids", "segment_ids", "padding_mask")


def compare(folder: Path) -> dict:
    """Return the largest differences from the reference, and the encoder's parameters."""
    encoder = read_checkpoint(folder).encoder
    with np.load(folder / "reference.npz") as reference:
        inputs = {name: reference[name] for name in INPUTS if name in encoder.input}
        found = encoder.predict(inputs, verbose=0)
        tokens = inputs["padding_mask"] == 1
        found["sequence_output"] = found["sequence_output"][tokens]
        expected = {"sequence_output": reference["sequence_output"][tokens]}
        expected["pooled_output"] = reference["pooled_output"]
        differences = {name: _difference(found[name], expected[name]) for name in expected}
    return {"parameters": encoder.count_params(), **differences}


def _difference(found: np.ndarray, expected: np.ndarray) -> dict:
    absolute = float(np.abs(found - expected).max())
    return {"absolute": absolute, "relative": absolute / float(np.abs(expected).max())}


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    print(json.dumps(compare(parser.parse_args().folder)))


if __name__ == "__main__":
    main()
