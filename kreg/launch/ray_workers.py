"""`distribute=ray`: a Ray cluster starts the workers of one training on its nodes.

The first worker is a process of this machine, with its terminal and the run directory; the others
go to the other nodes first. The process that is asked trains nothing: it starts all of them, and
ends them all where one fails.
"""

import contextlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from kreg.config import cluster
from kreg.config.root import Config
from kreg.config.validate import ConfigError
from kreg.launch import codes
from kreg.launch.commandline import CommandLine
from kreg.printable import say

PLACEMENT = 300.0  # seconds until the cluster must have a free processor for each worker
TICK = 1.0  # seconds between two looks at the workers
FAREWELL = 10.0  # seconds that the end of all workers may take
STOPS = (signal.SIGINT, signal.SIGTERM)
ENDED = "Worker {worker}, on {node}, has ended with code {code}: {told}"
KILLED = (
    "Worker 0, on this machine, was ended by signal {number}, so all of them end. The same command "
    "goes on from the last state."
)


class Worker:
    """A worker on a node of the cluster; Ray makes an actor of it."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None

    def address(self) -> str:
        """`host:port` of this node, with a port that is free now."""
        import ray

        with socket.socket() as free:
            free.bind(("", 0))
            return f"{ray.util.get_node_ip_address()}:{free.getsockname()[1]}"

    def train(self, words: list[str], description: str, folder: str) -> tuple[int, str]:
        """Train to the end; the exit code, and the last line that was said."""
        if not Path(folder).is_dir():
            return codes.BAD_CONFIGURATION, f"there is no folder {folder} on this node."
        self.process = subprocess.Popen(
            command(words), cwd=folder, env=os.environ | {cluster.VARIABLE: description},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        said = self.process.communicate()[0].strip().splitlines()
        return self.process.returncode, said[-1] if said else "it has said nothing."

    def stop(self) -> None:
        """End it, where it has not ended."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()


def gathers(config: Config) -> bool:
    """Whether this process is to start the workers: it is none of them itself."""
    return config.distribute == "ray" and not config.check and cluster.VARIABLE not in os.environ


def run(line: CommandLine, config: Config) -> int:
    """Start the workers, wait for them, and return the exit code of the first one.

    Args:
        line: The command line that each worker is given.
        config: What it says, checked.

    Raises:
        ConfigError: If there is no cluster, or it has no room.
    """
    with connected() as ray, placed(ray, config.workers - 1) as others:
        nodes = [own_address(ray), *addresses(ray, others)]
        told = [description(nodes, index) for index in range(config.workers)]
        environment = os.environ | {cluster.VARIABLE: told[0]}
        with subprocess.Popen(command(line.arguments), env=environment) as first, passed_on(first):
            folder = str(Path.cwd())
            running = [
                worker.train.remote(line.arguments, told[index], folder)
                for index, worker in enumerate(others, 1)
            ]
            return waited(ray, first, dict(zip(running, enumerate(nodes[1:], 1), strict=True)))


def command(words: list[str]) -> list[str]:
    """The command of one worker."""
    return [sys.executable, "-m", "kreg", "train", *words]


def description(nodes: list[str], index: int) -> str:
    """`TF_CONFIG` of a worker."""
    task = {"type": "worker", "index": index}
    return json.dumps({"cluster": {"worker": nodes}, "task": task})


@contextlib.contextmanager
def connected() -> Iterator[ModuleType]:
    """The cluster of `RAY_ADDRESS`, or the one of this machine, or a new one on it.

    Raises:
        ConfigError: If none answers, or Ray is not installed.
    """
    if importlib.util.find_spec("ray") is None:
        raise ConfigError(
            "distribute=ray needs Ray, which is not installed. Install it with: pip install "
            "'kreg[ray]', or start the workers yourself: distribute=multiworker."
        )
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    try:
        ray.init(log_to_driver=False, logging_level="ERROR")
    except ConnectionError as error:
        raise ConfigError(
            f"distribute=ray: there is no connection to a Ray cluster ({error}). Start one with "
            "`ray start --head`, or leave RAY_ADDRESS away to use this machine."
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()


@contextlib.contextmanager
def placed(ray: ModuleType, count: int) -> Iterator[list[Any]]:
    """So many workers, on other nodes than this one first; they end with the `with`."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    actor = ray.remote(num_cpus=1, max_concurrency=2)(Worker)
    chosen = [NodeAffinitySchedulingStrategy(node, soft=False) for node in places(ray, count)]
    workers = [actor.options(scheduling_strategy=place).remote() for place in chosen]
    try:
        yield workers
    finally:
        with contextlib.suppress(ray.exceptions.RayError):
            ray.get([worker.stop.remote() for worker in workers], timeout=FAREWELL)
        for worker in workers:
            ray.kill(worker)


def places(ray: ModuleType, count: int) -> list[str]:
    """The node of each of so many workers.

    Raises:
        ConfigError: If the cluster has fewer processors.
    """
    nodes = others_first(ray.nodes(), ray.get_runtime_context().get_node_id())
    room = sum(int(free) for free in nodes.values())
    if room < count:
        raise ConfigError(
            f"distribute=ray: the cluster has {room} processors, and workers={count + 1} need "
            f"{count} beside this process. Add nodes, or say fewer."
        )
    return dealt(nodes, count)


def others_first(nodes: list[dict[str, Any]], own: str) -> dict[str, float]:
    """The processors of each node that is alive; this node comes last."""
    alive = {
        node["NodeID"]: float(node["Resources"].get("CPU", 0)) for node in nodes if node["Alive"]
    }
    return dict(sorted(alive.items(), key=lambda item: item[0] == own))


def dealt(nodes: dict[str, float], count: int) -> list[str]:
    """A node for each of so many workers: one each in turn, as long as it has processors.

    >>> dealt({"b": 2, "c": 1, "a": 4}, 4)
    ['b', 'c', 'a', 'b']
    """
    left, chosen = dict(nodes), list[str]()
    while len(chosen) < count:
        turn = [node for node, free in left.items() if free >= 1]
        for node in turn[: count - len(chosen)]:
            left[node] -= 1
            chosen.append(node)
    return chosen


def addresses(ray: ModuleType, workers: list[Any]) -> list[str]:
    """Where the workers are, once all of them have begun.

    Raises:
        ConfigError: If the cluster has no processor for one of them.
    """
    try:
        found: list[str] = ray.get(
            [worker.address.remote() for worker in workers], timeout=PLACEMENT
        )
    except ray.exceptions.GetTimeoutError as error:
        raise ConfigError(
            f"distribute=ray: after {PLACEMENT:g} seconds the cluster has not begun all "
            f"{len(workers)} workers beside this process: its processors are taken. Wait for "
            "other jobs, or say fewer workers."
        ) from error
    return found


def own_address(ray: ModuleType) -> str:
    """Of the first worker, on this machine."""
    return Worker().address()


@contextlib.contextmanager
def passed_on(first: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Inside, a signal is for the first worker, which stops all of them at the end of an epoch."""

    def told(number: int, frame: object) -> None:
        if number != signal.SIGINT:  # a terminal sends Ctrl-C to both
            first.send_signal(number)

    before = {number: signal.signal(number, told) for number in STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def waited(
    ray: ModuleType, first: "subprocess.Popen[bytes]", running: dict[Any, tuple[int, str]]
) -> int:
    """The exit code of the first worker; one of the others that fails ends it, in a sentence.

    Args:
        ray: The module.
        first: The process of the first worker.
        running: What Ray returns once a worker has ended -> its number and address.
    """
    failed = codes.DONE
    while first.poll() is None:
        if not running:
            first.wait()
            break
        for done in ray.wait(list(running), timeout=TICK)[0]:
            (worker, node), (code, told) = running.pop(done), outcome(ray, done)
            if code and not failed:
                failed = code if code > 0 else codes.FAILED
                say(ENDED.format(worker=worker, node=node, code=code, told=told))
                first.terminate()  # it may still be waiting for that worker
    if first.returncode < 0 and not failed:
        say(KILLED.format(number=-first.returncode))
    if first.returncode >= 0 and not (failed and first.returncode == codes.DONE):
        return first.returncode
    return failed or codes.FAILED


def outcome(ray: ModuleType, done: Any) -> tuple[int, str]:
    """The exit code of a worker that has ended, and its last line."""
    try:
        code, told = ray.get(done)
    except ray.exceptions.RayError as error:
        return codes.FAILED, str(error).strip().splitlines()[0]
    return code, told
