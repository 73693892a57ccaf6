"""The tasks of `srun` as the workers of a training: addresses, ports, and what is refused."""

import pytest
from tensorflow.python.distribute.cluster_resolver import slurm_cluster_resolver as theirs

from kreg.config import cluster, slurm
from kreg.launch.compose import compose_job

STEP = {
    "SLURM_JOB_ID": "1253", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "3",
    "SLURM_STEP_NODELIST": "n[9-10]", "SLURM_STEP_TASKS_PER_NODE": "2,1", "SLURM_PROCID": "1",
    "SLURM_NODEID": "0", "SLURM_LOCALID": "1",
}  # fmt: skip


def test_the_tasks_of_a_step_are_the_workers_in_their_order():
    found = cluster.of_environment(STEP)
    assert found == cluster.Cluster(("n9:10048", "n9:10049", "n10:10048"), 1)
    last = STEP | {"SLURM_PROCID": "2", "SLURM_NODEID": "1", "SLURM_LOCALID": "0"}
    assert cluster.of_environment(last).workers == found.workers
    assert cluster.of_environment(last).index == 2


def test_other_jobs_and_steps_have_other_ports():
    ports = {
        slurm.ports(STEP | {"SLURM_JOB_ID": str(job), "SLURM_STEP_ID": step}, 16)[0]
        for job, step in [(1, "0"), (2, "0"), (3, "0"), (3, "1"), (1253, "7")]
    }
    assert ports == {10016, 10032, 10048, 10064, 10160}
    last = slurm.ports(STEP | {"SLURM_JOB_ID": "1249"}, 16)[-1]
    assert last == 29_999, "below the ports that systems hand out"


def test_ports_that_slurm_has_set_aside_are_taken():
    reserved = STEP | {"SLURM_STEP_RESV_PORTS": "12000,12004-12005"}
    assert cluster.of_environment(reserved).workers == ("n9:12000", "n9:12004", "n10:12000")


def test_tf_config_goes_before_slurm():
    told = '{"cluster": {"worker": ["a:1", "b:2"]}, "task": {"type": "worker", "index": 0}}'
    assert cluster.of_environment(STEP | {"TF_CONFIG": told}).workers == ("a:1", "b:2")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"SLURM_DISTRIBUTION": "cyclic"}, "not dealt node by node .SLURM_DISTRIBUTION=cyclic"),
        ({"SLURM_NODEID": "1"}, "not dealt node by node .task 1 is not where it would be"),
        ({"SLURM_STEP_TASKS_PER_NODE": "2"}, "do not fit each other"),
        ({"SLURM_PROCID": "3"}, "do not fit each other"),
        ({"SLURM_STEP_NODELIST": None}, "srun has not set SLURM_STEP_NODELIST"),
    ],
)
def test_a_step_that_is_no_cluster_is_refused(changed, sentence):
    environment = {k: v for k, v in (STEP | changed).items() if v is not None}
    with pytest.raises(ValueError, match=f"distribute=multiworker under srun: .*{sentence}"):
        cluster.of_environment(environment)


@pytest.mark.parametrize("tasks", [None, "1"])
def test_one_task_alone_is_told_of_srun(monkeypatch, tasks):
    for name, value in (STEP | {"SLURM_STEP_NUM_TASKS": tasks}).items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(ValueError, match="srun -n 2 python train.py distribute=multiworker"):
        compose_job(["distribute=multiworker"])


@pytest.mark.parametrize(
    "names", ["n1", "n[1-3]", "n[08-11]", "a,b", "n[1,3-4],m[01],gpu", "cn-12", "n[9-10]"]
)
def test_short_forms_mean_what_they_mean_to_tensorflow(names):
    assert slurm.expanded(names) == theirs.expand_hostlist(names)


@pytest.mark.parametrize("each", ["2", "2(x3)", "2(x3),1", "1,2,3(x2)"])
def test_counts_mean_what_they_mean_to_tensorflow(each):
    assert slurm.counts(each) == theirs.expand_tasks_per_node(each)


def test_names_may_have_several_brackets():
    assert slurm.expanded("r[1-2]n[1-2]") == ["r1n1", "r1n2", "r2n1", "r2n2"]
