"""Every setting of a fit, declared once: its type, bounds, choices and meaning."""

import dataclasses
import difflib
import math
from collections.abc import Iterable, Mapping

from tfnews.catalogue.names import (
    ACTIVATIONS,
    ANALYZERS,
    ARCHITECTURES,
    BALANCES,
    CALIBRATIONS,
    CLASS_WEIGHTS,
    LONG,
    MONITORS,
    NORMALISATIONS,
    OPTIMIZERS,
    POOLINGS,
    PRECISIONS,
    RECIPES,
    SCHEDULES,
)
from tfnews.errors import UsageError

_SHOWN = 100  # characters of a wrong value that a message repeats


@dataclasses.dataclass(frozen=True)
class Range:
    """Where `tfnews tune` looks for the best value of a setting.

    Attributes:
        low: The least number.
        high: The largest one.
        log: Whether 1 to 10 is looked at as closely as 10 to 100.
        choices: The values themselves, instead of bounds.
    """

    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple = ()

    def __str__(self) -> str:
        if self.choices:
            return ", ".join(str(one).lower() for one in self.choices)
        return f"{self.low:,g} to {self.high:,g}{' (log)' if self.log else ''}"


@dataclasses.dataclass(frozen=True)
class Setting:
    """What a setting may be and what it does.

    Attributes:
        kind: bool, int, float or str. A whole number may stand for a float.
        meaning: One sentence.
        default: Its value where a row of the catalogue says nothing; `None` where each row must.
        least: Smallest allowed number.
        most: Largest allowed number: a typing error must not ask for the impossible.
        above: Numbers must be larger than this.
        below: Numbers must be smaller than this.
        choices: The allowed names; () where any text is.
        fresh: Whether only fresh weights (`weights=none`) follow it. Pretrained weights bring what
            it says with them, but for what a file of word vectors leaves open: `OPEN_OF_VECTORS`.
        search: Kind of row -> where `tfnews tune` looks for the best value for it; kinds that are
            not named keep what they have.
    """

    kind: type
    meaning: str
    default: object = None
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    fresh: bool = False
    search: Mapping[str, Range] = dataclasses.field(default_factory=dict)

    @property
    def allowed(self) -> str:
        """What is allowed, as it stands after "must be"."""
        if self.kind is bool:
            return "true or false"
        if self.kind is str:
            *others, last = self.choices or ("a text that is not empty",)
            return f"{', '.join(others)} or {last}" if others else last
        bounds = {
            "from": self.least,
            "above": self.above,
            "up to": self.most,
            "below": self.below,
        }
        said = " ".join(f"{word} {_plain(n)}" for word, n in bounds.items() if n is not None)
        return f"a {'whole ' if self.kind is int else ''}number {said}"

    def allows(self, value: object) -> bool:
        """Tell whether a value is of the right type, finite, and within bounds or choices."""
        if type(value) is not self.kind:  # not isinstance: True must not pass for a number
            return False
        if self.kind is str:
            return bool(value) and (not self.choices or value in self.choices)
        if self.kind is bool:
            return True
        return (
            (self.kind is int or math.isfinite(value))
            and (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.most is None or value <= self.most)
            and (self.below is None or value < self.below)
        )


def _whole(least: int, most: int, meaning: str, default: int | None = None, **more) -> Setting:
    return Setting(int, meaning, default, least=least, most=most, **more)


def _choice(choices: tuple[str, ...], meaning: str, default: str | None = None, **more) -> Setting:
    return Setting(str, meaning, default, choices=choices, **more)


# How a row that is trained is trained.
RECIPE = {
    "epochs": _whole(1, 100_000, "Passes over the training split at most."),
    "batch_size": _whole(
        1,
        65_536,
        "Texts of an update.",
        search={
            "embedding": Range(choices=(16, 32, 64, 128)),
            "cnn": Range(choices=(25, 50, 100)),
            "transformer": Range(choices=(8, 16, 32)),
        },
    ),
    "optimizer": _choice(
        OPTIMIZERS, "What updates the weights; lazy_adam is for large tables of words."
    ),
    "learning_rate": Setting(
        float,
        "Step size of the optimizer.",
        above=0,
        most=1000,
        search={
            "embedding": Range(1e-4, 1e-2, log=True),
            "cnn": Range(2e-4, 5e-3, log=True),
            "transformer": Range(5e-6, 5e-4, log=True),
        },
    ),
    "patience": _whole(0, 100_000, "Epochs without improvement before training stops."),
    "monitor": _choice(MONITORS, "The column of the history that must improve."),
    "min_delta": Setting(
        float, "The least change that counts as an improvement.", least=0, most=1000
    ),
    "epsilon": Setting(float, "Keeps the optimizer from dividing by 0.", 1e-7, least=0, most=1),
    "weight_decay": Setting(
        float, "Decoupled decay of weights, not of biases and norms; adamw's.", 0.0, least=0, most=1
    ),
    "warmup_steps": _whole(0, 10**7, "Updates over which the learning rate rises from 0.", 0),
    "schedule": _choice(
        SCHEDULES,
        "Learning rate after that: as it is, or falling to 0.",
        "constant",
        search={"transformer": Range(choices=SCHEDULES)},
    ),
    "accumulate": _whole(1, 65_536, "Parts in which a batch is computed, to save memory.", 1),
    "clip": Setting(
        float, "Largest global norm of the gradients; 0 does not clip.", 0.0, least=0, most=10**6
    ),
}

# What every row has; the row itself says the first three.
GENERAL = {
    "weights": Setting(str, "Handle, folder or archive of pretrained weights; none starts afresh."),
    "trainable": Setting(bool, "Whether pretrained weights are trained or kept as they are."),
    "max_tokens": _whole(
        0,
        10**6,
        "Words or pieces kept of a text, or of a window of it; 0 keeps all words.",
        search={
            "cnn": Range(choices=(250, 500, 1000)),
            "transformer": Range(choices=(64, 128, 256, 512)),
        },
    ),
    "seed": _whole(0, 2**32 - 1, "Seed of initial weights, order and dropout.", 0),
    "recipe": _choice(
        RECIPES, "How to train: as chosen on validation texts, or as the study did.", "default"
    ),
    "refit": Setting(
        bool, "Whether to train once more, on train and validation, when all is chosen.", False
    ),
    "class_weight": _choice(
        CLASS_WEIGHTS,
        "Whether both classes weigh the same in training; auto: from 3 texts to 1 on.",
        "auto",
    ),
    "balance": _choice(
        BALANCES, "Of several data sets: whether each text or each set weighs the same.", "rows"
    ),
    "calibrate": _choice(
        CALIBRATIONS, "What is fitted on validation texts so that scores are shares.", "temperature"
    ),
    "precision": _choice(
        ("auto", *PRECISIONS),
        "What training computes in; auto takes what the device is quick at.",
        "auto",
    ),
    "checkpoint_steps": _whole(
        0, 10**7, "Updates between checkpoints within an epoch; 0 for none.", 500
    ),
    "devices": Setting(
        str, "What trains: auto, all GPUs, some by number (0,1), or cpu:2 to try without.", "auto"
    ),
    "deterministic": Setting(
        bool, "Whether the same seed gives the same numbers on a GPU too, slower.", False
    ),
}

# What rows of one kind or a few have.
PARTICULAR = {
    "vocabulary_size": _whole(
        1,
        10**7,
        "Words or pieces of a vocabulary learnt from the training split.",
        fresh=True,
        search={kind: Range(2000, 50_000, log=True) for kind in ("embedding", "cnn")},
    ),
    "oov_buckets": _whole(0, 10**7, "Rows of the table for unknown words.", fresh=True),
    "min_count": _whole(
        1,
        10**6,
        "Words that occur less often do not enter the vocabulary.",
        fresh=True,
        search={kind: Range(1, 5) for kind in ("embedding", "word2vec", "cnn")},
    ),
    "normalise": _choice(
        NORMALISATIONS,
        "Done to a text first: nothing, lower-casing, or that and punctuation to spaces.",
        fresh=True,
    ),
    "analyzer": _choice(
        ANALYZERS,
        "What a token is; auto: a word; without spaces a learnt piece, or a character.",
        "auto",
        fresh=True,
    ),
    "ngrams": _whole(
        1,
        10,
        "Longest run of words, or of characters, that is a term.",
        search={"tfidf": Range(1, 3)},
    ),
    "window": _whole(
        1,
        1000,
        "Words on either side that a word's vector is learnt from.",
        fresh=True,
        search={"word2vec": Range(2, 10)},
    ),
    "vector_epochs": _whole(
        1,
        100_000,
        "Passes over the training texts that learn word vectors.",
        fresh=True,
        search={"word2vec": Range(5, 20)},
    ),
    "filters": _whole(
        1,
        65_536,
        "Filters of each width, which are 3, 4 and 5 words.",
        search={"cnn": Range(32, 256, log=True)},
    ),
    "min_df": _whole(1, 10**7, "Terms in fewer texts are left out.", search={"tfidf": Range(1, 5)}),
    "sublinear_tf": Setting(
        bool,
        "Whether counts are damped by a logarithm.",
        search={"tfidf": Range(choices=(True, False))},
    ),
    "max_features": _whole(
        1,
        10**8,
        "Terms kept at most, the most frequent.",
        search={"tfidf": Range(10_000, 500_000, log=True)},
    ),
    "C": Setting(
        float,
        "Inverse strength of the logistic regression's penalty.",
        least=1e-6,
        most=1e9,
        search={kind: Range(0.1, 100, log=True) for kind in ("tfidf", "word2vec")},
    ),
    "architecture": _choice(ARCHITECTURES, "Kind of encoder.", fresh=True),
    "num_layers": _whole(1, 1000, "Layers of the encoder.", fresh=True),
    "num_heads": _whole(1, 1024, "Attention heads of a layer; must divide its width.", fresh=True),
    "hidden_dim": _whole(1, 65_536, "Width of a token's vector between layers.", fresh=True),
    "intermediate_dim": _whole(
        1, 10**6, "Width inside a layer's feed-forward network.", fresh=True
    ),
    "embedding_dim": _whole(
        0, 65_536, "Width of ALBERT's and MobileBERT's token table; 0 for others.", fresh=True
    ),
    "activation": _choice(ACTIVATIONS, "Of the feed-forward networks.", fresh=True),
    "pooler": Setting(
        bool, "Whether a dense tanh layer follows the first token; not DistilBERT.", fresh=True
    ),
    "dropout": Setting(
        float,
        "Share of numbers dropped in the encoder.",
        least=0,
        below=1,
        fresh=True,
        search={"transformer": Range(0, 0.3)},
    ),
    "pooling": _choice(POOLINGS, "What is judged of a text: the first token, or the mean of all."),
    "long": _choice(LONG, "What is read of texts longer than max_tokens."),
    "max_windows": _whole(1, 10_000, "Windows of a text at most, with long=windows."),
    "trainable_layers": _whole(0, 1000, "Top layers to train; 0 trains all."),
}

SETTINGS = {**GENERAL, **RECIPE, **PARTICULAR}

# Kind of row -> the settings that its rows give.
KINDS = {
    "embedding": ("analyzer", "normalise", "vocabulary_size", "oov_buckets", "min_count"),
    "tfidf": ("analyzer", "ngrams", "min_df", "sublinear_tf", "max_features", "C"),
    "word2vec": ("analyzer", "normalise", "min_count", "window", "vector_epochs", "C"),
    "cnn": ("analyzer", "normalise", "vocabulary_size", "oov_buckets", "min_count", "filters"),
    "transformer": (
        *("architecture", "num_layers", "num_heads", "hidden_dim", "intermediate_dim"),
        *("embedding_dim", "activation", "pooler", "dropout", "vocabulary_size", "pooling"),
        *("long", "max_windows", "trainable_layers"),
    ),
}

# What of a vocabulary a file of word vectors does not say.
OPEN_OF_VECTORS = ("normalise", "oov_buckets")

# Kind of row -> what of `GENERAL` means nothing to it, and so must stay as it is.
IDLE = {
    "tfidf": (
        "recipe",
        "weights",
        "trainable",
        "max_tokens",
        "precision",
        "checkpoint_steps",
        "devices",
    ),
    "word2vec": ("recipe", "trainable", "precision", "checkpoint_steps", "devices"),
}

# Family -> its kinds. A row's kind is its family's name unless it says otherwise.
FAMILIES = {
    "embedding": ("embedding",),
    "linear": ("tfidf", "word2vec"),
    "cnn": ("cnn",),
    "transformer": ("transformer",),
}


def checked(name: str, value: object, where: str) -> object:
    """Return the value of a setting, of the setting's type.

    Args:
        name: A key of `SETTINGS`.
        value: What was given.
        where: Where it was given, for the message: "with --set".

    Raises:
        UsageError: It is not what the setting allows.
    """
    setting = SETTINGS[name]
    value = _as_float(value) if setting.kind is float else value
    if setting.allows(value):
        return value
    if setting.choices:
        guess = nearest(value, setting.choices) if isinstance(value, str) else ""
        raise UsageError(
            f"Unknown {name} {shown(value)} {where}.{guess} Allowed: {', '.join(setting.choices)}."
        )
    raise UsageError(
        f"The setting {name!r} must be {setting.allowed}. Received: {shown(value)} {where}."
    )


def nearest(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the known word closest to `word`, or ""."""
    matches = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {matches[0]!r}?" if matches else ""


def _as_float(value: object) -> object:
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            return math.inf  # which no setting allows
    return value + 0.0 if type(value) is float else value  # -0.0 becomes 0.0


def shown(value: object) -> str:
    """Repeat a wrong value, however long it is."""
    if type(value) is int and value.bit_length() > 200:  # Python refuses to print the longest
        return "a whole number of more than 60 digits"
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."


def _plain(bound: float) -> str:
    return f"{bound:,}" if isinstance(bound, int) else f"{bound:g}"
