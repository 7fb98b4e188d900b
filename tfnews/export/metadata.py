"""TensorFlow Lite metadata: what MediaPipe's TextClassifier reads from a file to take raw text.

Metadata is a flatbuffer of its own in one of the model's buffers; the files it names are a zip
archive behind the model. It is built here by slot numbers of the published schema: the writer in
the mediapipe package cannot be imported, and its schema module brings all of mediapipe along.

Source: `metadata_schema.fbs` of MediaPipe 1.2.
"""

import io
import zipfile
from dataclasses import dataclass, field

import flatbuffers
import keras_hub

from tfnews.errors import ExportError
from tfnews.models.text.normalise import CHARACTERS, PIECES
from tfnews.models.text.packing import PiecePreprocessor
from tfnews.models.text.wordpiece import WordPieceTokenizer
from tfnews.models.text.words import NO_TOKEN, WordTokenizer

LABELS_FILE = "labels.txt"
VOCABULARY_FILE = "vocab.txt"

_IDENTIFIER = b"M001"
_MIN_PARSER = "1.2.1"  # the first that knows the regex tokenizer
_LABELS, _VOCABULARY = 2, 5  # kinds of file
_FEATURE = 1  # kind of content
_BERT, _REGEX = 4, 6  # kinds of process unit
_DELIMITERS = {"none": " ", "lower": " ", "words": r"[^\p{L}\p{N}_]+"}
_WHEN = (1980, 1, 1, 0, 0, 0)  # of every attached file, so that the same model gives the same bytes

Table = dict  # slot number -> text, number of one byte, table, or list of texts or tables


@dataclass(frozen=True)
class Metadata:
    """What a file tells about itself.

    Attributes:
        name: Of the model.
        description: In a sentence.
        licence: Of the model.
        labels: Of the two scores, real first.
        vocabulary: The lines of the tokenizer's vocabulary; `None` where MediaPipe has no tokenizer
            for the row.
        delimiter: Regular expression that words are split at; `None` for a BERT tokenizer.
        reason: Why MediaPipe cannot take raw text; `None` where it can.
        left_out: Words that no line can hold.
    """

    name: str
    description: str
    licence: str
    labels: tuple[str, str]
    vocabulary: list[str] | None = None
    delimiter: str | None = None
    reason: str | None = None
    left_out: list[str] = field(default_factory=list)


def describe(
    classifier: keras_hub.models.TextClassifier,
    name: str,
    licence: str = "as its data and weights",
    case_variants: bool = True,
) -> Metadata:
    """Say what MediaPipe needs to know of a classifier.

    Args:
        classifier: A `NewsClassifier`.
        name: Of the model.
        licence: Of the model.
        case_variants: Whether a row that lower-cases gets each word in three spellings, since
            MediaPipe never lower-cases. It makes the vocabulary three times as long.

    Raises:
        ExportError: A label has a line break.
    """
    labels = tuple(classifier.class_names)
    if any("\n" in label or "\r" in label for label in labels):
        raise ExportError(f"A label of a TensorFlow Lite file is one line. Received: {labels!r}.")
    common = {
        "name": name,
        "description": "Style score: how much a text resembles those labelled "
        f"{labels[1]!r} in {classifier.trained_on}. No verdict about the text.",
        "licence": licence,
        "labels": labels,
        "reason": reason(classifier),
    }
    tokenizer = classifier.preprocessor.tokenizer
    if common["reason"]:
        return Metadata(**common)
    if isinstance(tokenizer, WordPieceTokenizer):
        return Metadata(**common, vocabulary=tokenizer.get_vocabulary())
    lines, left_out = word_lines(tokenizer, case_variants)
    delimiter = _DELIMITERS[tokenizer.normalise]
    return Metadata(**common, vocabulary=lines, delimiter=delimiter, left_out=left_out)


def reason(classifier: keras_hub.models.TextClassifier) -> str | None:
    """Say why MediaPipe's TextClassifier cannot read raw text for a classifier, if so."""
    preprocessor = classifier.preprocessor
    tokenizer = preprocessor.tokenizer
    if isinstance(preprocessor, PiecePreprocessor):
        if not isinstance(tokenizer, WordPieceTokenizer):
            return "it has no tokenizer that normalises as this SentencePiece row's does"
        if preprocessor.long == "windows":
            return "it reads the start of a text, this classifier windows of all of it"
        if tokenizer.pad_token_id != 0:
            return f"it pads with 0, this vocabulary with {tokenizer.pad_token_id}"
        return None
    if not isinstance(tokenizer, WordTokenizer):
        return "the module of this row reads strings"
    if tokenizer.normalise in (CHARACTERS, PIECES):
        return f"it has words between spaces, this classifier reads {tokenizer.normalise}"
    if tokenizer.ngrams > 1:
        return f"it has words alone, this classifier n-grams of up to {tokenizer.ngrams} words"
    return None


def word_lines(tokenizer: WordTokenizer, case_variants: bool) -> tuple[list[str], list[str]]:
    """Return the vocabulary of MediaPipe's regex tokenizer: lines "word index".

    Padding gets the id of no token, to which a classifier gives no weight. There is no line for the
    start of a text, which would take a word's place: MediaPipe then puts none.

    Args:
        tokenizer: With one bucket for unknown words, or none.
        case_variants: Whether to add words capitalised and in capitals, where rows lower-case.

    Returns:
        Lines, and the words that were left out since a line cannot hold them.
    """
    words = tokenizer.get_vocabulary()
    unknown = len(words) if tokenizer.oov_buckets else NO_TOKEN
    ids = {"<PAD>": NO_TOKEN, "<UNKNOWN>": unknown}
    own = {*ids, "<START>"}
    left_out = [word for word in words if word in own or word.split() != [word]]
    refused = set(left_out)
    ids |= {word: number for number, word in enumerate(words) if word not in refused}
    if case_variants and tokenizer.normalise != "none":
        for word, number in list(ids.items())[2:]:
            for variant in (word.capitalize(), word.upper()):
                if variant.lower() == word:
                    ids.setdefault(variant, number)
    return [f"{word} {number}" for word, number in ids.items()], left_out


def attach(content: bytes, metadata: Metadata) -> bytes:
    """Return a TensorFlow Lite file with metadata, and the files it names behind it.

    Args:
        content: The file, whose inputs are named as MediaPipe wants them.
        metadata: What to attach.
    """
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    graph = model.subgraphs[0]
    names = [_plain(graph.tensors[number].name) for number in graph.inputs]
    entry = schema.MetadataT()
    entry.name, entry.buffer = b"TFLITE_METADATA", len(model.buffers)
    model.metadata = [*(model.metadata or []), entry]
    buffer = schema.BufferT()
    buffer.data = list(_encoded(_model(metadata, names)))
    model.buffers.append(buffer)
    file = io.BytesIO(bytes(flatbuffer_utils.convert_object_to_bytearray(model)))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_STORED) as archive:  # MediaPipe unpacks nothing
        for name, lines in _files(metadata).items():
            archive.writestr(zipfile.ZipInfo(name, _WHEN), "".join(f"{line}\n" for line in lines))
    return file.getvalue()


def attached(content: bytes) -> dict[str, str]:
    """Return the files behind a TensorFlow Lite file, by their names."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def _files(metadata: Metadata) -> dict[str, list[str]]:
    files = {LABELS_FILE: list(metadata.labels)}
    return files if metadata.reason else files | {VOCABULARY_FILE: metadata.vocabulary}


def _plain(name: bytes) -> str:
    return name.decode().removeprefix("serving_default_").partition(":")[0]


# Tables of the schema, field by slot number; a union takes two, its kind first.


def _model(metadata: Metadata, inputs: list[str]) -> Table:
    return {
        0: metadata.name,
        1: metadata.description,
        3: [_graph(metadata, inputs)],
        5: metadata.licence,
        7: _MIN_PARSER,
    }


def _graph(metadata: Metadata, inputs: list[str]) -> Table:
    scores = _tensor("probability") | {6: [_file(LABELS_FILE, _LABELS)]}
    tensors = [_tensor(name) for name in inputs]
    graph = {2: tensors, 3: [scores]}
    if metadata.reason:
        return graph
    vocabulary = [_file(VOCABULARY_FILE, _VOCABULARY)]
    if metadata.delimiter is None:
        return graph | {5: [{0: _BERT, 1: {0: vocabulary}}]}
    tensors[0][4] = [{0: _REGEX, 1: {0: metadata.delimiter, 1: vocabulary}}]
    return graph


def _tensor(name: str) -> Table:
    return {0: name, 3: {0: _FEATURE, 1: {}}}


def _file(name: str, kind: int) -> Table:
    return {0: name, 2: kind}


def _encoded(table: Table) -> bytes:
    builder = flatbuffers.Builder()
    builder.Finish(_placed(builder, table), file_identifier=_IDENTIFIER)
    return bytes(builder.Output())


def _placed(builder: flatbuffers.Builder, value: Table | list | str) -> int:
    """Write a value and return its offset; what it refers to is written first."""
    if isinstance(value, str):
        return builder.CreateString(value)
    if isinstance(value, list):
        offsets = [_placed(builder, item) for item in value]
        builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            builder.PrependUOffsetTRelative(offset)
        return builder.EndVector()
    offsets = {s: _placed(builder, v) for s, v in value.items() if not isinstance(v, int)}
    builder.StartObject(1 + max(value, default=-1))
    for slot, item in value.items():
        if isinstance(item, int):
            builder.PrependUint8Slot(slot, item, 0)
        else:
            builder.PrependUOffsetTRelativeSlot(slot, offsets[slot], 0)
    return builder.EndObject()
