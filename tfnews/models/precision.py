"""Mixed-precision policies: which one a device wants, and a model under one."""

import tensorflow as tf

from tfnews.catalogue import Row
from tfnews.errors import UsageError
from tfnews.models.classifier import NewsClassifier

# Not avx512_bf16: MiniLM trains in bfloat16 at .74 of its float32 rate where that stands alone.
_BFLOAT16_CPU = "amx_bf16"
_NOT_IN_FLOAT16 = {"mobilebert"}  # architectures whose activations exceed float16's largest number


def choose(precision: str, row: Row) -> str:
    """Return the policy that "auto" stands for on this machine; other names stand for themselves.

    Tensor cores do float16 from compute capability 7.0 and bfloat16 from 8.0. On a CPU only the
    transformers gain, and only with a matrix unit for bfloat16 (AMX).

    Raises:
        UsageError: The architecture cannot compute in the precision that is named.
    """
    float16 = row.settings.get("architecture") not in _NOT_IN_FLOAT16
    if precision == "mixed_float16" and not float16:
        raise UsageError(
            f"{row.name} cannot be trained in float16: its activations exceed 65,504, float16's "
            f"largest number. Received: {precision}. Allowed: auto, float32, mixed_bfloat16."
        )
    if precision != "auto":
        return precision
    gpus = tf.config.get_visible_devices("GPU")
    if not gpus:
        gains = row.family == "transformer" and _BFLOAT16_CPU in _cpu_flags()
        return "mixed_bfloat16" if gains else "float32"
    details = tf.config.experimental.get_device_details(gpus[0])
    capability = details.get("compute_capability", (0, 0))
    if capability >= (8, 0):
        return "mixed_bfloat16"
    return "mixed_float16" if capability >= (7, 0) and float16 else "float32"


def under_policy(classifier: NewsClassifier, policy: str, anew: bool = False) -> NewsClassifier:
    """Return the classifier itself for float32, else a copy that computes under `policy`.

    The copy's variables are float32 and hold the same values; it reads texts by the same
    preprocessor.

    Args:
        classifier: In float32.
        policy: Name of a policy of Keras.
        anew: Whether to copy for float32, too: variables are to be on other devices.

    Raises:
        UsageError: The classifier cannot be computed otherwise than it is: it is quantised, or a
            module that is used as it is.
    """
    if policy == "float32" and not anew:
        return classifier
    config = classifier.get_config()
    config["backbone"]["config"]["dtype"] = policy
    config["preprocessor"] = None
    copy = type(classifier).from_config(config)
    if [v.shape for v in copy.weights] != [v.shape for v in classifier.weights]:
        raise UsageError(
            f"This model computes as it was saved, not in {policy}: it is quantised, or a TF-Hub "
            "module used as it is. Leave --precision out."
        )
    # Parents come before their children, which a parent's setting would overwrite.
    for layer, original in zip(
        copy.backbone._flatten_layers(), classifier.backbone._flatten_layers(), strict=True
    ):
        layer.trainable = original.trainable
    copy.set_weights(classifier.get_weights())
    copy.preprocessor = classifier.preprocessor
    return copy


def _cpu_flags() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""
