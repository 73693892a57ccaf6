"""Trainings of one process that differ only in numbers share one compiled training step.

Tracing a step costs seconds, a small training less. A sweep's in-process jobs and the cocktail's
trials hand one `SharedSteps` from training to training. It keeps the last compiled models and, for
a training of the structure of one of them, puts the new one's fresh state and numbers into it:
initial weights, random seeds, optimizer, strengths, learning rate, weight decay, the average's
momentum, the rates of all noise layers, the units of the errors. The result is bit for bit that of
a run of its own.
"""

import copy
import json
from typing import TYPE_CHECKING, Any

from kreg.fields import scheduled_keys
from kreg.regularizers.options import KINDS
from kreg.training import units

if TYPE_CHECKING:
    import keras

    from kreg.config.root import Config
    from kreg.layers import Noise
    from kreg.optimizers import Proximal

# what the step and the evaluators are made of
GROUPS = ("data", "model", "reg", "dropout", "optimizer", "diagnostics")
TRAINER = ("batch_size", "label_smoothing", "device", "precision", "jit_compile", "deterministic")
STRENGTHS = scheduled_keys(KINDS)
ALWAYS = (*STRENGTHS, "ema")  # numbers of a step at 0 too
NUMBERS = {
    "reg": STRENGTHS,
    "dropout": ("rate",),
    "optimizer": ("learning_rate", "weight_decay", "ema"),
}
STATE = ("trainable_variables", "non_trainable_variables", "optimizer_variables")
MOST, MOST_PARAMETERS = 4, 20_000_000  # what is kept at once
LIGHT, MOST_LIGHT = 1_000_000, 16  # parameters in all, below which more models may be kept


class SharedSteps:
    """The compiled models that the next training may continue with: structure -> model."""

    def __init__(self) -> None:
        self.models: dict[str, keras.Model] = {}  # the one used last at the end

    def adopt(
        self, model: "keras.Model", config: "Config", inputs: tuple[Any, ...] = ()
    ) -> "keras.Model":
        """`model`, or a model of the same structure that is compiled already and has its state now.

        Args:
            model: Built, penalised and compiled; it reads its numbers from variables, see `hold`.
            config: Its checked configuration.
            inputs: What else the step depends on: the kind of targets and the number of all steps.
        """
        import keras

        if keras.backend.backend() != "tensorflow":  # JAX's step reads only what Keras tracks
            return model
        key = structure(config.to_dict(), inputs)
        model.optimizer.build(model.trainable_variables)
        shared = self.models.pop(key, None)
        if shared is not None and fits(shared, model):
            take_over(shared, model, config)
        else:
            shared = model
        self.models[key] = shared
        self.make_room()
        return shared

    def make_room(self) -> None:
        """Let the models go that were not used for longest."""
        while len(self.models) > self.most and len(self.models) > 1:
            del self.models[next(iter(self.models))]

    @property
    def most(self) -> int:
        """How many models may be kept: a search over mixtures goes back and forth between many."""
        if self.parameters > MOST_PARAMETERS:
            return 1
        return MOST_LIGHT if self.is_light else MOST

    @property
    def is_light(self) -> bool:
        """Whether the models are so small that looking for garbage costs more than it frees."""
        return 0 < self.parameters < LIGHT

    @property
    def parameters(self) -> int:
        return sum(int(model.count_params()) for model in self.models.values())


def hold(model: "keras.Model") -> None:
    """Before the step is traced: let it read from variables what would be written into it.

    A run of its own does the same. XLA computes a little differently with a constant, and the
    jobs of a sweep shall have the results of separate runs.
    """
    proximal(model).hold_numbers()
    for layer in noise_layers(model):
        layer.hold_rate()


def take_over(shared: "keras.Model", model: "keras.Model", config: "Config") -> None:
    """Give a compiled model the state and the numbers of another."""
    shared.set_state_tree(state(model))
    optimizer = proximal(shared)
    optimizer.take_numbers(proximal(model))
    if strengths := numbers(config.reg):
        optimizer.set_strengths(None, **strengths)
    if (rate := getattr(optimizer, "scaled_rate", None)) is not None:
        rate.set_height(proximal(model).scaled_rate.height)
    for layer, new in zip(noise_layers(shared), noise_layers(model), strict=True):
        layer.set_rate(new.rate)
    for metric, other in zip(units.errors(shared), units.errors(model), strict=True):
        metric.rescale(other.divisors)
    shared.stop_training = False


def proximal(model: "keras.Model") -> "Proximal":
    """The model's optimizer, or the one under its loss scaling."""
    found: Proximal = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    return found


def noise_layers(model: "keras.Model") -> "list[Noise]":
    """The noise layers of `kreg.layers` in a model."""
    from kreg import layers

    return [layer for layer in layers.noise_layers(model) if isinstance(layer, layers.Noise)]


def structure(tree: dict[str, Any], inputs: tuple[Any, ...] = ()) -> str:
    """What the compiled step depends on: everything but seeds and numbers that are switched on."""
    parts: dict[str, Any] = copy.deepcopy({group: tree.get(group) for group in GROUPS})
    parts["trainer"] = {key: tree["trainer"].get(key) for key in TRAINER}
    parts["inputs"] = inputs
    for group, names in NUMBERS.items():
        parts[group] |= {name: "a number" for name in names if is_on(parts[group], name)}
    return json.dumps(parts, sort_keys=True, default=repr)


def is_on(group: dict[str, Any], name: str) -> bool:
    """Whether a setting is a number that the step reads; of a rate of 0 nothing is in it."""
    if group.get("rules"):  # strengths of the same name are several
        return False
    value = group.get(name)
    always = name in ALWAYS or (name == "weight_decay" and group["kind"] == "adamw")
    return isinstance(value, int | float) and (always or value != 0)


def numbers(reg: object) -> dict[str, float]:
    """The strengths of a checked `reg` group that are constants, if one is for all layers."""
    if getattr(reg, "rules", None):
        return {}
    found = {name: getattr(reg, name, None) for name in STRENGTHS}
    return {name: value for name, value in found.items() if isinstance(value, int | float)}


def state(model: "keras.Model") -> dict[str, Any]:
    """The values that a training step changes, by name."""
    tree = model.get_state_tree(value_format="numpy_array")
    return {part: tree[part] for part in STATE}


def fits(shared: "keras.Model", model: "keras.Model") -> bool:
    """Whether one can take over the state and the rates of the other."""
    layers = zip(noise_layers(shared), noise_layers(model), strict=False)
    same_noise = all(layer.is_held or layer.rate == new.rate for layer, new in layers)
    return same_noise and shapes(shared) == shapes(model)


def shapes(model: "keras.Model") -> list[tuple[Any, ...]]:
    """Name, shape and type of every variable that a training step changes."""
    variables = [*model.variables, *model.optimizer.variables]
    return [(v.name, tuple(v.shape), str(v.dtype)) for v in variables]


def scales(model: "keras.Model") -> list[tuple[Any, Any]]:
    """The constants with which pictures enter; they are compiled into the training step."""
    import keras

    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.Rescaling)]
    return [(layer.scale, layer.offset) for layer in layers]
