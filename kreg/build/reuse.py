"""Jobs of one process that differ only in numbers share one compiled training step.

Tracing a step costs seconds, a small job's training less. The in-process launcher of sweeps says so
in the environment; then `adopt` keeps the last compiled models and, for a job of the structure of
one of them, puts the new job's fresh state into it: initial weights, random seeds, optimizer,
strengths, learning rate. The result is bit for bit that of a run of its own.
"""

import contextlib
import copy
import json
import os

FLAG = "KREG_REUSE_GRAPHS"
# what the step and the evaluators are made of
GROUPS = ("data", "model", "reg", "dropout", "optimizer", "diagnostics")
TRAINER = ("batch_size", "device", "precision", "jit_compile", "deterministic")
STRENGTHS = ("l1", "l2", "group")
STATE = ("trainable_variables", "non_trainable_variables", "optimizer_variables")
MOST, MOST_PARAMETERS = 4, 20_000_000  # what is kept at once
LIGHT = 1_000_000  # parameters; Python's own collector takes care of models below
KEPT: dict = {}  # structure -> the compiled model, the one used last at the end


@contextlib.contextmanager
def sharing():
    """What is built inside may share compiled steps, as the jobs of a sweep do."""
    before = os.environ.get(FLAG)
    os.environ[FLAG] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[FLAG]
        else:
            os.environ[FLAG] = before


def adopt(model, config, inputs: tuple = ()):
    """`model`, or a model of the same structure that is compiled already and now has its state.

    Args:
        model: Built, penalised and compiled.
        config: Its checked configuration.
        inputs: What else the step depends on: the kind of targets and the number of all steps.
    """
    if os.environ.get(FLAG) != "1":
        return model
    key = structure(config.to_dict(), inputs)
    model.optimizer.build(model.trainable_variables)
    held = KEPT.pop(key, None)
    if held is not None and same_variables(held, model):
        take_over(held, model, config)
    else:
        held = model
    KEPT[key] = held
    make_room()
    return held


def take_over(held, model, config) -> None:
    """Give a compiled model the state and the numbers of another."""
    held.set_state_tree(state(model))
    if strengths := numbers(config.reg):
        held.optimizer.set_strengths(**strengths)
    if (rate := getattr(held.optimizer, "scaled_rate", None)) is not None:
        rate.set_height(config.optimizer.learning_rate)
    held.stop_training = False


def make_room() -> None:
    """Let the models go that were not used for longest."""
    while len(KEPT) > 1 and (len(KEPT) > MOST or parameters() > MOST_PARAMETERS):
        del KEPT[next(iter(KEPT))]


def is_light() -> bool:
    """Whether the models kept are so small that looking for garbage costs more than it frees."""
    return 0 < parameters() < LIGHT


def parameters() -> int:
    return sum(model.count_params() for model in KEPT.values())


def structure(tree: dict, inputs: tuple = ()) -> str:
    """What the compiled step depends on: everything but seeds, strengths and the rate's height."""
    parts = copy.deepcopy({group: tree.get(group) for group in GROUPS})
    parts["trainer"] = {key: tree["trainer"].get(key) for key in TRAINER}
    parts["inputs"] = inputs
    for name in STRENGTHS:
        if isinstance(parts["reg"].get(name), int | float):
            parts["reg"][name] = "a number"
    parts["optimizer"]["learning_rate"] = "a number"
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
    return shapes(held) == shapes(model)


def shapes(model) -> list:
    """Name, shape and type of every variable that a training step changes."""
    variables = [*model.variables, *model.optimizer.variables]
    return [(v.name, tuple(v.shape), str(v.dtype)) for v in variables]
