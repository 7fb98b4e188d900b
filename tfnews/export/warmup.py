"""Requests that TensorFlow Serving answers as it loads a model, so that the first user need not.

Source: TensorFlow Serving's document "SavedModel Warmup": a TFRecord of PredictionLog messages.
"""

from pathlib import Path

import tensorflow as tf

FILE = Path("assets.extra", "tf_serving_warmup_requests")
MISSING = (
    "No warm-up requests were written, because tensorflow-serving-api is not installed. The model "
    "works without; its first answers take longer. To have them: pip install 'tfnews[export]'"
)

_SENTENCES = (
    "The harbour office of Arvel approves the budget for the old pier.",
    "You will not believe what the mayor of Brask did next!",
    "Fewer accidents were counted on the coast road in the second quarter, the ministry reports.",
)
_BATCHES = (1, 8, 64)
_LENGTHS = (1, 20, 100)  # sentences


def write(folder: Path, name: str) -> bool:
    """Write made-up texts of several lengths, in batches of several sizes, beside a SavedModel.

    For `serving_default` alone: a server that batches refuses the ragged ids of the other one.

    Args:
        folder: The SavedModel's.
        name: Of the model on the server.

    Returns:
        Whether it was written: the message classes may be missing.
    """
    try:
        from tensorflow_serving.apis import model_pb2, predict_pb2, prediction_log_pb2
    except ImportError:
        return False
    path = folder / FILE
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as records:
        for texts in _requests():
            request = predict_pb2.PredictRequest(
                model_spec=model_pb2.ModelSpec(name=name, signature_name="serving_default"),
                inputs={"text": tf.make_tensor_proto(texts)},
            )
            log = prediction_log_pb2.PredictLog(request=request)
            record = prediction_log_pb2.PredictionLog(predict_log=log)
            records.write(record.SerializeToString())
    return True


def _requests() -> list[list[str]]:
    texts = [" ".join(_SENTENCES * length) for length in _LENGTHS]
    return [(texts * size)[:size] for size in _BATCHES]
