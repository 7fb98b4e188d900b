import importlib.util

import pytest

from tfnews.catalogue.names import RUNNERS
from tfnews.errors import UsageError
from tfnews.scoring.sharded.runners import check_runner, has_workers, pipeline_options

WORKERS = ("--direct_num_workers=2", "--direct_running_mode=multi_processing")


@pytest.mark.parametrize("runner", [name for name in RUNNERS if name != "DataflowRunner"])
def test_every_runner_takes_its_options_and_beam_knows_it(runner):
    from apache_beam.runners.runner import create_runner

    check_runner(runner, ("--job_name=a", "--temp_location", "b"))
    options = pipeline_options(runner, ("--job_name=a",)).get_all_options()
    assert options["job_name"] == "a"
    assert create_runner(options["runner"])


@pytest.mark.parametrize(
    ("runner", "options", "message"),
    [
        ("directrunner", (), "Unknown runner 'directrunner'. Allowed: DirectRunner, "),
        ("DirectRunner", ("b.csv",), "Received besides: 'b.csv'. Put the pattern in quotes"),
        ("DirectRunner", ("--direct_num_workers=two",), "invalid int value: 'two'"),
        ("DirectRunner", ("--direct_running_mode=x",), "invalid choice: 'x'"),
        ("DirectRunner", ("--nosuch=1",), "knows no option 'nosuch'"),
        ("PrismRunner", ("--runner=FlinkRunner",), "--runner stands before the --, once"),
        ("DataflowRunner", ("--project=a",), "pip install 'apache-beam"),
    ],
)
def test_wrong_runners_and_options_are_told(runner, options, message):
    with pytest.raises(UsageError) as told:
        check_runner(runner, options)
    assert message in str(told.value)


def test_job_servers_have_options_of_their_own():
    check_runner("FlinkRunner", ("--nosuch=1", "--flink_master=localhost:8081"))


def test_without_beam_its_extra_is_named(monkeypatch):
    found = importlib.util.find_spec
    hidden = lambda name: None if name == "apache_beam" else found(name)  # noqa: E731
    monkeypatch.setattr(importlib.util, "find_spec", hidden)
    with pytest.raises(UsageError, match=r"pip install 'tfnews\[beam\]'"):
        check_runner("DirectRunner", ())


def test_processes_of_this_machine_are_watched():
    assert has_workers("DirectRunner", WORKERS)
    assert has_workers("DirectRunner", ("--direct_running_mode", "multi_threading"))
    assert not has_workers("DirectRunner", WORKERS[:1])
    assert not has_workers("FlinkRunner", WORKERS)
