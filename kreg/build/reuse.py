"""Jobs of one process that differ only in numbers share one compiled training step.

Tracing a step costs seconds, a small job's training less. The in-process launcher of sweeps says so
in the environment; then `adopt` keeps the last compiled model and, for a job of the same structure,
puts the new job's fresh state into it: initial weights, random seeds, optimizer, strengths. The
result is bit for bit that of a run of its own.
"""

import copy
import json
import os

FLAG = "KREG_REUSE_GRAPHS"
GROUPS = ("data", "model", "reg", "dropout", "augment", "optimizer")  # what the step is made of
TRAINER = ("batch_size", "device", "precision", "jit_compile", "deterministic")
STRENGTHS = ("l1", "l2", "group")
STATE = ("trainable_variables", "non_trainable_variables", "optimizer_variables")
KEPT: dict = {}  # structure -> the compiled model; one entry, so that memory does not grow


def adopt(model, config):
    """`model`, or a model of the same structure that is compiled already and now has its state.

    Args:
        model: Built, penalised and compiled.
        config: Its checked configuration.
    """
    if os.environ.get(FLAG) != "1":
        return model
    key = structure(config.to_dict())
    held = KEPT.get(key)
    model.optimizer.build(model.trainable_variables)
    if held is None or not same_variables(held, model):
        KEPT.clear()
        KEPT[key] = model
        return model
    held.set_state_tree(state(model))
    if strengths := numbers(config.reg):
        held.optimizer.set_strengths(**strengths)
    held.stop_training = False
    return held


def structure(tree: dict) -> str:
    """What the compiled step depends on: everything but seeds, strengths and a constant rate."""
    parts = copy.deepcopy({group: tree[group] for group in GROUPS})
    parts["trainer"] = {key: tree["trainer"].get(key) for key in TRAINER}
    for name in STRENGTHS:
        if isinstance(parts["reg"].get(name), int | float):
            parts["reg"][name] = "a number"
    if parts["optimizer"].get("schedule") == "constant" and not parts["optimizer"].get("warmup"):
        parts["optimizer"]["learning_rate"] = "a number"
    else:
        parts["trainer"]["epochs"] = tree["trainer"]["epochs"]  # how long the schedule lasts
    return json.dumps(parts, sort_keys=True, default=repr)


def numbers(reg) -> dict[str, float]:
    """The strengths of a checked `reg` group that are constants."""
    found = {name: getattr(reg, name, None) for name in STRENGTHS}
    return {name: value for name, value in found.items() if isinstance(value, int | float)}


def state(model) -> dict:
    """The values that a training step changes, by name."""
    tree = model.get_state_tree(value_format="numpy_array")
    return {part: tree[part] for part in STATE}


def same_variables(held, model) -> bool:
    """Whether the state of one fits the other."""
    return shapes(state(held)) == shapes(state(model))


def shapes(tree) -> object:
    """A nested dictionary of arrays as one of shapes and types."""
    if isinstance(tree, dict):
        return {name: shapes(value) for name, value in tree.items()}
    return getattr(tree, "shape", None), str(getattr(tree, "dtype", ""))
