"""Files that start TensorFlow Serving on a repository of models.

Sources: TensorFlow Serving's documents "Serving Configuration" and "TensorFlow Serving with
Docker". What they say is followed; its binary was not run.
"""

from collections.abc import Iterable, Mapping, Sequence

MODELS = "models.config"
BATCHING = "batching.config"
COMPOSE = "compose.yaml"
# The newest image that was found; a SavedModel of TensorFlow 2.21 was not tried in it.
IMAGE = "tensorflow/serving:2.20.0"
REST_PORT = 8501
EXAMPLE = (  # long enough to be scored by most runs
    "Senate passes budget. After a long night of debate lawmakers sent the spending plan to the "
    "House."
)

CHECKED = (
    "Checked against TensorFlow Serving's documents and through TensorFlow's own loader in a "
    "process without tfnews; not run in TensorFlow Serving itself."
)


def models_config(rows: Iterable[tuple[str, Sequence[int], Mapping[str, int]]]) -> str:
    """Return models.config, which a server reads again every minute.

    Args:
        rows: Of each model its name, the versions to load, and the version of each label.
    """
    head = (
        "# Written by tfnews export from each model's labels.json; change it with\n"
        "# tfnews export --promote or --rollback.\n"
    )
    return head + "model_config_list {\n" + "".join(map(_config, rows)) + "}\n"


def _config(row: tuple[str, Sequence[int], Mapping[str, int]]) -> str:
    name, versions, labels = row
    # A label in use may only move to a version that is loaded, so no canary is named without one.
    named = {label: version for label, version in labels.items() if label == "stable"}
    if labels["canary"] != labels["stable"]:
        named = dict(labels)
    loaded = "".join(f"        versions: {version}\n" for version in versions)
    lines = "".join(
        f'    version_labels {{ key: "{label}" value: {version} }}\n'
        for label, version in named.items()
    )
    return (
        "  config {\n"
        f'    name: "{name}"\n'
        f'    base_path: "/models/{name}"\n'
        '    model_platform: "tensorflow"\n'
        f"    model_version_policy {{\n      specific {{\n{loaded}      }}\n    }}\n"
        f"{lines}"
        "  }\n"
    )


def curl(name: str, label: str = "stable") -> str:
    """Return a line that asks a served model about one text."""
    address = f"http://localhost:{REST_PORT}/v1/models/{name}/labels/{label}:predict"
    return f"""curl -d '{{"instances": ["{EXAMPLE}"]}}' {address}"""


FILES = {
    BATCHING: (
        "max_batch_size { value: 64 }\n"
        "batch_timeout_micros { value: 2000 }\n"
        "max_enqueued_batches { value: 100 }\n"
        "num_batch_threads { value: 2 }\n"
    ),
    COMPOSE: f"""\
# docker compose up
# {CHECKED}
# The two lines on batching join requests to batches. They refuse the signature token_ids, whose
# inputs differ in length: take them out to use it.
services:
  serving:
    image: {IMAGE}
    ports:
      - "8500:8500"  # gRPC
      - "{REST_PORT}:{REST_PORT}"  # REST
    volumes:
      - ".:/models:ro"
    command:
      - --model_config_file=/models/{MODELS}
      - --model_config_file_poll_wait_seconds=60
      - --allow_version_labels_for_unavailable_models=true
      - --enable_batching=true
      - --batching_parameters_file=/models/{BATCHING}
""",
}
