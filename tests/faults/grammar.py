"""Random option files and command lines, as Hypothesis draws them for the fuzzer.

A third is as wild as it gets. The others are what a user would write, with at most one hostile
thing at a place where kreg or Hydra would use it: these reach the later checks, or would train.
"""

import yaml
from hypothesis import strategies as st

from tests.faults.damage import ESCAPE, YAML

TARGETS = ["os.system", "subprocess.getoutput", "kreg.factories.components.create_custom",
           "builtins.eval", "kreg.sweeps.jobs.JobResult", "pathlib.Path.unlink"]  # fmt: skip
LEAVES = st.sampled_from([
    *TARGETS, "touch PWNED", "${oc.env:HOME}", "${task}", "${eval:1}", "${oc.decode:'[1]'}", "???",
    ESCAPE, "../../above", "above/decoy.txt", "/tmp", "l1", "deep", "os:system", "", "é", None, 1,
    -1, 0.5, 1e308, float("nan"), True, [], {}, ["os"], [ESCAPE], {"_target_": "os.system"},
])  # fmt: skip
NAMES = st.sampled_from([
    "_target_", "_partial_", "_args_", "allow", "task", "seed", "model", "reg", "data", "kind",
    "params", "hydra", "callbacks", "launcher", "sweeper", "job_logging", "handlers", "run", "dir",
    "sweep", "subdir", "job", "env_set", "name", "output_subdir", "space", "defaults", "class",
    "()", "path", "target", "resume", "trainer", "epochs", "procedure", "arguments", "check",
])  # fmt: skip
TREES = st.recursive(LEAVES, lambda below: st.dictionaries(NAMES, below, min_size=1, max_size=3)
                     | st.lists(below, max_size=2), max_leaves=6)  # fmt: skip
HEADS = st.sampled_from(
    ["# @package _global_\n", "# @package hydra\n", "", "# @package _global_\n"]
)
DEFAULTS = st.lists(st.sampled_from([
    "_self_", {"override /model": "custom"}, {"override /data": "custom"}, {"/hydra/launcher": "x"},
    {"override hydra/launcher": "joblib"}, "../../above/decoy", {"/reg@x": "l1"}, {"/no": "such"},
]), max_size=2)  # fmt: skip


# what a user would write: a path of keys and its value
SENSIBLE = st.sampled_from([
    ("seed", 3), ("task", "mine"), ("trainer.epochs", 2), ("trainer.batch_size", 16),
    ("reg.l1", 1e-3), ("data.train_size", 100), ("optimizer.learning_rate", 0.01),
    ("trainer.verbose", "quiet"), ("logger.tensorboard.histograms", 2), ("check", True),
    ("hydra.sweeper.params", {"seed": "1,2"}), ("hydra.run.dir", "logs/mine/${now:%Y}_${unique:}"),
    ("hydra.sweep.dir", "logs/mine/sweeps/s"), ("hydra.verbose", False), ("resume", "never"),
])  # fmt: skip
HOSTILE = st.sampled_from([
    ("hydra.callbacks.x", {"_target_": "os.system", "command": "touch PWNED"}),
    ("hydra.callbacks.result._target_", "pathlib.Path.unlink"), ("hydra.launcher.setup", ["touch"]),
    ("hydra.launcher._target_", "os.system"), ("hydra.sweeper._target_", "builtins.eval"),
    ("hydra.job_logging.handlers.x", {"()": "os.system", "command": "touch PWNED"}),
    ("hydra.hydra_logging.formatters.x", {"class": "os.system"}), ("allow", ["os"]),
    ("hydra.sweeper.params", {"allow": "[os]"}),
    ("hydra.sweeper.params", {"model.kind": "os:system"}),
    ("hydra.sweeper.params", {"hydra.run.dir": "../above"}), ("hydra.job.env_set", {"PATH": "."}),
    ("hydra.job.name", "../above"), ("hydra.output_subdir", "../../../above"),
    ("hydra.run.dir", "../above"), ("hydra.run.dir", "beside"), ("hydra.sweep.dir", "../above"),
    ("hydra.sweep.subdir", "../../../../above"), ("task", "../../above"), ("task", ESCAPE),
    ("task", "${eval:1}"), ("task", "${oc.env:HOME}"), ("model._target_", "os.system"),
    ("reg", {"kind": "custom", "class": "os:system"}), ("data.path", "../above/history.csv"),
    ("resume", "../above"), ("resume", "beside"), ("data.kind", "${oc.decode:'[1]'}"),
    ("hydra.mode", "MULTIRUN"), ("hydra.job.chdir", True), ("hydra.searchpath", ["file://../above"]),
])  # fmt: skip
ODD = st.tuples(SENSIBLE.map(lambda pair: pair[0]), LEAVES)  # a strange value of a known key
GOOD_DEFAULTS = st.lists(st.sampled_from([
    {"override /model": "linear"}, {"override /reg": "l2"}, {"override /data": "wine"},
    {"override /trainer": "default"}, {"override hydra/launcher": "kreg"}, "_self_",
]), max_size=2, unique_by=str)  # fmt: skip


def option_files():
    """The text of an option file."""
    mappings = st.dictionaries(NAMES, TREES, min_size=1, max_size=4)
    wild = st.builds(option_file, HEADS, mappings, DEFAULTS)
    packages = st.just("# @package _global_\n")
    plain = st.builds(option_file, packages, settings().map(nested), GOOD_DEFAULTS)
    return st.one_of(wild, plain, plain, st.one_of(YAML, st.binary(max_size=60)))


def settings():
    """What a user would set, with at most one thing among it that is none of a user's."""
    sensible = st.lists(SENSIBLE, min_size=1, max_size=3)
    more = st.one_of(st.just([]), HOSTILE.map(lambda pair: [pair]), ODD.map(lambda pair: [pair]))
    return st.builds(lambda first, last: dict(first + last), sensible, more)


def nested(values: dict) -> dict:
    """Dotted keys as mappings in one another."""
    tree: dict = {}
    for path, value in values.items():
        node, *keys = tree, *path.split(".")
        for key in keys[:-1]:
            node = node.setdefault(key, {})
        node[keys[-1]] = value
    return tree


def option_file(head: str, tree: dict, defaults: list) -> bytes:
    tree = {**tree, **({"defaults": defaults} if defaults else {})}
    return (head + yaml.safe_dump(tree, allow_unicode=True)).encode()


PATHS = st.lists(NAMES, min_size=1, max_size=4).map(".".join) | st.sampled_from([
    "hydra.run.dir", "hydra.sweep.dir", "hydra.sweep.subdir", "hydra.launcher._target_",
    "+hydra.callbacks.x._target_", "hydra/launcher", "hydra.job.name", "hparams_search",
    "data.path", "model.kind", "resume", "allow", "task", "seed", "reg.l1", "hydra.output_subdir",
])  # fmt: skip
SIGNS = st.sampled_from(["", "", "", "+", "++", "~"])
VALUES = st.one_of(LEAVES.map(str), st.text(max_size=8), st.integers().map(str), st.sampled_from([
    "1,2", "range(3)", "interval(0,1)", "glob(*)", "choice(a,b)", "{_target_: os.system}", "[", "'",
    "[[[[", "$(touch PWNED)", "`touch PWNED`", "l1,l2", "${hydra:runtime.cwd}/../above",
]))  # fmt: skip
WORDS = st.builds(lambda s, k, v: f"{s}{k}={v}", SIGNS, PATHS, VALUES)
CHOICES = st.lists(st.sampled_from(["model=linear", "reg=l2", "data=wine", "reg.l1=1e-3,1e-2"]),
                   max_size=2, unique=True)  # fmt: skip


def overrides():
    """The words of a command line."""
    wild = st.lists(WORDS | st.text(max_size=10), min_size=1, max_size=3)
    plain = st.builds(lambda first, values: first + worded(values), CHOICES, settings())
    return st.one_of(wild, plain, plain)


def worded(values: dict) -> list[str]:
    """Each setting as an override, which adds a key that there is none of."""
    return [f"++{key}={value}" for key, value in values.items()]
