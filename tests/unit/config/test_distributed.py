"""`distribute=multiworker`: who the workers are, and what they do not train as one would."""

import json

import pytest

from kreg.config import cluster
from kreg.launch.compose import compose_job

TWO = ["one:12345", "two:12345"]


def described(workers=TWO, index=0, kind="worker", **others):
    task = {"type": kind, "index": index}
    return json.dumps({"cluster": {"worker": workers, **others}, "task": task})


@pytest.fixture
def of_two(monkeypatch):
    monkeypatch.setenv(cluster.VARIABLE, described())


def test_the_cluster_is_the_one_that_tensorflow_would_read():
    found = cluster.of_environment({cluster.VARIABLE: described(index=1)})
    assert found == cluster.Cluster(("one:12345", "two:12345"), 1) and not found.is_first
    assert cluster.of_environment({cluster.VARIABLE: described()}).is_first


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is not set"),
        ("{", "is not JSON"),
        ("[]", "cannot be read"),
        ("{}", "has no `cluster` and `task`"),
        (described(ps=["three:1"]), "may name workers only, and names ps, worker"),
        (described(kind="chief"), "may name workers only, and names chief, worker"),
        (described(workers=["one:12345"]), "two different workers"),
        (described(workers=["one:12345"] * 2), "two different workers"),
        (described(workers=["one", "two"]), "a list of addresses host:port"),
        (described(workers="one:1"), "a list of addresses host:port"),
        (described(index=2), "a task index from 0 to 1, and has 2"),
        (described(index=True), "a task index from 0 to 1, and has True"),
    ],
)
def test_a_cluster_that_is_none_is_refused(content, sentence):
    with pytest.raises(ValueError, match="distribute=multiworker: .*TF_CONFIG") as told:
        cluster.of_environment({cluster.VARIABLE: content})
    assert sentence in str(told.value) and "index its own" in str(told.value)


def test_without_a_cluster_nothing_begins(monkeypatch):
    monkeypatch.delenv(cluster.VARIABLE, raising=False)
    with pytest.raises(ValueError, match="TF_CONFIG is not set"):
        compose_job(["distribute=multiworker"])
    assert compose_job(["distribute=multiworker", "check=true"]).distribute == "multiworker"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["model=cnn"], "model=cnn"),
        (["model=tabm", "data=wine"], "model=tabm"),
        (["reg=scad"], "reg=scad"),
        (["dropout=light"], "dropout="),
        (["augment=light"], "augment="),
        (["optimizer=lamb"], "optimizer=lamb"),
        (["optimizer.accumulate=2"], "optimizer.accumulate"),
        (["trainer.device=gpu"], "trainer.device=gpu"),
        (["trainer.precision=mixed_bfloat16"], "trainer.precision=mixed_bfloat16"),
        (["trainer.jit_compile=true"], "trainer.jit_compile=true"),
        (["compress=true"], "compress=true"),
    ],
)
def test_what_is_not_trained_as_one_would_is_refused(of_two, words, named):
    with pytest.raises(ValueError, match=f"distribute=multiworker does not know .*{named}"):
        compose_job(["distribute=multiworker", *words])


@pytest.mark.parametrize(
    "words",
    [
        ["reg=elasticnet", "optimizer.clipnorm=1", "stop=patience"],
        ["reg=group", "optimizer=sgd", "model=shallow", "data=wine", "trainer.jit_compile=false"],
    ],
)
def test_the_rest_is_trained(of_two, words):
    assert compose_job(["distribute=multiworker", *words]).distribute == "multiworker"
