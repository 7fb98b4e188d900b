"""Make TF-Hub text-embedding modules from word vectors, and read such modules natively."""

import dataclasses
import os
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfnews.catalogue.bounds import bounded
from tfnews.catalogue.names import NORMALISATIONS
from tfnews.errors import UsageError, WeightsError
from tfnews.files import folder_beside, read_bytes, read_text, write_text
from tfnews.links import check_links
from tfnews.models.graph import check_graph
from tfnews.models.text.normalise import normalise
from tfnews.weights.digests import module_digest

TOLERANCE = 1e-5

_VOCABULARY = "tokens.txt"
_LARGEST = 2**30  # bytes of a vocabulary
# Where the SavedModel format keeps files that the graph does not read.
_LICENCE = Path("assets.extra", "LICENSE.txt")


class UnknownStructureError(WeightsError):
    """A module that cannot be read as words and a table; it may still be used as it is."""


class _TextEmbedding(tf.train.Checkpoint):
    """The published layout: a vocabulary asset, a table, and one call from strings to vectors."""

    def __init__(self, tokens: Path, table: np.ndarray, oov_buckets: int, rule: str):
        super().__init__()
        words = tf.lookup.TextFileInitializer(
            str(tokens),
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        )
        self._rule = rule
        self._table = tf.lookup.StaticVocabularyTable(words, oov_buckets)
        self.embeddings = tf.Variable(table, name="embeddings")
        # hub.KerasLayer reads these two attributes.
        self.variables = [self.embeddings]
        self.trainable_variables = [self.embeddings]

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="sentences")])
    def __call__(self, sentences: tf.Tensor) -> tf.Tensor:
        tokens = tf.strings.split(normalise(sentences, self._rule), sep=" ").to_sparse()
        ids = tf.SparseTensor(tokens.indices, self._table.lookup(tokens.values), tokens.dense_shape)
        return tf.nn.safe_embedding_lookup_sparse(self.embeddings, ids, combiner="sqrtn")


def build_module(
    words: Sequence[str],
    vectors: np.ndarray,
    out: str | os.PathLike,
    *,
    normalise: str = "none",
    oov_buckets: int = 1,
    seed: int = 0,
    licence: str = "",
) -> Path:
    """Write word vectors as a TF-Hub text-embedding SavedModel.

    A text (batch,) is normalised, split on single spaces (so empty tokens count), looked up, and
    its vectors are combined by sqrtn: their sum over the square root of the number of tokens,
    unknown ones counted.

    Args:
        words: Distinct words without spaces or line breaks.
        vectors: (words, width).
        out: The folder to make.
        normalise: A rule of `tfnews.models.text.normalise`.
        oov_buckets: Rows for unknown words, chosen by hash. One is a row of zeros; several are
            drawn uniformly from -0.05 to 0.05.
        seed: Seed of that draw.
        licence: The vectors' licence, kept in assets.extra/LICENSE.txt.

    Returns:
        `out`.

    Raises:
        UsageError: An argument is out of range.
        WeightsError: Words and vectors do not fit, or `out` exists.
    """
    out = Path(out)
    _check_parts(words, vectors, oov_buckets, normalise)
    bounded("--seed", seed)
    if out.exists():
        raise WeightsError(f"{out} exists. Name another folder, or remove it first.")
    table = np.concatenate([vectors, _oov_rows(oov_buckets, vectors.shape[1], seed)])
    with folder_beside(out) as beside:
        tokens, folder = beside / _VOCABULARY, beside / "module"
        write_text(tokens, "".join(f"{word}\n" for word in words))
        module = _TextEmbedding(tokens, table.astype(np.float32), oov_buckets, normalise)
        tf.saved_model.save(module, str(folder))
        if licence:
            write_text(folder / _LICENCE, licence.rstrip() + "\n")
        folder.rename(out)
    return out


def _check_parts(words: Sequence[str], vectors: np.ndarray, oov_buckets: int, rule: str) -> None:
    bounded("--oov-buckets", oov_buckets)
    if rule not in NORMALISATIONS:
        allowed = ", ".join(NORMALISATIONS)
        raise UsageError(f"Unknown normalisation {rule!r}. Allowed: {allowed}.")
    if vectors.ndim != 2 or len(vectors) != len(words) or not vectors.size:
        raise WeightsError(
            f"Vectors must have the shape ({len(words)}, width), a row a word. "
            f"Received: {vectors.shape}."
        )
    if len(set(words)) < len(words) or any(c in word for word in words for c in " \r\n"):
        raise WeightsError("Words must be distinct and hold no spaces or line breaks.")


def _oov_rows(buckets: int, width: int, seed: int) -> np.ndarray:
    if buckets == 1:
        return np.zeros((1, width), np.float32)
    draw = np.random.default_rng(seed).uniform(-0.05, 0.05, (buckets, width))
    return draw.astype(np.float32)


def unreachable(words: Sequence[str], rule: str) -> int:
    """Return how many words a normalised text can never contain, such as "U.S." under "lower"."""
    words = tf.constant(words)
    return int(tf.math.count_nonzero(normalise(words, rule) != words))


@dataclasses.dataclass(frozen=True)
class TextModule:
    """A TF-Hub text embedding taken apart.

    Attributes:
        words: Words of the first rows.
        table: float32 (words + oov_buckets, width).
        oov_buckets: Number of rows for unknown words.
        normalise: The rule applied to texts first.
        digest: SHA-256 of the lines "sha256  name" of all its files, sorted by name.
        licence: What its assets.extra/LICENSE.txt says, or "".
    """

    words: list[str]
    table: np.ndarray
    oov_buckets: int
    normalise: str
    digest: str
    licence: str = ""

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Embed texts (batch,) as float32 vectors (batch, width), pooled by sqrtn."""
        tokens = tf.strings.split(normalise(tf.constant(texts), self.normalise), sep=" ")
        ids = _vocabulary_table(self.words, self.oov_buckets).lookup(tokens.flat_values)
        rows, position = np.unique(ids.numpy(), return_inverse=True)
        return tf.sparse.segment_sqrt_n(  # a tensor of the whole table would be a copy of it
            self.table[rows], position, tokens.value_rowids(), num_segments=len(texts)
        ).numpy()


def _release(module: object) -> None:
    """Free the memory of a module's variables, which outlives the module by its cycles."""
    for variable in variables(module):
        nothing = tf.zeros([0], variable.dtype)
        tf.raw_ops.AssignVariableOp(resource=variable.handle, value=nothing)


def _vocabulary_table(words: list[str], oov_buckets: int) -> tf.lookup.StaticVocabularyTable:
    """Unknown words get the row `words + Fingerprint64(word) % oov_buckets`."""
    entries = tf.lookup.KeyValueTensorInitializer(
        tf.constant(words), tf.range(len(words), dtype=tf.int64)
    )
    return tf.lookup.StaticVocabularyTable(entries, oov_buckets)


def read_module(folder: str | os.PathLike) -> TextModule:
    """Read a TF-Hub text-embedding SavedModel as words and a table.

    Args:
        folder: The module's folder.

    Returns:
        Its parts, under the first normalisation rule whose native computation answers as the
        module does on probe texts, to within `TOLERANCE`.

    Raises:
        UnknownStructureError: It is of another structure, or answers otherwise.
        WeightsError: It cannot be opened.
    """
    folder = Path(folder)
    module = open_saved_model(folder)
    words, table = _parts(folder, module)
    probes = _probes(words)
    answers = _answers(folder, module, list(probes.values()), table.shape[1])
    try:
        return _native(folder, module, words, table, probes, answers)
    finally:
        _release(module)  # last of all, so that a table of its size can take its place in memory


def _native(
    folder: Path,
    module: object,
    words: list[str],
    table: np.ndarray,
    probes: dict[str, str],
    answers: np.ndarray,
) -> TextModule:
    """Return the parts under the first rule by which they answer as the module does."""
    closest = None
    for rule in NORMALISATIONS:
        native = TextModule(words, table, len(table) - len(words), rule, "")
        differing = differences(native, probes, answers)
        if not differing:
            return _finished(folder, native)
        if closest is None or len(differing) < len(closest[1]):
            closest = rule, differing
    raise UnknownStructureError(
        f"{folder} has the known structure ({describe(folder, module)}), but answers otherwise "
        f"than any normalisation rule. The closest, {closest[0]!r}, differs on: "
        f"{'; '.join(f'{name} (by {size:.2g})' for name, size in closest[1].items())}."
    )


def open_saved_model(folder: str | os.PathLike) -> object:
    """Open a SavedModel: its graph of TensorFlow ops and variables, no Python code.

    Opening it runs the initialisers of its tables, so its graph is read before.

    Raises:
        WeightsError: `folder` holds no SavedModel, one that this TensorFlow cannot open, links that
            lead out of it, or a graph that may do more than compute and is not trusted.
    """
    if not Path(folder, "saved_model.pb").is_file():
        raise WeightsError(
            f"{folder} holds no saved_model.pb. Give the folder of a TF-Hub module, or make one "
            "with: tfnews weights build VECTORS --out FOLDER"
        )
    check_links(folder, WeightsError)
    check_graph(folder)
    try:
        module = tf.saved_model.load(str(folder))
        _check_shapes([*variables(module), *variables(module, trainable=True)])
        return module
    # Damaged files surface as many kinds: OSError, ValueError, KeyError, TensorFlow's own errors.
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise WeightsError(
            f"{folder} cannot be opened as a SavedModel: {type(error).__name__}: {reason} "
            "Copy its files again; if it names an unknown op, it needs another library."
        ) from error


def _check_shapes(held: Sequence[tf.Variable]) -> None:
    """Check that variables are as the graph says: TensorFlow takes what the file has."""
    for one in held:
        if not one.shape.is_compatible_with(found := one.read_value().shape):
            raise ValueError(f"the graph says {one.shape} of {one.name}, its file {found}.")


def describe(folder: str | os.PathLike, module: object) -> str:
    """Say in one line what an opened SavedModel consists of."""
    held = [f"{v.name} {tuple(v.read_value().shape)} {v.dtype.name}" for v in variables(module)]
    assets = [path.name for path in _assets(folder)]
    call = "callable" if callable(module) else "not callable"
    return (
        f"{call}; {len(assets)} assets: {', '.join(assets) or 'none'}; "
        f"{len(held)} variables: {', '.join(held) or 'none'}"
    )


def variables(module: object, *, trainable: bool = False) -> list[tf.Variable]:
    """Return the variables of an opened SavedModel, or those that can be trained.

    A TF-Hub module lists them in two attributes; of others, those that its functions use count.

    Raises:
        TypeError: What it lists are no variables, which nothing holds that `open_saved_model` gave.
    """
    name = "trainable_variables" if trainable else "variables"
    declared = getattr(module, name, None)
    if declared is not None:
        if wrong := {type(one).__name__ for one in declared if not isinstance(one, tf.Variable)}:
            raise TypeError(f"among its {name} are: {', '.join(sorted(wrong))}.")
        return list(declared)
    used = [variable for function in functions(module) for variable in getattr(function, name)]
    return list({id(variable): variable for variable in used}.values())


def functions(module: object) -> list:
    """Return the concrete functions behind an opened SavedModel's call, one for each signature."""
    return getattr(module.__call__, "concrete_functions", []) if callable(module) else []


def _assets(folder: str | os.PathLike) -> list[Path]:
    return sorted(path for path in Path(folder, "assets").glob("*") if path.is_file())


def _parts(folder: Path, module: object) -> tuple[list[str], np.ndarray]:
    assets, held = _assets(folder), variables(module)
    found = describe(folder, module)
    known = "callable; 1 assets, a vocabulary; 1 variables, float32 of shape (rows, width)"
    if not callable(module) or len(assets) != 1 or len(held) != 1:
        raise UnknownStructureError(f"{folder} is of another structure: {found}. Known: {known}.")
    table, words = held[0].numpy(), _read_vocabulary(assets[0])
    fits = table.dtype == np.float32 and table.ndim == 2 and len(table) > len(words)
    if not fits or not words:
        raise UnknownStructureError(
            f"{folder} is of another structure: {found}; {len(words):,} words. Known: {known}, "
            "with more rows than words."
        )
    return words, table


def _read_vocabulary(path: Path) -> list[str]:
    try:
        # TensorFlow's own reader of such files drops carriage returns, too.
        words = read_bytes(path, _LARGEST).replace(b"\r", b"").decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise UnknownStructureError(f"The vocabulary {path} is not UTF-8: {error}") from error
    words = words if words[-1] else words[:-1]
    if len(set(words)) < len(words):
        raise UnknownStructureError(f"The vocabulary {path} repeats words. Each must stand once.")
    return words


def _probes(words: list[str]) -> dict[str, str]:
    """Make texts that tell apart every rule for case, punctuation, white space and buckets."""
    letters = [word for word in words if word.isalpha() and word.upper() != word.lower()] or words
    some = letters[:: max(1, len(letters) // 40)]
    unknown = [f"qx{number}zzk" for number in range(40)]
    text = " ".join(some)
    return {
        "an empty text": "",
        "known words": text,
        "double spaces": "  ".join(some),
        "leading and trailing spaces": f"  {text} ",
        "a line break": "\n".join(some),
        "a tab": "\t".join(some),
        "punctuation": ", ".join(some) + "!",
        "quotation marks": f"“{some[0]}” '{some[-1]}' ({some[-1]}) {some[0]}-{some[-1]}.",
        "an underscore": f"{some[0]}_{some[-1]} {some[0]}",
        "capitals": text.upper(),
        "mixed case": text.title(),
        "unknown words": " ".join(unknown),
        "accents": f"{some[0]} Éléphant élan naïve ÜBER São\u00a0Paulo",
        "5,000 words": " ".join(islice(cycle(some + unknown), 5000)),
    }


def _answers(folder: Path, module: object, texts: list[str], width: int) -> np.ndarray:
    try:
        answers = np.asarray(module(tf.constant(texts)))
    # A foreign graph fails in its own ways: wrong signature, wrong types, an op's error.
    except Exception as error:
        reason = str(error).strip().partition("\n")[0]
        raise UnknownStructureError(
            f"{folder} cannot be called on a batch of strings: {type(error).__name__}: {reason}"
        ) from error
    if answers.shape != (len(texts), width):
        raise UnknownStructureError(
            f"{folder} answers {len(texts)} texts with the shape {answers.shape}. "
            f"Expected: ({len(texts)}, {width}), the width of its table."
        )
    return answers


def differences(
    native: TextModule, probes: dict[str, str], answers: np.ndarray
) -> dict[str, float]:
    """Compare native embeddings with a module's own answers.

    Args:
        native: The module's parts under one normalisation rule.
        probes: Name -> text.
        answers: The module's embeddings of the texts, (texts, width).

    Returns:
        Name -> largest difference, for texts where it exceeds `TOLERANCE`, relative to the
        answer where that is above 1.
    """
    scale = np.maximum(1.0, np.abs(answers))
    with np.errstate(invalid="ignore"):  # infinite answers differ by NaN
        off = (np.abs(native.embed(list(probes.values())) - answers) / scale).max(axis=1)
    return {
        name: float(size)
        for name, size in zip(probes, off, strict=True)
        if not size <= TOLERANCE  # NaN differs
    }


def licence(folder: str | os.PathLike) -> str:
    """Return what a module's assets.extra/LICENSE.txt says, or "".

    Raises:
        WeightsError: It is too large, or not UTF-8.
    """
    path = Path(folder, _LICENCE)
    try:
        return read_text(path).strip() if path.is_file() else ""
    except ValueError as error:
        raise WeightsError(f"{path} cannot be read: {error}. Copy the file again.") from error


def _finished(folder: Path, native: TextModule) -> TextModule:
    return dataclasses.replace(native, digest=module_digest(folder), licence=licence(folder))
