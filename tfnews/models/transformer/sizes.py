"""The sizes that a checkpoint's config.json states, believed once its tensors bear them out.

A few bytes of text may ask for any amount of memory: nothing is built before they are looked at.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from tfnews.catalogue.settings import Setting, shown
from tfnews.errors import WeightsError
from tfnews.models.transformer.layouts import Layout


def _whole(most: int) -> Setting:
    return Setting(int, "", least=1, most=most)


_RATE = Setting(float, "", least=0, below=1)
_BOUNDS = {
    "vocabulary_size": _whole(10**7),
    "num_layers": _whole(200),
    "num_heads": _whole(1024),
    "hidden_dim": _whole(65_536),
    "intermediate_dim": _whole(10**6),
    "max_sequence_length": _whole(10**6),
    "num_segments": _whole(1000),
    "embedding_dim": _whole(65_536),
    "num_groups": _whole(200),
    "num_inner_repetitions": _whole(200),
    "bottleneck_dim": _whole(65_536),
    "dropout": _RATE,
    "attention_dropout": _RATE,
}


def read_sizes(
    path: Path, config: Mapping, layout: Layout, shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, int | float]:
    """Return the arguments of a backbone that a configuration states.

    Args:
        path: The configuration's file, for messages.
        config: What it holds.
        layout: Where it says what.
        shapes: Of the tensors beside it, by their names without prefix.

    Raises:
        WeightsError: One is missing or out of bounds, or the tensors have other shapes.
    """
    sizes = {}
    for argument, key in layout.sizes.items():
        value, setting = config.get(key), _BOUNDS[argument]
        if setting.kind is float and type(value) is int:
            value = float(value) if 0 <= value < 1 else value
        if not setting.allows(value):
            raise WeightsError(
                f"{path} must give sizes as numbers that a model can have: {key} must be "
                f"{setting.allowed}. Received: {shown(value)}."
            )
        sizes[argument] = value
    _check_heads(path, sizes)
    _check_shapes(path, sizes, layout, shapes)
    return sizes


def _check_heads(path: Path, sizes: Mapping[str, int | float]) -> None:
    width, heads = sizes.get("bottleneck_dim", sizes["hidden_dim"]), sizes["num_heads"]
    if width % heads:
        raise WeightsError(f"{path} has {heads} attention heads, which do not divide {width}.")
    if sizes["num_layers"] % sizes.get("num_groups", 1):
        raise WeightsError(
            f"{path} has {sizes['num_layers']} layers, which {sizes['num_groups']} groups do not "
            "divide."
        )


def _check_shapes(
    path: Path,
    sizes: Mapping[str, int | float],
    layout: Layout,
    shapes: Mapping[str, tuple[int, ...]],
) -> None:
    for name, arguments in layout.shapes.items():
        stated = tuple(sizes[argument] for argument in arguments)
        if shapes.get(name) != stated:
            keys = " and ".join(layout.sizes[argument] for argument in arguments)
            found = f"of shape {shapes[name]}" if name in shapes else "Missing"
            raise WeightsError(
                f"{path} does not fit the tensors beside it: {name} must be of shape {stated} by "
                f"{keys}. Received: {found}. Get both files from the same revision of the model."
            )
    pattern = re.escape(layout.block).replace(r"\{\}", r"\d+")
    blocks = {found[0] for name in shapes if (found := re.match(pattern, name))}
    stated = sizes.get("num_groups", sizes["num_layers"]) * sizes.get("num_inner_repetitions", 1)
    if len(blocks) != stated:
        raise WeightsError(
            f"{path} does not fit the tensors beside it: it states {stated:,} different layers, "
            f"and they are of {len(blocks):,}. Get both files from the same revision of the model."
        )
