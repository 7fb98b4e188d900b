"""A classifier as a TensorFlow Lite file, by operations that every runtime has built in."""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import keras_hub
import numpy as np
import tensorflow as tf

from tfnews.errors import ExportError, UsageError
from tfnews.export import metadata, tokenizer_files
from tfnews.export.pruning import pruned, shortened
from tfnews.export.snippets import classify
from tfnews.models.embedding.bag import TokenTable, table_of
from tfnews.models.text.packing import PiecePreprocessor
from tfnews.models.variables import pieces

MODEL_FILE = "model.tflite"
QUANTIZATIONS = ("none", "float16", "dynamic")
DEFAULT_WORDS = 512  # read of a text where the run reads all of it

# What the rows need; every runtime of TensorFlow Lite and LiteRT has them built in.
# fmt: off
ALLOWED = frozenset((
    "ADD", "BATCH_MATMUL", "BROADCAST_TO", "CAST", "CONCATENATION", "CONV_2D", "DEQUANTIZE",
    "DIV", "EXPAND_DIMS", "FULLY_CONNECTED", "GATHER", "GELU", "GREATER", "GREATER_EQUAL",
    "LESS", "LOG", "LOGISTIC", "MAXIMUM", "MEAN", "MINIMUM", "MUL", "NEG", "NOT_EQUAL", "PACK",
    "PAD", "QUANTIZE", "REDUCE_MAX", "REDUCE_PROD", "RELU", "RESHAPE", "RSQRT", "SCATTER_ND",
    "SELECT", "SELECT_V2", "SHAPE", "SLICE", "SOFTMAX", "SQUARED_DIFFERENCE", "SQUEEZE",
    "STRIDED_SLICE", "SUB", "SUM", "TANH", "TRANSPOSE", "ZEROS_LIKE",
))
# fmt: on


def convert(
    classifier: keras_hub.models.TextClassifier,
    length: int,
    quantize: str = "none",
    windows: int | None = None,
) -> bytes:
    """Write a classifier's form for one text as a TensorFlow Lite file.

    Inputs, int32: for words, ids (1, words, or as many n-grams), -1 where there is none; for
    pieces, ids, mask and segment_ids, each (1, length), or with windows (1, any number, length).
    What counts is ids: the mask follows from them, and MediaPipe wants all three. Output:
    probabilities, float32 (1, 2), real first.

    Args:
        classifier: A `NewsClassifier`.
        length: Tokens of a text or window, special ones included; longer texts are cut.
        quantize: "none" keeps float32; "float16" stores weights in half the bytes; "dynamic" stores
            large weights as 8-bit integers, of a table of word vectors each row with its own scale.
        windows: Where texts are cut into windows, the file takes this many, for a runtime that
            cannot take any number; those with padding alone count for nothing.

    Raises:
        UsageError: `quantize` is not one of these.
        ExportError: The row has no such form, or needs operations that not every runtime has.
    """
    if quantize not in QUANTIZATIONS:
        raise UsageError(f"Unknown quantization {quantize!r}. Allowed: {', '.join(QUANTIZATIONS)}.")
    refuse(classifier)
    short = shortened(classifier, length)
    table = table_of(short) if quantize == "dynamic" else None
    shape = input_shape(short, length, windows)
    if table is None:
        content = _converted(short, shape, quantize)
    else:
        # The converter gives all of a table one scale, and multiplies in 8 bits in the dense layers
        # after it, which are small: that moved answers of a trained run by 0.05, this by 0.006.
        with eight_bit(table):
            content = _converted(short, shape, "none", table.packed)
    return _checked(content)


def convert_any_length(
    classifier: keras_hub.models.TextClassifier, quantize: str = "dynamic"
) -> bytes:
    """Write a transformer's form for one text as a file that takes texts of any length.

    Inputs and output are those of `convert`, but ids are (1, any number), or with windows (1, any
    number, any number).

    Args:
        classifier: One that reads pieces.
        quantize: As `convert` takes it.

    Raises:
        ExportError: It needs operations that not every runtime has.
    """
    windows = classifier.preprocessor.long == "windows"
    return _checked(_converted(classifier, (1, None, None) if windows else (1, None), quantize))


def _checked(content: bytes) -> bytes:
    found = operations(content)
    if found - ALLOWED:
        raise ExportError(
            "The file would need operations that not every TensorFlow Lite runtime has: "
            f"{', '.join(sorted(found - ALLOWED))}. Export this run with --target savedmodel."
        )
    return content


def _converted(
    classifier: keras_hub.models.TextClassifier,
    shape: tuple[int | None, ...],
    quantize: str,
    more: Sequence[tf.Variable] = (),
) -> bytes:
    concrete = _one_text(classifier, shape).get_concrete_function()
    # Variables alone: with the Keras model the file answers NaN, and a table of words becomes a
    # second graph, which MediaPipe refuses.
    variables = tf.Module()
    variables.all = [*more, *(weight.value for weight in classifier.weights)]
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], variables)
    if quantize != "none":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantize == "float16":
        converter.target_spec.supported_types = [tf.float16]
    return converter.convert()


@contextlib.contextmanager
def eight_bit(layer: TokenTable) -> Iterator[None]:
    """Let a table answer from 8-bit integers (rows, width) and a scale a row, (rows, 1)."""
    numbers = np.empty((layer.rows, layer.width), np.int8)
    scales = np.empty((layer.rows, 1), np.float32)
    start = 0
    for piece in pieces(layer.table):  # a large table is not copied whole
        rows = slice(start, start := start + len(piece))
        scales[rows] = np.maximum(np.abs(piece).max(axis=1, keepdims=True), 1e-30) / 127
        numbers[rows] = np.round(piece / scales[rows])
    layer.packed = tf.Variable(numbers), tf.Variable(scales)
    try:
        yield
    finally:
        layer.packed = None


def operations(content: bytes) -> set[str]:
    """Return the names of the operations that a TensorFlow Lite file needs."""
    from tensorflow.lite.python import schema_py_generated as schema

    names = {code: name for name, code in vars(schema.BuiltinOperator).items()}
    model = schema.Model.GetRootAs(content, 0)
    found = set()
    for number in range(model.OperatorCodesLength()):
        operation = model.OperatorCodes(number)
        name = names[max(operation.BuiltinCode(), operation.DeprecatedBuiltinCode())]
        found.add(operation.CustomCode().decode() if name == "CUSTOM" else name)
    return found


def refuse(classifier: keras_hub.models.TextClassifier) -> None:
    """Refuse a classifier that no TensorFlow Lite file can hold.

    Raises:
        ExportError: It is such a one.
    """
    if "tflite" not in classifier.exports:
        raise ExportError(
            "This run uses its TF-Hub module as it is, a graph of strings and tables, which "
            "TensorFlow Lite has no built-in operations for: it exports to SavedModel only. Use "
            "--target savedmodel, or train a row whose module is read natively."
        )


def _one_text(
    classifier: keras_hub.models.TextClassifier, shape: tuple[int | None, ...]
) -> Callable:
    """Return a `tf.function` over one text's ids in a fixed shape."""

    def scores(ids: tf.Tensor) -> dict[str, tf.Tensor]:
        fake = classifier.one_text(ids)[:, tf.newaxis]
        return {"probabilities": tf.concat([1.0 - fake, fake], axis=1)}

    def scores_of_pieces(ids: tf.Tensor, mask: tf.Tensor, segment_ids: tf.Tensor) -> dict:
        # Zero, but no converter can know: it would drop the inputs, which MediaPipe wants.
        return scores(ids + tf.minimum(mask + segment_ids, 0))

    names = ("ids", "mask", "segment_ids")
    pieces = isinstance(classifier.preprocessor, PiecePreprocessor)
    signature = [tf.TensorSpec(shape, tf.int32, name) for name in names[: 3 if pieces else 1]]
    return tf.function(scores_of_pieces if pieces else scores, input_signature=signature)


def input_shape(
    classifier: keras_hub.models.TextClassifier, length: int, windows: int | None = None
) -> tuple[int | None, ...]:
    """Return the shape of the ids of one text of at most `length` tokens, or such windows."""
    preprocessor = classifier.preprocessor
    if not isinstance(preprocessor, PiecePreprocessor):
        return (1, length * preprocessor.tokenizer.ngrams)
    return (1, windows, length) if preprocessor.long == "windows" else (1, length)


def own_length(classifier: keras_hub.models.TextClassifier) -> int | None:
    """Return the tokens of a text or window that a classifier reads, `None` for all."""
    preprocessor = classifier.preprocessor
    if isinstance(preprocessor, PiecePreprocessor):
        return preprocessor.sequence_length
    return preprocessor.tokenizer.max_tokens


def default_length(classifier: keras_hub.models.TextClassifier) -> int:
    """Return the tokens of a text that a file reads unless told otherwise."""
    return own_length(classifier) or DEFAULT_WORDS


def for_device(
    classifier: keras_hub.models.TextClassifier,
    length: int | None = None,
    words: int | None = None,
    texts: Sequence[str] | None = None,
) -> keras_hub.models.TextClassifier:
    """Return the classifier that a file is made from: cut, pruned, with one unknown row at most.

    Args:
        classifier: A `NewsClassifier`.
        length: Tokens of a text that are read; `default_length` by default.
        words: Words kept of an embedding's table; all by default.
        texts: Training texts, as `pruned` takes them.

    Raises:
        ExportError: The row has no form for a device.
    """
    refuse(classifier)
    tokenizer = classifier.preprocessor.tokenizer
    length = length or default_length(classifier)
    if words:
        classifier = pruned(classifier, words, texts)
    elif getattr(tokenizer, "oov_buckets", 0) > 1:  # else every app would have to hash
        classifier = pruned(classifier, len(tokenizer.vocabulary), texts)
    return shortened(classifier, length)


def write(
    classifier: keras_hub.models.TextClassifier,
    folder: Path,
    quantize: str = "none",
    name: str = "tfnews",
    licence: str = "as its data and weights",
    case_variants: bool = True,
) -> metadata.Metadata:
    """Write a .tflite and all that stands beside it.

    Args:
        classifier: What `for_device` returned.
        folder: Where to; it exists.
        quantize: As `convert` takes it.
        name: Of the model.
        licence: Of the model.
        case_variants: As `metadata.describe` takes it.

    Returns:
        The metadata of the file, with the reason where MediaPipe cannot take raw text.
    """
    length = default_length(classifier)
    content = convert(classifier, length, quantize)
    described = metadata.describe(classifier, name, licence, case_variants)
    (folder / MODEL_FILE).write_bytes(metadata.attach(content, described))
    mediapipe = {"raw_text": described.reason is None, "reason": described.reason}
    tokenizer_files.write(
        classifier,
        folder,
        input_shape(classifier, length),
        quantization=quantize,
        mediapipe=mediapipe,
    )
    return described


def runtime() -> type:
    """Import LiteRT's interpreter.

    Raises:
        UsageError: `ai_edge_litert` is not installed.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise UsageError(
            f"Running a .tflite needs ai-edge-litert, and importing it failed: {error}. "
            "Install it with: pip install 'tfnews[tflite]'."
        ) from error
    return Interpreter


class Device:
    """A file as a phone runs it, in `ai_edge_litert`.

    Args:
        source: A folder that `write` filled, or a .tflite or its bytes, which answer ids alone.

    Raises:
        UsageError: `ai_edge_litert` is not installed.
    """

    def __init__(self, source: str | os.PathLike | bytes):
        interpreter = runtime()
        self.reference = None
        if not isinstance(source, bytes) and Path(source).is_dir():
            self.reference = classify.Classifier(source)
            source = Path(source) / MODEL_FILE
        content = source if isinstance(source, bytes) else Path(source).read_bytes()
        self._interpreter = interpreter(model_content=content)
        self._run = self._interpreter.get_signature_runner()
        self._inputs = list(self._run.get_input_details())

    def answers(self, texts: Sequence[str]) -> np.ndarray:
        """Return the fake probabilities (texts,) of raw texts as an app has them, float32.

        They are tokenised, cut and scored by `snippets/classify.py`, which travels with the export.

        Raises:
            UsageError: The file was opened without its folder.
        """
        if self.reference is None:
            raise UsageError("Raw texts need the folder of the export, not its .tflite alone.")
        return np.array([self.reference.probability(text) for text in texts], np.float32)

    def answers_ids(self, ids: Sequence[np.ndarray]) -> np.ndarray:
        """Return the fake probabilities (texts,) of ids, each int32 in the file's shape, float32.

        Args:
            ids: What `preprocessor.fixed` makes of texts: (texts, length), or where texts are of
                several windows a list of (windows, length).
        """
        return np.array([self._answer(np.asarray(text)[np.newaxis]) for text in ids], np.float32)

    def _answer(self, ids: np.ndarray) -> float:
        given = {"ids": ids, "mask": np.ones_like(ids), "segment_ids": np.zeros_like(ids)}
        answer = self._run(**{name: given[name] for name in self._inputs})
        return answer["probabilities"][0, 1]


def fixed_ids(
    classifier: keras_hub.models.TextClassifier, texts: Sequence[str]
) -> list[np.ndarray]:
    """Return what `Device.answers_ids` takes of texts, by the run's own tokenizer.

    Args:
        classifier: What `for_device` returned.
        texts: Combined texts.
    """
    shape = input_shape(classifier, default_length(classifier))
    ids, fixed = classifier.encode(texts), classifier.preprocessor.fixed
    return [fixed(ids[n : n + 1], shape[-1]).numpy()[0] for n in range(len(texts))]
