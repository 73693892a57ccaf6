"""`distribute=ray`: which nodes the workers go to, and when this process places them at all."""

import importlib.util
import sys
from types import SimpleNamespace

import pytest

from kreg.config.validate import ConfigError
from kreg.launch import gate, ray_workers
from kreg.launch.compose import compose_job

NODES = [
    {"NodeID": "own", "Alive": True, "Resources": {"CPU": 4.0}},
    {"NodeID": "gone", "Alive": False, "Resources": {"CPU": 64.0}},
    {"NodeID": "far", "Alive": True, "Resources": {"CPU": 1.0, "GPU": 1.0}},
    {"NodeID": "head", "Alive": True, "Resources": {}},
]


class Process:
    """A first worker that ends when it is told to, or after so many looks."""

    def __init__(self, code=0, looks=3):
        self.returncode, self.code, self.looks = None, code, looks

    def poll(self):
        self.looks -= 1
        if self.returncode is None and self.looks <= 0:
            self.returncode = self.code
        return self.returncode

    def wait(self):
        self.returncode = self.code

    def terminate(self):
        self.returncode = -15


def ray_that_says(**outcomes):
    """Ray, where the workers of these names have ended."""

    class RayError(Exception):
        pass

    def get(name):
        if isinstance(outcomes[name], str):
            raise RayError(outcomes[name])
        return outcomes[name]

    def wait(running, timeout):
        return [name for name in running if name in outcomes][:1], []

    return SimpleNamespace(get=get, wait=wait, exceptions=SimpleNamespace(RayError=RayError))


def test_other_nodes_come_first_and_none_gets_more_than_it_has():
    nodes = ray_workers.others_first(NODES, "own")
    assert nodes == {"far": 1.0, "head": 0.0, "own": 4.0} and list(nodes)[-1] == "own"
    assert ray_workers.dealt(nodes, 3) == ["far", "own", "own"]


def test_who_asks_places_the_workers_and_a_worker_does_not(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    config = compose_job(["distribute=ray"])
    assert ray_workers.gathers(config) and config.workers == 2
    assert not ray_workers.gathers(compose_job(["distribute=ray", "check=true"]))
    assert not ray_workers.gathers(compose_job(["distribute=multiworker", "check=true"]))
    monkeypatch.setenv("TF_CONFIG", ray_workers.description(["a:1", "b:2"], 1))
    assert not ray_workers.gathers(compose_job(["distribute=ray"]))
    assert gate.shares_only(config), "the second worker has no directory"


def test_without_ray_it_is_a_sentence(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *given: None)
    assert gate.run(pytest.fail, ["distribute=ray", "model=linear"]) == 2
    assert "pip install 'kreg[ray]'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("code", [0, 1, 143])
def test_the_exit_code_is_that_of_the_first_worker(code):
    ray = ray_that_says(one=(code, "as the first"))
    assert ray_workers.waited(ray, Process(code, looks=1), {"one": (1, "far:1")}) == code


@pytest.mark.parametrize(
    ("outcome", "code", "told"),
    [
        ((2, "kreg: data.path: no such file."), 2, "with code 2: kreg: data.path: no such file."),
        ((-9, "it has said nothing."), 1, "with code -9"),
        ("The actor died.\nSee its log.", 1, "with code 1: The actor died."),
    ],
)
def test_one_that_fails_ends_the_first_in_a_sentence(capsys, outcome, code, told):
    first = Process(looks=100)
    running = {"one": (1, "far:1"), "two": (2, "far:2")}
    assert ray_workers.waited(ray_that_says(one=outcome), first, running) == code
    assert first.returncode == -15
    said = capsys.readouterr().err
    assert "Worker 1, on far:1, has ended" in said and told in said and "Worker 2" not in said


def test_each_worker_is_given_the_same_words():
    words = ["distribute=ray", "++model.params.width=3"]
    assert ray_workers.command(words) == [sys.executable, "-m", "kreg", "train", *words]


def test_a_cluster_without_room_is_a_sentence():
    class Ray(SimpleNamespace):
        def remote(self, **given):
            return lambda made: made

    context = SimpleNamespace(get_node_id=lambda: "own")
    ray = Ray(nodes=lambda: NODES, get_runtime_context=lambda: context)
    with pytest.raises(ConfigError, match="has 5 processors, and workers=8 need 7"):
        ray_workers.places(ray, 7)
