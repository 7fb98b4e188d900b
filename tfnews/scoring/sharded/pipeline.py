"""Scoring as an Apache Beam pipeline: read, guard and score, write, count.

Where the files are cut, and all that is written, is `shards`; this says how an engine does it.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.ml.inference.base import ModelHandler, RunInference

from tfnews.errors import RunError
from tfnews.records.sharded import ShardRecord
from tfnews.runs import model_folder
from tfnews.scoring.sharded import shards
from tfnews.scoring.sharded.inputs import folder_digest
from tfnews.scoring.sharded.runners import pipeline_options
from tfnews.scoring.sharded.shards import Job, Shard, Stripe

if TYPE_CHECKING:
    from tfnews.models import NewsClassifier

NAMESPACE = "tfnews"  # of the counters

_ONE_AT_A_TIME = threading.Lock()  # engines have several threads, TensorFlow its own


def run_pipeline(job: Job, todo: Sequence[Stripe], runner: str, options: Sequence[str]) -> None:
    """Score what is left of a job, and return when it is done."""
    with beam.Pipeline(options=pipeline_options(runner, options)) as pipeline:
        (
            pipeline
            | "Stripes" >> beam.Create(todo)
            | "Spread" >> beam.Reshuffle()
            | "Read" >> beam.ParDo(_Read(job))
            | "Score" >> RunInference(_Handler(job))
            | "Write" >> beam.ParDo(_Write(job))
        )


class _Read(beam.DoFn):
    def __init__(self, job: Job):
        self._job = job

    def process(self, stripe: Stripe) -> Iterator[Shard]:
        yield from shards.read(self._job, stripe)


class _Handler(ModelHandler):
    """Answers shards one by one, each in batches of texts of like length.

    It opens the run itself, not an export of it: guards, thresholds and bands of unsure scores are
    then those of plain `predict`, and one way leads to an answer.
    """

    def __init__(self, job: Job):
        super().__init__(min_batch_size=1, max_batch_size=1)
        self._job = job

    def load_model(self) -> "NewsClassifier":
        if folder_digest(model_folder(self._job.run)) != self._job.run_digest:
            raise RunError(
                f"The run at {self._job.run[-150:]} on a worker is another than on the machine "
                "that started it. Copy the same folder to the same place on all of them."
            )
        return shards.opened(self._job)

    def run_inference(
        self,
        batch: Sequence[Shard],
        model: "NewsClassifier",
        inference_args: dict | None = None,
    ) -> Iterable[Shard]:
        with _ONE_AT_A_TIME:
            return [shards.answered(self._job, shard, model) for shard in batch]

    def get_num_bytes(self, batch: Sequence[Shard]) -> int:
        return sum(len(item.text or "") for shard in batch for item in shard.items)

    def get_metrics_namespace(self) -> str:
        return NAMESPACE


class _Write(beam.DoFn):
    def __init__(self, job: Job):
        self._job = job

    def process(self, shard: Shard) -> None:
        for name, count in _counters(shards.write(self._job, shard)).items():
            Metrics.counter(NAMESPACE, name).inc(count)


def _counters(found: ShardRecord) -> dict[str, int]:
    return {
        "shards": 1,
        "records": found.records,
        "scored": found.flagged + found.below + found.unsure,
        "unsure": found.unsure,
        "not_scored": sum(found.not_scored.values()),
        "unreadable": found.unreadable,
    }
