"""Jobs of one process that differ only in numbers share one compiled training step.

Tracing a step costs seconds, a small job's training less. The in-process launcher of sweeps says so
in the environment; then `adopt` keeps the last compiled models and, for a job of the structure of
one of them, puts the new job's fresh state and numbers into it: initial weights, random seeds,
optimizer, strengths, learning rate, weight decay, the average's momentum, the rates of all noise
layers. The result is bit for bit that of a run of its own.
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
ALWAYS = (*STRENGTHS, "ema")  # numbers of a step at 0 too
NUMBERS = {
    "reg": STRENGTHS,
    "dropout": ("rate",),
    "optimizer": ("learning_rate", "weight_decay", "ema"),
}
STATE = ("trainable_variables", "non_trainable_variables", "optimizer_variables")
MOST, MOST_PARAMETERS = 4, 20_000_000  # what is kept at once
LIGHT, MOST_LIGHT = 1_000_000, 16  # parameters in all, below which more models may be kept
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
    hold(model)
    if not shares_steps():
        return model
    key = structure(config.to_dict(), inputs)
    model.optimizer.build(model.trainable_variables)
    held = KEPT.pop(key, None)
    if held is not None and fits(held, model):
        take_over(held, model, config)
    else:
        held = model
    KEPT[key] = held
    make_room()
    return held


def shares_steps() -> bool:
    """Whether a sweep has asked for it; under JAX a step reads only what Keras tracks."""
    import keras

    return os.environ.get(FLAG) == "1" and keras.backend.backend() == "tensorflow"


def hold(model) -> None:
    """Before the step is traced: let it read from variables what would be written into it.

    A run of its own does the same. XLA computes a little differently with a constant, and the
    jobs of a sweep shall have the results of separate runs.
    """
    proximal(model).hold_numbers()
    for layer in noise_layers(model):
        layer.hold_rate()


def take_over(held, model, config) -> None:
    """Give a compiled model the state and the numbers of another."""
    held.set_state_tree(state(model))
    optimizer = proximal(held)
    optimizer.take_numbers(proximal(model))
    if strengths := numbers(config.reg):
        optimizer.set_strengths(**strengths)
    if (rate := getattr(optimizer, "scaled_rate", None)) is not None:
        rate.set_height(config.optimizer.learning_rate)
    for layer, new in zip(noise_layers(held), noise_layers(model), strict=True):
        layer.rate = new.rate
    held.stop_training = False


def proximal(model):
    """The model's optimizer, or the one under its loss scaling."""
    return getattr(model.optimizer, "inner_optimizer", model.optimizer)


def noise_layers(model) -> list:
    """The noise layers of `kreg.layers` in a model."""
    from kreg import layers

    return [layer for layer in layers.noise_layers(model) if isinstance(layer, layers.Noise)]


def make_room() -> None:
    """Let the models go that were not used for longest."""
    while len(KEPT) > most() and len(KEPT) > 1:
        del KEPT[next(iter(KEPT))]


def most() -> int:
    """How many models may be kept: a search over mixtures goes back and forth between many."""
    if parameters() > MOST_PARAMETERS:
        return 1
    return MOST_LIGHT if is_light() else MOST


def is_light() -> bool:
    """Whether the models kept are so small that looking for garbage costs more than it frees."""
    return 0 < parameters() < LIGHT


def parameters() -> int:
    return sum(model.count_params() for model in KEPT.values())


def structure(tree: dict, inputs: tuple = ()) -> str:
    """What the compiled step depends on: everything but seeds and numbers that are switched on."""
    parts = copy.deepcopy({group: tree.get(group) for group in GROUPS})
    parts["trainer"] = {key: tree["trainer"].get(key) for key in TRAINER}
    parts["inputs"] = inputs
    for group, names in NUMBERS.items():
        parts[group] |= {name: "a number" for name in names if is_on(parts[group], name)}
    return json.dumps(parts, sort_keys=True, default=repr)


def is_on(group: dict, name: str) -> bool:
    """Whether a setting is a number that the step reads; of a rate of 0 nothing is in it."""
    value = group.get(name)
    always = name in ALWAYS or (name == "weight_decay" and group["kind"] == "adamw")
    return isinstance(value, int | float) and (always or value != 0)


def numbers(reg) -> dict[str, float]:
    """The strengths of a checked `reg` group that are constants."""
    found = {name: getattr(reg, name, None) for name in STRENGTHS}
    return {name: value for name, value in found.items() if isinstance(value, int | float)}


def state(model) -> dict:
    """The values that a training step changes, by name."""
    tree = model.get_state_tree(value_format="numpy_array")
    return {part: tree[part] for part in STATE}


def fits(held, model) -> bool:
    """Whether one can take over the state and the rates of the other."""
    layers = zip(noise_layers(held), noise_layers(model), strict=False)
    same_noise = all(layer.is_held or layer.rate == new.rate for layer, new in layers)
    return same_noise and shapes(held) == shapes(model)


def shapes(model) -> list:
    """Name, shape and type of every variable that a training step changes."""
    variables = [*model.variables, *model.optimizer.variables]
    return [(v.name, tuple(v.shape), str(v.dtype)) for v in variables]
