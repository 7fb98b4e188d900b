"""A client of TensorFlow Serving's REST that speaks in its own messages.

Written from the document "RESTful API" and the messages of tensorflow-serving-api: it knows nothing
of tfnews, and would talk to TensorFlow Serving unchanged.
"""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    predict_pb2,
)


class Client:
    """Asks one server.

    Args:
        address: Such as "http://localhost:8501".
    """

    def __init__(self, address: str):
        self.address = address

    def status(self, spec: model_pb2.ModelSpec) -> get_model_status_pb2.GetModelStatusResponse:
        """Ask for the states of a model's versions."""
        return json_format.Parse(
            self._get(_path(spec)), get_model_status_pb2.GetModelStatusResponse()
        )

    def metadata(self, spec: model_pb2.ModelSpec) -> get_model_metadata_pb2.SignatureDefMap:
        """Ask for a model's signatures."""
        told = json.loads(self._get(f"{_path(spec)}/metadata"))
        signatures = get_model_metadata_pb2.SignatureDefMap()
        return json_format.ParseDict(told["metadata"]["signature_def"], signatures)

    def predict(self, request: predict_pb2.PredictRequest) -> predict_pb2.PredictResponse:
        """Ask for a prediction, in columns, which any request fits."""
        spec = request.model_spec
        columns = {name: _json(tf.make_ndarray(one)) for name, one in request.inputs.items()}
        body = {"signature_name": spec.signature_name or "serving_default", "inputs": columns}
        outputs = json.loads(self._post(spec, "predict", body))["outputs"]
        told = self.metadata(spec).signature_def[body["signature_name"]].outputs
        if len(told) == 1:
            outputs = {next(iter(told)): outputs}
        response = predict_pb2.PredictResponse(model_spec=spec)
        for name, values in outputs.items():
            dtype = tf.dtypes.as_dtype(told[name].dtype)
            response.outputs[name].CopyFrom(tf.make_tensor_proto(values, dtype))
        return response

    def classify(
        self, request: classification_pb2.ClassificationRequest
    ) -> classification_pb2.ClassificationResponse:
        """Ask for classes of examples."""
        spec = request.model_spec
        examples = [_features(one) for one in request.input.example_list.examples]
        body = {"signature_name": spec.signature_name, "examples": examples}
        response = classification_pb2.ClassificationResponse(model_spec=spec)
        for pairs in json.loads(self._post(spec, "classify", body))["results"]:
            one = response.result.classifications.add()
            for label, score in pairs:
                one.classes.add(label=label, score=score)
        return response

    def _get(self, path: str) -> str:
        return self._ask(urllib.request.Request(f"{self.address}{path}"))

    def _post(self, spec: model_pb2.ModelSpec, method: str, body: dict) -> str:
        address = f"{self.address}{_path(spec)}:{method}"
        return self._ask(urllib.request.Request(address, json.dumps(body).encode()))

    def _ask(self, request: urllib.request.Request) -> str:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                told = json.loads(error.read())
            raise ServingError(error.code, told["error"]) from None


class ServingError(Exception):
    """An answer that is an error.

    Args:
        status: Of HTTP.
        message: The server's.
    """

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


def _path(spec: model_pb2.ModelSpec) -> str:
    path = f"/v1/models/{urllib.parse.quote(spec.name, safe='')}"
    if spec.HasField("version"):
        return f"{path}/versions/{spec.version.value}"
    return f"{path}/labels/{spec.version_label}" if spec.version_label else path


def _json(array: np.ndarray) -> object:
    """Return nested lists; bytes as {"b64": ...}, for not all bytes are UTF-8."""
    if array.dtype.kind not in "OS":
        return array.tolist()
    values = np.empty(array.size, dtype=object)
    values[:] = [{"b64": base64.b64encode(value).decode()} for value in array.ravel()]
    return values.reshape(array.shape).tolist()


def _features(example: tf.train.Example) -> dict:
    told = {}
    for name, feature in example.features.feature.items():
        values = getattr(feature, feature.WhichOneof("kind")).value
        told[name] = [value.decode() if isinstance(value, bytes) else value for value in values]
    return told
