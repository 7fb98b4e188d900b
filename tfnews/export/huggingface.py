"""A transformer run as a folder that Hugging Face's transformers opens."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import tensorflow as tf
from safetensors.numpy import load_file, save_file

from tfnews.errors import ExportError
from tfnews.export.parity import Facts
from tfnews.export.request import Options
from tfnews.export.tokenizer_files import TOKENIZER_FILE, huggingface
from tfnews.models.classifier import NewsClassifier
from tfnews.models.text.pieces import PieceTokenizer
from tfnews.models.text.wordpiece import WordPieceTokenizer
from tfnews.models.transformer.checkpoint import CONFIG, TENSORS, stored
from tfnews.models.transformer.family import (
    TransformerBackbone,
    TransformerClassifier,
    TransformerPreprocessor,
)
from tfnews.models.transformer.layouts import LAYOUTS, named_variables
from tfnews.models.transformer.pretrained import open_pretrained
from tfnews.models.transformer.vocabularies import TOKENIZER_CONFIG

# Architecture -> the class of transformers, and the names of the tensors of its head.
_CLASSES = {
    "bert": ("BertForSequenceClassification", ["classifier"]),
    "distilbert": ("DistilBertForSequenceClassification", ["pre_classifier", "classifier"]),
    "albert": ("AlbertForSequenceClassification", ["classifier"]),
    "mobilebert": ("MobileBertForSequenceClassification", ["classifier"]),
}
# What `transformers` takes for granted where a configuration does not say it.
_DROPOUTS = {
    "bert": "classifier_dropout",
    "distilbert": "seq_classif_dropout",
    "albert": "classifier_dropout_prob",
    "mobilebert": "hidden_dropout_prob",
}
_TOKENIZERS = {
    "bert": "BertTokenizer",
    "distilbert": "DistilBertTokenizer",
    "albert": "AlbertTokenizer",
    "mobilebert": "MobileBertTokenizer",
}


def check(classifier: NewsClassifier) -> None:
    """Make sure that transformers has a class for a classifier.

    Raises:
        ExportError: It has none; the message says why.
    """
    if not isinstance(classifier, TransformerClassifier):
        raise ExportError(_refused("it is no transformer"))
    backbone, preprocessor = classifier.backbone, classifier.preprocessor
    architecture = _architecture(classifier)
    if backbone.windows or preprocessor.long != "truncate":
        raise ExportError(
            _refused(f"it reads long texts as {preprocessor.long}, and transformers cuts them")
        )
    if backbone.pooling != "pooled":
        raise ExportError(
            _refused(f"it judges the {backbone.pooling} of a text's tokens, and its classes do not")
        )
    if architecture in ("bert", "albert") and not backbone.encoder.pooler:
        raise ExportError(_refused(f"its encoder has no pooler, and that of {architecture} has"))
    if classifier.calibration.knots:
        raise ExportError(
            _refused(
                "its scores are calibrated by isotonic regression, a line with bends, and its "
                "classes end in a straight one (tfnews calibrate RUN --method platt)"
            )
        )
    layers = len(_CLASSES[architecture][1])
    widths = [backbone.encoder.hidden_dim] * (layers - 1)
    if classifier.head["hidden"] != widths or classifier.head["units"] != 2:
        raise ExportError(_refused(f"its head is {classifier.head}"))


def refusal(classifier: NewsClassifier) -> str | None:
    """Return why transformers has no class for a classifier, `None` where it has."""
    try:
        check(classifier)
    except ExportError as error:
        return str(error)
    return None


def write(
    classifier: NewsClassifier, folder: Path, options: Options, training: Sequence[str]
) -> Facts:
    """Write model.safetensors, config.json and the tokenizer's files.

    Temperature and bias are part of the last layer's weights. The threshold is in config.json under
    "tfnews": transformers calls the likelier class.

    Args:
        classifier: In float32.
        folder: Is made.
        options: Nothing of them is for this target.
        training: Training texts, of no use here.

    Raises:
        ExportError: transformers has no class for it.
    """
    check(classifier)
    folder.mkdir(exist_ok=True)
    save_file(tensors(classifier), folder / TENSORS, metadata={"format": "pt"})
    _write_json(folder / CONFIG, configuration(classifier))
    _write_tokenizer(classifier, folder)
    return Facts(left_out=_LEFT_OUT, notes=_NOTES)


_LEFT_OUT = (
    "Guards and threshold: config.json holds them under tfnews; transformers gives every text a "
    "number and calls the likelier class.",
    "Joining title and body, and removing white space around both: whoever asks does it.",
)
_NOTES = (
    "Read anew by tfnews itself; tools/check_huggingface.py asks transformers, which is not needed "
    "here.",
)


class Folder:
    """A folder, read anew.

    Args:
        folder: What `write` filled.
    """

    def __init__(self, folder: Path):
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        stored_head = load_file(folder / TENSORS)
        found = open_pretrained(str(folder))
        names = _CLASSES[config["model_type"]][1]
        hidden = [len(stored_head[f"{name}.bias"]) for name in names[:-1]]
        head = {"hidden": hidden, "dropout": [0.0] * len(hidden), "units": 2}
        tokenizer = json.loads((folder / TOKENIZER_CONFIG).read_text(encoding="utf-8"))
        preprocessor = TransformerPreprocessor(
            found.tokenizer,
            tokenizer["model_max_length"],
            segments="segment_ids" in found.encoder.input,
            pad_after=int(config["model_type"] == "mobilebert"),
        )
        self._classifier = TransformerClassifier(
            TransformerBackbone(found.encoder), preprocessor, head=head
        )
        dense = [layer for layer in self._classifier.head_layers if layer.weights]
        for name, layer in zip(names, dense, strict=True):
            layer.set_weights([stored_head[f"{name}.weight"].T, stored_head[f"{name}.bias"]])

    def answers(self, texts: Sequence[str]) -> np.ndarray:
        """Return the fake probabilities of raw texts, float32 (texts,)."""
        return self._classifier.probabilities(texts)

    def answers_ids(self, ids: tf.RaggedTensor) -> np.ndarray:
        """Return the fake probabilities of encoded texts (texts, tokens), float32 (texts,)."""
        return self._classifier.probabilities(ids)

    def scored(self, texts: Sequence[str]) -> None:
        """Return `None`: transformers asks no guards."""
        return None


opened = Folder


def tensors(classifier: TransformerClassifier) -> dict[str, np.ndarray]:
    """Return the arrays of a classifier by the names that transformers gives them."""
    architecture, encoder = _architecture(classifier), classifier.backbone.encoder
    found = {
        f"{architecture}.{name}": stored(variable)
        for name, variable in named_variables(encoder, LAYOUTS[architecture]).items()
    }
    dense = [layer for layer in classifier.head_layers if layer.weights]
    for name, layer in zip(_CLASSES[architecture][1], dense, strict=True):
        scale = 1.0 / classifier.temperature if layer is dense[-1] else 1.0
        found[f"{name}.weight"] = np.ascontiguousarray(layer.kernel.numpy().T) * np.float32(scale)
        found[f"{name}.bias"] = layer.bias.numpy() * np.float32(scale)
    found[f"{name}.bias"][-1] += np.float32(classifier.calibration.bias)
    return found


def configuration(classifier: TransformerClassifier) -> dict:
    """Return the content of config.json."""
    architecture, encoder = _architecture(classifier), classifier.backbone.encoder
    layout, own = LAYOUTS[architecture], encoder.get_config()
    sizes = {**own, **own.get("sizes", {}), "vocabulary_size": _vocabulary_size(classifier)}
    names = list(classifier.class_names)
    rates = classifier.head["dropout"]
    tokenizer = classifier.preprocessor.tokenizer
    return {
        "model_type": architecture,
        "architectures": [_CLASSES[architecture][0]],
        **layout.fixed,
        **{key: sizes[name] for name, key in layout.sizes.items() if name in sizes},
        **_left_to_defaults(architecture, sizes),
        layout.activation: encoder.activation,
        _DROPOUTS[architecture]: rates[-1] if rates else 0.0,
        "classifier_activation": bool(encoder.pooler),
        "pad_token_id": tokenizer.pad_token_id,
        "id2label": {str(label): name for label, name in enumerate(names)},
        "label2id": {name: label for label, name in enumerate(names)},
        "tfnews": {
            "trained_on": classifier.trained_on,
            "label_basis": classifier.label_basis,
            "threshold": classifier.threshold,
            "band": asdict(classifier.band) if classifier.band else None,
            "input_rule": classifier.input_rule,
            "guards": classifier.guards.get_config() if classifier.guards else None,
        },
    }


def _architecture(classifier: TransformerClassifier) -> str:
    return getattr(classifier.backbone.encoder, "architecture", "mobilebert")


def _vocabulary_size(classifier: TransformerClassifier) -> int:
    """Return the rows of the token table, of which the vocabulary may use fewer."""
    architecture = _architecture(classifier)
    table = named_variables(classifier.backbone.encoder, LAYOUTS[architecture])
    return table["embeddings.word_embeddings.weight"].shape[0]


def _left_to_defaults(architecture: str, sizes: dict) -> dict:
    """Return what keras-hub takes for granted where a configuration says nothing."""
    plain = {"num_segments": 2, "num_groups": 1, "num_inner_repetitions": 1, "dropout": 0.1}
    keys = LAYOUTS[architecture].sizes
    missing = {keys[name]: plain[name] for name in plain if name in keys and name not in sizes}
    dropout = sizes.get("dropout", plain["dropout"])
    attention = "attention_dropout" if architecture == "distilbert" else None
    return missing | {attention or "attention_probs_dropout_prob": dropout}


def _write_tokenizer(classifier: TransformerClassifier, folder: Path) -> None:
    tokenizer = classifier.preprocessor.tokenizer
    settings = {
        "tokenizer_class": _TOKENIZERS[_architecture(classifier)],
        "model_max_length": classifier.preprocessor.sequence_length,
        "do_lower_case": tokenizer.lowercase,
        "unk_token": tokenizer.unknown_token,
        "pad_token": tokenizer.pad_token,
        "cls_token": tokenizer.start_token,
        "sep_token": tokenizer.end_token,
        "mask_token": "[MASK]",
        # The name of a special token inside a text is plain text.
        "split_special_tokens": True,
    }
    if isinstance(tokenizer, WordPieceTokenizer):
        settings |= {"strip_accents": tokenizer.strip_accents, "tokenize_chinese_chars": True}
        lines = "".join(f"{piece}\n" for piece in tokenizer.get_vocabulary())
        (folder / "vocab.txt").write_bytes(lines.encode())
    elif isinstance(tokenizer, PieceTokenizer):
        settings |= {"keep_accents": tokenizer.keep_accents}
        (folder / "spiece.model").write_bytes(tokenizer.proto)
    _write_json(folder / TOKENIZER_CONFIG, settings)
    _write_json(folder / TOKENIZER_FILE, huggingface(tokenizer))


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _refused(reason: str) -> str:
    return (
        f"transformers has no class that answers as this run does: {reason}. Allowed: rows of "
        "BERT, DistilBERT, ALBERT or MobileBERT that judge the pooled first token of the start of "
        "a text. Export to savedmodel or tflite instead."
    )
