"""Launching for real, in every installed launcher, with jobs that take no time."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kreg import sweeps
from kreg.config.validate import ConfigError
from kreg.launch import commandline, gate, launchers, searches
from kreg.launch.compose import compose_job
from kreg.runs import InUseError
from kreg.sweeps import jobs, table
from kreg.sweeps.in_process import Composed
from kreg.sweeps.job_progress import JobProgress
from kreg.sweeps.jobs import varied
from kreg.sweeps.sweep_directory import SweepDirectory
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[3]


def started(tmp_path) -> dict:
    files = (tmp_path / "out").glob("*/started")
    return {file.parent.name.split("_")[0]: file.read_text().count("once") for file in files}


def installed(plugin):
    return pytest.mark.skipif(not launchers.installed(plugin), reason=f"needs {plugin}")


@pytest.mark.parametrize(
    "launcher",
    [
        "kreg",
        "stacked",
        pytest.param("joblib", marks=installed("hydra_joblib_launcher")),
        pytest.param("submitit_local", marks=installed("hydra_submitit_launcher")),
        pytest.param("ray", marks=[installed("hydra_ray_launcher"), pytest.mark.slow]),
    ],
)
def test_every_launcher_writes_a_result_for_every_job(launcher, launch, tmp_path):
    backend = launchers.environment(launcher, "jax")
    finished = launch(f"hydra/launcher={launcher}", "x=1,2,3", *backend)
    told = {path.read_text() for path in (tmp_path / "out").glob("*/backend")}
    assert told == {"jax" if backend else os.environ.get("KERAS_BACKEND", "")}, finished.stderr
    sweep = sweeps.collect(tmp_path / "out")
    assert sweep.runs["status"].tolist() == ["done", "done", "failed"], finished.stderr
    assert sweep.done["objective"].tolist() == [1.0, 4.0]
    assert finished.returncode == 1
    names = [f"{n}_{jobs.digest([f'x={n + 1}'])}" for n in range(3)]
    assert sorted(p.name for p in (tmp_path / "out").glob("?_*")) == names


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # Ray's own sockets
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@installed("hydra_ray_launcher")
def test_two_ray_nodes_share_the_jobs_of_a_sweep(launch, tmp_path, monkeypatch):
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # a cluster's workers must find kreg
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        address = f"hydra.launcher.ray.init.address={cluster.address}"
        where = f"hydra.sweep.dir={tmp_path / 'out'}"  # a cluster's workers have their own place
        finished = launch("hydra/launcher=ray", address, where, "x=1,2,4,5", "nap=3")
    finally:
        cluster.shutdown()
    assert finished.returncode == 0, finished.stderr
    nodes = [path.read_text() for path in (tmp_path / "out").glob("*/node")]
    assert len(nodes) == 4 and len(set(nodes)) == 2
    assert sweeps.collect(tmp_path / "out").done["objective"].tolist() == [1.0, 4.0, 16.0, 25.0]


def test_the_same_command_again_runs_only_what_is_missing(launch, tmp_path):
    launch("x=1,2,3,4")
    second = launch("x=1,2,3,4", HEALED="1")
    assert started(tmp_path) == {"0": 1, "1": 1, "2": 2, "3": 1}
    assert "job 1 of 4 is done already: x=1" in second.stderr
    assert "job 3 of 4" in second.stderr
    assert sweeps.collect(tmp_path / "out").runs["status"].eq("done").all()


def test_another_sweep_in_the_same_directory_overwrites_nothing(launch, tmp_path):
    launch("x=1,2")
    launch("x=5,6")
    objectives = sweeps.collect(tmp_path / "out").runs["objective"]
    assert sorted(objectives) == [1.0, 4.0, 25.0, 36.0]


def plan(path, jobs):
    with SweepDirectory(path, jobs):
        pass
    return path


def test_a_search_is_known_by_its_words_and_lists_no_jobs_that_it_has_not_asked_for(tmp_path):
    jobs, words = [["x=0"], ["x=1"]], ["hparams_search=random", "x=interval(0,1)"]
    path = tmp_path / "2026-01-01_00-00-00_aaaa"
    with SweepDirectory(path, jobs, 5, words):
        pass
    told = json.loads((path / "sweep.json").read_text())
    assert told == {"search": words}
    (path / "sweep.json").write_text(json.dumps(told | {"stacks": [{"jobs": [0, 1]}]}))
    assert sweeps.choose(tmp_path, jobs, total=5, search=words).path == path
    assert sweeps.choose(tmp_path, jobs, total=5, search=words[1:]).path != path
    assert sweeps.choose(tmp_path, jobs).path != path
    with SweepDirectory(path, jobs, 5, words):
        pass
    assert json.loads((path / "sweep.json").read_text())["stacks"] == [{"jobs": [0, 1]}]


def test_a_search_of_an_earlier_version_goes_on(tmp_path):
    jobs, words = [["x=0"], ["x=1"]], ["hparams_search=random", "x=interval(0,1)"]
    path = plan(tmp_path / "2026-01-01_00-00-00_aaaa", jobs)  # which knew it by some jobs
    assert sweeps.choose(tmp_path, jobs, total=5, search=words).path == path
    with SweepDirectory(path, jobs, 5, words):
        pass
    assert json.loads((path / "sweep.json").read_text()) == {"search": words}


def finish(path, name, status="done"):
    (path / name).mkdir()
    (path / name / "result.json").write_text(f'{{"status": "{status}"}}')


def test_the_newest_unfinished_sweep_of_the_same_jobs_is_continued(tmp_path):
    jobs = [["x=1"], ["x=2"]]
    old = plan(tmp_path / "2026-01-01_00-00-00_aaaa", jobs)
    other = plan(tmp_path / "2026-01-03_00-00-00_cccc", [["x=1"]])
    assert sweeps.choose(tmp_path, jobs).path == old
    newer = plan(tmp_path / "2026-01-02_00-00-00_bbbb", jobs)
    assert sweeps.choose(tmp_path, jobs).path == newer
    assert sweeps.choose(tmp_path, jobs, anew=True).path not in (old, newer, other)
    finish(newer, "0_a")
    finish(newer, "1_b", "failed")
    assert sweeps.choose(tmp_path, jobs).path == newer  # killed before its page was written
    sweeps.compare(newer, quiet=True)
    os.utime(newer / "sweep.html", (0, 0))  # copied, say: when a file was written says nothing
    assert sweeps.choose(tmp_path, jobs).path == old
    (newer / "1_b" / "result.json").write_text('{"status": "done"}')  # trained once more
    assert sweeps.choose(tmp_path, jobs).path == newer
    (newer / "sweep.html").write_text("page")  # of an earlier version
    assert sweeps.choose(tmp_path, jobs).path == old


def test_a_search_is_unfinished_until_it_has_all_its_trials(tmp_path):
    path = plan(tmp_path / "2026-01-01_00-00-00_aaaa", [["x=1"]])
    finish(path, "0_a")
    assert sweeps.choose(tmp_path, [["x=1"]], total=2).path == path
    finish(path, "1_b")
    (path / "sweep.html").write_text("page")
    assert sweeps.choose(tmp_path, [["x=1"]], total=2).path != path
    arguments = ["-m", "hparams_search=random", "reg.l1=interval(0,1)", "hydra.sweeper.trials=7"]
    assert searches.asked(commandline.parse(arguments)).trials == 7
    assert searches.asked(commandline.parse(arguments[:3])).trials == 20
    assert searches.asked(commandline.parse(["-m", "reg=l1,l2"])) is None


def test_a_sweep_that_is_in_use_is_neither_continued_nor_entered(tmp_path):
    jobs = [["x=1"]]
    path = tmp_path / "2026-01-01_00-00-00_aaaa"
    with SweepDirectory(path, jobs):
        assert sweeps.choose(tmp_path, jobs).path != path
        with pytest.raises(InUseError, match="in use"), SweepDirectory(path, jobs):
            pass


def test_a_launcher_that_is_not_installed_is_a_sentence(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    line = commandline.parse(["-m", "hydra/launcher=ray", "reg=l1,l2"])
    with pytest.raises(ConfigError, match=r"pip install 'kreg\[ray\]'"):
        launchers.check(line)


def test_a_cluster_that_does_not_answer_is_a_sentence(monkeypatch):
    monkeypatch.setattr(launchers, "installed", lambda plugin: True)
    address = "hydra.launcher.ray.init.address=127.0.0.1:1"
    line = commandline.parse(["-m", "hydra/launcher=ray", address, "reg=l1,l2"])
    with pytest.raises(ConfigError, match="no Ray cluster answers there"):
        launchers.check(line)


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1", "http://127.0.0.1:6379"])
def test_what_is_no_address_of_a_cluster_is_a_sentence(address, monkeypatch):
    monkeypatch.setattr(launchers, "installed", lambda plugin: True)
    given = f"hydra.launcher.ray.init.address='{address}'"
    line = commandline.parse(["-m", "hydra/launcher=ray", given, "reg=l1,l2"])
    with pytest.raises(ConfigError, match="expected host:port"):
        launchers.check(line)


@pytest.mark.slow
@installed("hydra_ray_launcher")
def test_a_cluster_that_ray_does_not_find_is_a_sentence(tmp_path):
    arguments = ["hydra/launcher=ray", "hydra.launcher.ray.init.address=auto", "reg=l1,l2"]
    finished = run_train(tmp_path, "-m", *arguments)
    assert finished.returncode == 2
    assert "kreg: there is no connection to a Ray cluster" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_an_unknown_objective_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match="Did you mean 'val_clean_loss'"):
        compose_job(["objective=val_clen_loss"])


def test_a_search_over_a_key_that_the_model_lacks_is_refused_before_the_first_job():
    with pytest.raises(ConfigError, match="has no key 'depth'"):
        gate.check_all(commandline.parse(["-m", "hparams_search=random", "model=linear",
                                          "model.depth=int(interval(1,4))"]))  # fmt: skip


def test_a_second_command_in_a_sweeps_directory_is_a_sentence(tmp_path, capsys):
    path = tmp_path / "mine"
    with SweepDirectory(path, [["reg=l1"]]):
        code = gate.run(pytest.fail, ["-m", "reg=l1,l2", f"hydra.sweep.dir={path}"])
    assert code == 2
    assert "in use" in capsys.readouterr().err


def run_train(folder, *arguments):
    """`train.py` in a process and a directory of its own."""
    return subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "RAY_AUTH_MODE": "disabled"},
    )


@pytest.mark.slow
def test_tensorboard_compares_the_jobs_by_the_numbers_of_the_table(tmp_path):
    strengths = "reg.l1=1e-4,0.1"
    finished = run_train(
        tmp_path,
        "-m",
        "debug=fast",
        "model=linear",
        strengths,
        f"hydra.sweep.dir={tmp_path / 'out'}",
    )
    assert finished.returncode == 0, finished.stderr
    assert "test accuracy" not in finished.stdout  # each job's own summary is in its directory
    runs = sweeps.collect(tmp_path / "out").runs
    for _, row in runs.iterrows():
        assert "test accuracy" in (row["path"] / "output.txt").read_text()
        session, metrics, scalars = hparams_of(row["path"])
        assert session.hparams["reg.l1"].number_value == pytest.approx(row["reg.l1"])
        assert session.group_name == row["run"]
        headings = {*table.COLUMNS.values(), "val_clean_loss"}
        assert set(metrics.values()) <= headings
        for tag in metrics:
            assert scalars[tag] == pytest.approx(row[tag.removeprefix("result/")], rel=1e-6)


def hparams_of(folder) -> tuple:
    """The session and the metrics of the HParams tab, and all scalars, of a run's event files."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.hparams import metadata
    from tensorboard.util.tensor_util import make_ndarray

    from kreg.foreign import event_file

    session, metrics, scalars = None, {}, {}
    files = sorted(folder.glob("**/*tfevents*"))
    values = [
        v for f in files for r in event_file.records(f) for v in Event.FromString(r).summary.value
    ]
    for value in values:
        content = value.metadata.plugin_data.content
        if value.tag == metadata.SESSION_START_INFO_TAG:
            session = metadata.parse_session_start_info_plugin_data(content)
        elif value.tag == metadata.EXPERIMENT_TAG:
            infos = metadata.parse_experiment_plugin_data(content).metric_infos
            metrics = {info.name.tag: info.display_name for info in infos}
        elif value.metadata.plugin_data.plugin_name == "scalars":
            scalars[value.tag] = float(make_ndarray(value.tensor))
    return session, metrics, scalars


def test_progress_is_one_line_a_job_with_the_time_left(capsys):
    progress = JobProgress(4)
    progress.skip("x=0")
    progress.start("x=1")
    progress.end(30.0, "val_clean_loss 0.5")
    progress.start("x=2")
    progress.end(4.0, "failed: three is broken")
    assert capsys.readouterr().err.splitlines() == [
        "kreg: job 1 of 4 is done already: x=0",
        "kreg: job 2 of 4: x=1 -> val_clean_loss 0.5, 30 s",
        "kreg: job 3 of 4, about 60 s left: x=2 -> failed: three is broken, 4.0 s",
    ]


def test_a_configuration_is_composed_once_and_never_given_away_twice():
    class Loader:
        def load_sweep_config(self, master_config, sweep_overrides):
            self.loaded = getattr(self, "loaded", 0) + 1
            return {"job": sweep_overrides}

    loader = Loader()
    composed = Composed(loader)
    master = {}
    checked = loader.load_sweep_config(master, ["x=1"])
    assert composed.take(master, ["x=1"]) is checked
    assert composed.take(master, ["x=1"]) is not checked
    assert loader.loaded == 2


def test_a_line_says_what_a_job_has_of_its_own():
    jobs = [["model=deep", "reg.l1=1", "hydra.x=1"], ["model=deep", "reg.l1=2", "hydra.x=1"]]
    assert varied(jobs) == ["reg.l1=1", "reg.l1=2"]
    assert varied(jobs[:1]) == ["model=deep reg.l1=1"]
