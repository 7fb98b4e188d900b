"""Open pretrained transformers wherever they are: folders, Hugging Face, keras-hub presets."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import keras_hub
import numpy as np

from tfnews.data.text import shown
from tfnews.errors import WeightsError
from tfnews.files import read_text
from tfnews.links import check_links
from tfnews.models.text.pieces import PieceTokenizer
from tfnews.models.text.subwords import SubwordTokenizer
from tfnews.models.text.wordpiece import WordPieceTokenizer
from tfnews.models.transformer.checkpoint import CONFIG, TENSORS, read_checkpoint
from tfnews.models.transformer.encoders import Encoder
from tfnews.models.transformer.vocabularies import TOKENIZER_CONFIG, VOCABULARIES, read_tokenizer
from tfnews.weights.digests import module_digest, split_pin
from tfnews.weights.pickled import PICKLED

HUGGING_FACE = "hf://"
_FILES = [CONFIG, TOKENIZER_CONFIG, TENSORS, *VOCABULARIES]

# keras-hub's backbones -> our architecture, and the arguments that both take.
_ARCHITECTURES = {
    "BertBackbone": "bert",
    "DistilBertBackbone": "distilbert",
    "AlbertBackbone": "albert",
}
_NOT_SIZES = ("name", "trainable", "dtype")


@dataclass(frozen=True)
class Pretrained:
    """An encoder with its weights and its tokenizer.

    Attributes:
        encoder: An `Encoder` or a `MobileBertBackbone`, float32.
        tokenizer: Makes the encoder's ids.
        digest: SHA-256: of model.safetensors, of a preset's folder as `module_digest` has it, or
            of the numbers of a preset that has been downloaded.
    """

    encoder: keras_hub.models.Backbone
    tokenizer: SubwordTokenizer
    digest: str


def open_pretrained(handle: str) -> Pretrained:
    """Open a transformer's pretrained weights.

    Args:
        handle: A local folder in Hugging Face's or keras-hub's layout, "hf://OWNER/NAME", or a
            keras-hub preset: its name, or "kaggle://...". "#sha256=HEX" after it pins the digest.

    Raises:
        WeightsError: Nothing can be opened under this handle, and the message lists what was
            tried; or the digest is not the pinned one.
    """
    place, pin = split_pin(handle)
    found = _opened(place)
    if pin not in (None, found.digest):
        raise WeightsError(
            f"The weights {place!r} are not those that are pinned. Pinned: sha256 {pin}. Found: "
            f"{found.digest}. If the new ones are to be trusted, pin their digest; else fetch the "
            "weights again."
        )
    return found


def _opened(handle: str) -> Pretrained:
    folder = Path(handle)
    if folder.is_dir():
        check_links(folder, WeightsError)
        return _keras_hub(str(folder)) if _is_preset(folder) else _hugging_face(folder)
    if handle.startswith(HUGGING_FACE):
        return _hugging_face(_downloaded(handle))
    return _keras_hub(handle)


def _is_preset(folder: Path) -> bool:
    try:
        return "registered_name" in json.loads(read_text(folder / "config.json"))
    except (OSError, ValueError, RecursionError):
        return False  # read_checkpoint says what is wrong


def _hugging_face(folder: Path) -> Pretrained:
    found = read_checkpoint(folder)
    tokenizer = read_tokenizer(found.vocabulary, found.do_lower_case)
    return Pretrained(found.encoder, tokenizer, found.digest)


def _downloaded(handle: str) -> Path:
    import huggingface_hub

    name = handle.removeprefix(HUGGING_FACE)
    try:
        folder = Path(huggingface_hub.snapshot_download(name, allow_patterns=_FILES))
        if not (folder / TENSORS).is_file():  # then there is at least something to convert
            huggingface_hub.snapshot_download(name, allow_patterns=[*_FILES, PICKLED])
        return folder
    except Exception as error:  # the library raises a dozen kinds, of several packages
        raise _unreachable(handle, f"Hugging Face repository {name}", error) from error


def _keras_hub(handle: str) -> Pretrained:
    try:
        backbone = keras_hub.models.Backbone.from_preset(handle)
        tokenizer = keras_hub.tokenizers.Tokenizer.from_preset(handle)
    except Exception as error:  # as above
        raise _unreachable(handle, f"keras-hub preset {handle}", error) from error
    kind = type(backbone).__name__
    if kind not in _ARCHITECTURES:
        raise WeightsError(
            f"{handle} holds a {kind}. Allowed: {', '.join(_ARCHITECTURES)}. "
            "A run of tfnews is taken up with --from RUN."
        )
    config = backbone.get_config()
    sizes = {name: value for name, value in config.items() if name not in _NOT_SIZES}
    architecture = _ARCHITECTURES[kind]
    # keras-hub's presets were made with, and answer by, the tanh form of the GELU for these two.
    activation = "gelu" if architecture == "distilbert" else "gelu_new"
    encoder = Encoder(architecture, sizes, activation, pooler=architecture != "distilbert")
    encoder.set_weights(backbone.get_weights())
    folder = Path(handle)
    digest = module_digest(folder) if folder.is_dir() else _digest(backbone)
    return Pretrained(encoder, _own_tokenizer(tokenizer), digest)


def _digest(backbone: keras_hub.models.Backbone) -> str:
    digest = hashlib.sha256()
    for value in backbone.get_weights():
        digest.update(np.ascontiguousarray(value))
    return digest.hexdigest()


def _own_tokenizer(tokenizer: keras_hub.tokenizers.Tokenizer) -> SubwordTokenizer:
    config = tokenizer.get_config()
    if hasattr(tokenizer, "proto"):
        return PieceTokenizer(_proto(tokenizer))
    lowercase = config.get("lowercase", True)
    return WordPieceTokenizer(tokenizer.get_vocabulary(), lowercase, strip_accents=None)


def _proto(tokenizer: keras_hub.tokenizers.Tokenizer) -> bytes:
    import base64

    proto = tokenizer.proto
    return base64.b64decode(proto) if isinstance(proto, str) else proto


def _unreachable(handle: str, tried: str, error: Exception) -> WeightsError:
    reason = str(error).strip().split("\n")[0] or type(error).__name__
    return WeightsError(
        f"No pretrained weights under {shown(handle)!r}. Tried:",
        f"  a local folder {shown(handle)}",
        f"  {tried} ({shown(reason)})",
        f"Copy {CONFIG}, {TENSORS} and {' or '.join(VOCABULARIES)} here: --weights FOLDER",
        "or start without a download: --weights none, or --arch tfidf",
    )
