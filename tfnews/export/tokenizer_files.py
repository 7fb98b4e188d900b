"""Files beside a model that let another platform tokenise, cut and refuse texts as the run does."""

import base64
import json
from pathlib import Path

import keras_hub
import tensorflow as tf

from tfnews.models import guard_evidence, guard_units, guards
from tfnews.models.text.normalise import PIECES
from tfnews.models.text.packing import PiecePreprocessor
from tfnews.models.text.piece_model import ModelProto, SentencePiece
from tfnews.models.text.pieces import NUMBER_COMMA, PieceTokenizer, ends_a_number
from tfnews.models.text.subwords import SubwordTokenizer
from tfnews.models.text.wordpiece import WordPieceTokenizer
from tfnews.models.text.words import WordTokenizer

TOKENIZER_FILE = "tokenizer.json"
VOCABULARY_FILE = "vocabulary.txt"
SPEC_FILE = "spec.json"
GUARDS_FILE = "guards.json"
VECTORS_FILE = "normalise_vectors.json"
SNIPPETS = ("classify.py", "Classify.kt", "Classify.swift", "normalise.js")

_HEAD_SHARE, _OVERLAP = 128 / 510, 0.25  # as models/text/packing.py cuts; a test compares
_IN_NO_VOCABULARY = "\U0010ffff"

_RULE = [
    "Read the first characters_read characters of the text without outer white space, case-folded.",
    "Units are its words, runs of letters, digits and underscores; where unit is 'characters', "
    "runs of a-z, 0-9 and _, and else single letters and digits.",
    "No unit: the text is empty. No number is given.",
    "More than most_unseen_letters of its letters not in letters: another script. No number.",
    "Fewer than half of usual_length units: too short. No number.",
]
_OTHER_LANGUAGE = [
    "least_foreign units or more, and least_foreign_share of all or more, among the function words "
    "of one language of foreign: another language. No number.",
    "Share of units that are in common below the limit, least_ratio * common_share - "
    "standard_errors * sqrt(common_share * (1 - common_share) / units): a number, with the caution "
    "that the vocabulary is unusual.",
]
_UNUSUAL = [
    "Share of units that are in common below least_ratio * common_share - standard_errors * "
    "sqrt(common_share * (1 - common_share) / units): another language. No number.",
]
_CASES = [
    "Plain English, as news has it.",
    "",
    "  two  spaces,\ttabs\nand lines ",
    "Été à São Paulo; CRÈME BRÛLÉE",
    "10\u00a0000 \u2009thin\u202fspaces",
    "“Quotes” — dashes… and €5 + $4 = ~9",
    "soft\u00adhyphen, zero\u200bwidth, \ufeffmark",
    "控制 characters 日本語 한국어",
    "شكرا, שלום",
    "ภาษาไทย ที่นี่ abc控ég NBA2019",
    "ΟΔΟΣ Σ İstanbul ı",
    "emoji 😀 👩‍👩‍👧",
    "control \x07 and \x0b end",
    "null \x00 inside",
    "a" * 100 + " " + "b" * 101,
    "e\u0301 composed é",
    "ﬁne ² ª №",
]


def write(classifier: keras_hub.models.TextClassifier, folder: Path, shape: tuple, **more) -> None:
    """Write all that stands beside a model for an app: rules, normaliser's texts, snippets.

    Args:
        classifier: The `NewsClassifier` that the file was made from, cut and pruned as it is.
        folder: Where to; it exists.
        shape: Of the ids that the file takes.
        **more: Further entries of spec.json, such as quantization.
    """
    write_rules(classifier, folder, shape, **more)
    tokenizer = classifier.preprocessor.tokenizer
    if not isinstance(tokenizer, PieceTokenizer) and tokenizer.normalise != PIECES:
        _dump(normaliser_vectors(tokenizer), folder / VECTORS_FILE)
    for name in SNIPPETS:
        (folder / name).write_bytes(snippet(name).read_bytes())


def write_rules(
    classifier: keras_hub.models.TextClassifier, folder: Path, shape: tuple, **more
) -> None:
    """Write what a program must know to use a model: tokenizer, spec and guards.

    Args:
        classifier: As `write` takes it.
        folder: Where to; it exists.
        shape: Of the ids that the file takes.
        **more: Further entries of spec.json.
    """
    tokenizer = classifier.preprocessor.tokenizer
    if isinstance(tokenizer, SubwordTokenizer):
        _dump(huggingface(tokenizer), folder / TOKENIZER_FILE)
    else:
        tokenizer.save_assets(str(folder))  # writes VOCABULARY_FILE
    _dump(spec(classifier, shape) | more, folder / SPEC_FILE)
    _dump(guards_in_words(classifier.guards), folder / GUARDS_FILE)


def snippet(name: str) -> Path:
    """Return where a snippet is."""
    return Path(__file__).parent / "snippets" / name


def spec(classifier: keras_hub.models.TextClassifier, shape: tuple) -> dict:
    """Return what an application must know of a model besides its tokenizer.

    Args:
        classifier: The `NewsClassifier` that the file was made from.
        shape: Of the ids that the file takes; `None` for any number.
    """
    preprocessor = classifier.preprocessor
    pieces = isinstance(preprocessor, PiecePreprocessor)
    return {
        "model": "model.tflite",
        "inputs": ["ids", "mask", "segment_ids"] if pieces else ["ids"],
        "shape": list(shape),
        "length": shape[-1] if pieces else preprocessor.tokenizer.max_tokens,
        "long": _long(preprocessor) if pieces else {"rule": "truncate"},
        "tokenizer_file": TOKENIZER_FILE if pieces else VOCABULARY_FILE,
        "tokenizer": preprocessor.tokenizer.spec(),
        "labels": list(classifier.class_names),
        "threshold": classifier.threshold,
        "band": classifier.band and classifier.band.ends,
        "trained_on": classifier.trained_on,
        "label_basis": classifier.label_basis,
        "input_rule": classifier.input_rule,
        "meaning": "A style score: how much a text resembles those labelled "
        f"{classifier.class_names[1]!r} in {classifier.trained_on}. No verdict about the text.",
    }


def _long(preprocessor: PiecePreprocessor) -> dict:
    room = preprocessor.sequence_length - 2
    if preprocessor.long == "head-tail":
        return {"rule": "head-tail", "head": round(room * _HEAD_SHARE)}
    if preprocessor.long == "windows":
        stride = room - round(room * _OVERLAP)
        return {"rule": "windows", "stride": stride, "most": preprocessor.max_windows}
    return {"rule": "truncate"}


def guards_in_words(fitted: guards.Guards | None) -> dict:
    """Return the guards' configuration with the rule in words; unit `None` where there are none."""
    if fitted is None:
        return {"rule": ["This run has no guards: every text gets a number."], "unit": None}
    return {
        "rule": _RULE + (_UNUSUAL if fitted.foreign is None else _OTHER_LANGUAGE),
        "characters_read": guard_units.CHARACTERS_READ,
        "most_unseen_letters": guard_evidence.MOST_UNSEEN_LETTERS,
        "standard_errors": guard_evidence.STANDARD_ERRORS,
        "least_foreign": guard_evidence.LEAST_FOREIGN,
        "least_foreign_share": guard_evidence.LEAST_FOREIGN_SHARE,
        **fitted.get_config(),
    }


def normaliser_vectors(tokenizer: WordPieceTokenizer | WordTokenizer) -> dict:
    """Return texts and what MediaPipe must be given for them, made by the run's own tokenizer."""
    texts = tf.constant(_CASES)
    if isinstance(tokenizer, WordTokenizer):
        words = tokenizer.words(texts).to_list()
        found = [" ".join(_speakable(word.decode()) for word in text) for text in words]
    else:
        found = [text.decode() for text in tokenizer.normalise(texts).numpy()]
    cases = [{"text": t, "normalised": n} for t, n in zip(_CASES, found, strict=True)]
    return {"tokenizer": tokenizer.spec(), "cases": cases}


def _speakable(word: str) -> str:
    """Return a word that MediaPipe neither skips nor ends the text at, unknown if this one is."""
    return word.replace("\0", _IN_NO_VOCABULARY) or _IN_NO_VOCABULARY


def huggingface(tokenizer: SubwordTokenizer) -> dict:
    """Return a tokenizer in the format of tokenizer.json, which tokenizers libraries read.

    No added tokens: the name of a special token in a text is plain text. Of a SentencePiece row
    that keeps accents, letters with several marks in an order that Unicode does not call canonical
    get other ids; of all others none were found to.
    """
    parts = _of_pieces(tokenizer) if isinstance(tokenizer, PieceTokenizer) else _of_words(tokenizer)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        **parts,
        "post_processor": _template(tokenizer),
    }


def _of_words(tokenizer: WordPieceTokenizer) -> dict:
    return {
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": tokenizer.strip_accents,
            "lowercase": tokenizer.lowercase,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": tokenizer.unknown_token,
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {piece: number for number, piece in enumerate(tokenizer.vocabulary)},
        },
    }


def _of_pieces(tokenizer: PieceTokenizer) -> dict:
    model = ModelProto.FromString(tokenizer.proto)
    steps = [_replace("``", '"'), _replace("''", '"')]
    if not tokenizer.keep_accents:
        steps += [{"type": "NFKD"}, {"type": "StripAccents"}]
    if tokenizer.lowercase:
        steps.append({"type": "Lowercase"})
    characters = base64.b64encode(model.normalizer_spec.precompiled_charsmap).decode()
    steps.append({"type": "Precompiled", "precompiled_charsmap": characters})
    spaces = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    return {
        "normalizer": {"type": "Sequence", "normalizers": [*steps, spaces]},
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace],
        },
        "decoder": metaspace,
        "model": {
            "type": "Unigram",
            "unk_id": tokenizer.unknown_token_id,
            "vocab": [[piece.piece, _score(piece)] for piece in model.pieces],
            "byte_fallback": False,
        },
    }


def _replace(found: str, by: str) -> dict:
    return {"type": "Replace", "pattern": {"String": found}, "content": by}


def _score(piece: SentencePiece) -> float:
    return piece.score - NUMBER_COMMA if ends_a_number(piece.piece) else piece.score


def _template(tokenizer: SubwordTokenizer) -> dict:
    start, end = tokenizer.start_token, tokenizer.end_token
    one = [_special(start, 0), {"Sequence": {"id": "A", "type_id": 0}}, _special(end, 0)]
    two = [{"Sequence": {"id": "B", "type_id": 1}}, _special(end, 1)]
    ids = {start: tokenizer.start_token_id, end: tokenizer.end_token_id}
    return {
        "type": "TemplateProcessing",
        "single": one,
        "pair": [*one, *two],
        "special_tokens": {
            name: {"id": name, "ids": [number], "tokens": [name]} for name, number in ids.items()
        },
    }


def _special(name: str, segment: int) -> dict:
    return {"SpecialToken": {"id": name, "type_id": segment}}


def _dump(content: dict, path: Path) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1)
    path.write_bytes(text.encode("utf-8", "replace"))
