"""The vocabulary beside a Hugging Face checkpoint, and the tokenizer that it makes.

Three files hold one: vocab.txt (WordPiece), spiece.model (SentencePiece), or tokenizer.json, which
stands alone in newer folders and holds either kind together with its normaliser.
"""

import base64
import contextlib
import json
from collections.abc import Collection, Iterator
from pathlib import Path

from tfnews.catalogue.settings import shown
from tfnews.errors import WeightsError
from tfnews.files import read_bytes, read_text
from tfnews.models.text.piece_model import ModelProto, SentencePiece
from tfnews.models.text.pieces import NUMBER_COMMA, PieceTokenizer, ends_a_number
from tfnews.models.text.subwords import SubwordTokenizer
from tfnews.models.text.wordpiece import WordPieceTokenizer
from tfnews.records.json_values import is_deeper

WORDS, PIECES, EITHER = "vocab.txt", "spiece.model", "tokenizer.json"
VOCABULARIES = (WORDS, PIECES, EITHER)  # the first that is there is taken
TOKENIZER_CONFIG = "tokenizer_config.json"

# Steps of a SentencePiece row's normaliser that `PieceTokenizer` and its model do as well.
_STEPS = {"Sequence", "Replace", "NFKD", "StripAccents", "Lowercase", "Precompiled"}


def read_json(path: Path) -> dict:
    """Read a JSON file that holds an object.

    Raises:
        WeightsError: It does not.
    """
    try:
        content = json.loads(read_text(path))
        if is_deeper(content):
            raise RecursionError("values nested too deep")
    except (ValueError, RecursionError) as error:  # wrong JSON, wrong UTF-8 or brackets in brackets
        raise WeightsError(f"{path} is not JSON: {error}. Copy the file again.") from error
    if not isinstance(content, dict):
        raise WeightsError(f"{path} must hold a JSON object. Received: {type(content).__name__}.")
    return content


def find_vocabulary(folder: Path) -> Path | None:
    """Return the vocabulary's file, `None` where a folder holds none."""
    return next((folder / name for name in VOCABULARIES if (folder / name).is_file()), None)


def size(vocabulary: Path) -> int | None:
    """Count the words or pieces of a vocabulary; `None` of a spiece.model.

    SentencePiece models may be a few pieces shorter or longer than the table they belong to.

    Raises:
        WeightsError: It cannot be read.
    """
    if vocabulary.name == PIECES:
        return None
    with _reading(vocabulary):
        return len(_words(vocabulary) if vocabulary.name == WORDS else _model(vocabulary)["vocab"])


def lower_cases(vocabulary: Path) -> bool:
    """Say whether texts are lower-cased first.

    tokenizer_config.json decides; without it tokenizer.json's own normaliser, or the vocabulary: a
    WordPiece one that holds capitals is cased.

    Raises:
        WeightsError: A file cannot be read.
    """
    path = vocabulary.with_name(TOKENIZER_CONFIG)
    told = read_json(path).get("do_lower_case") if path.is_file() else None
    if told is not None:
        return bool(told)
    if vocabulary.name == WORDS:
        words = (word for word in _words(vocabulary) if not word.startswith("["))
        return all(word == word.lower() for word in words)
    if vocabulary.name == PIECES:
        return True
    with _reading(vocabulary):
        content = read_json(vocabulary)
        if _model(vocabulary)["type"] == "WordPiece":
            return bool(_bert(vocabulary, content).get("lowercase", True))
        return "Lowercase" in _steps(vocabulary, content)


def read_tokenizer(vocabulary: Path, lowercase: bool) -> SubwordTokenizer:
    """Make the tokenizer of a vocabulary.

    Args:
        vocabulary: As `find_vocabulary` returns it.
        lowercase: Whether texts are lower-cased first.

    Raises:
        WeightsError: It cannot be read, lacks a special token, or asks for what is not computed.
    """
    with _reading(vocabulary):
        if vocabulary.name == WORDS:
            return WordPieceTokenizer(_words(vocabulary), lowercase, strip_accents=None)
        if vocabulary.name == PIECES:
            return PieceTokenizer(read_bytes(vocabulary), lowercase)
        return _of_json(vocabulary, lowercase)


@contextlib.contextmanager
def _reading(vocabulary: Path) -> Iterator[None]:
    """Say of what has not the form of a tokenizer.json, wherever it has not, that it is damaged."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise WeightsError(f"{vocabulary} is damaged: {error}. Copy the file again.") from error


def _of_json(path: Path, lowercase: bool) -> SubwordTokenizer:
    content = read_json(path)
    if _model(path)["type"] == "Unigram":
        keeps = "StripAccents" not in _steps(path, content)
        return PieceTokenizer(_proto(path, content), lowercase, keep_accents=keeps)
    strips = _bert(path, content).get("strip_accents")
    _special(path, content)
    return WordPieceTokenizer(_by_number(path), lowercase, strip_accents=strips)


def _words(vocabulary: Path) -> list[str]:
    try:
        return read_text(vocabulary).removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise WeightsError(f"{vocabulary} is not UTF-8: {error}. Copy it again.") from error


def _model(path: Path) -> dict:
    """Return the model in a tokenizer.json, with its type, which old files leave out."""
    model = read_json(path).get("model")
    model = model if isinstance(model, dict) else {}
    kinds = {"WordPiece": dict, "Unigram": list}
    kind = model.get("type", "WordPiece" if "max_input_chars_per_word" in model else None)
    if kind not in kinds or not isinstance(model.get("vocab"), kinds[kind]):
        raise WeightsError(
            f"{path} must hold a model of type {' or '.join(kinds)} with its vocabulary. "
            f"Received: {kind!r}."
        )
    return {**model, "type": kind}


def _by_number(path: Path) -> list[str]:
    """Return the words of a WordPiece vocabulary by their ids, which must be 0, 1, 2 and so on."""
    vocabulary = _model(path)["vocab"]
    if sorted(vocabulary.values(), key=str) != sorted(range(len(vocabulary)), key=str):
        raise WeightsError(
            f"{path} must number its {len(vocabulary):,} words from 0 without a gap. "
            "Copy the file again."
        )
    return sorted(vocabulary, key=vocabulary.get)


def _bert(path: Path, content: dict) -> dict:
    """Return the normaliser of a WordPiece tokenizer, which must be BERT's."""
    found = content.get("normalizer") or {}
    received = found.get("type"), (content.get("pre_tokenizer") or {}).get("type")
    if received != ("BertNormalizer", "BertPreTokenizer"):
        raise WeightsError(
            f"{path} must split texts as BERT does: BertNormalizer, BertPreTokenizer. Received: "
            f"{received[0]}, {received[1]}. Give the model's {WORDS} if it has one."
        )
    for name in ("lowercase", "strip_accents"):
        if not isinstance(found.get(name), bool | None):
            raise WeightsError(
                f"{path} must say of {name} true, false or null. Received: {shown(found[name])}. "
                "Copy the file again."
            )
    return found


def _steps(path: Path, content: dict) -> dict[str, dict]:
    """Return the steps of a SentencePiece tokenizer's normaliser by their types."""
    whole = content.get("normalizer") or {"type": "Sequence", "normalizers": []}
    found = {step.get("type"): step for step in (whole, *whole.get("normalizers", ()))}
    if strange := [str(name) for name in found.keys() - _STEPS]:
        raise WeightsError(
            f"{path} normalises by {', '.join(strange)}, which tfnews does not compute. "
            f"Allowed: {', '.join(sorted(_STEPS))}. Give the model's {PIECES} if it has one."
        )
    return found


def _proto(path: Path, content: dict) -> bytes:
    """Write a tokenizer.json's pieces as the SentencePiece model they were converted from."""
    model = _piece_model(_model(path), _special(path, content))
    characters = _steps(path, content).get("Precompiled", {}).get("precompiled_charsmap", "")
    model.normalizer_spec.precompiled_charsmap = base64.b64decode(characters, validate=True)
    return model.SerializeToString()


def _piece_model(pieces: dict, special: Collection[str]) -> ModelProto:
    model = ModelProto()
    kinds = SentencePiece
    for number, (text, score) in enumerate(pieces["vocab"]):
        kind = kinds.CONTROL if text in special else kinds.NORMAL
        kind = kinds.UNKNOWN if number == pieces.get("unk_id") else kind
        # The tokenizer makes "2," unlikely by itself; here the file alone says how likely it is.
        score += NUMBER_COMMA if ends_a_number(text) else 0
        model.pieces.add(piece=text, score=score, type=kind)
    return model


def _special(path: Path, content: dict) -> set[str]:
    """Return the special tokens; others that are added split texts as no row of tfnews does."""
    added = content.get("added_tokens") or ()
    if others := [token["content"] for token in added if not token.get("special")]:
        raise WeightsError(
            f"{path} takes added tokens out of texts first, which tfnews does not. Received: "
            f"{', '.join(others[:5])}. Give the model's {WORDS} or {PIECES} if it has one."
        )
    return {token["content"] for token in added}
