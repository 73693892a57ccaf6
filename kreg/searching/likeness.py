"""Whether `build` returns what it was asked for: one architecture a setting, fresh each time."""

import weakref
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from kreg import private_keras
from kreg.searching.building import Builder
from kreg.searching.grid import Grid, Setting

UNTOLD = {"name", "seed", "build_config", "batch_shape", "batch_input_shape"}
SHARED = (
    "`build` returns the same weights each time: what one training learns would be in the next "
    "one. Let it make all layers inside."
)
CHANGING = (
    "`build` returns another architecture each time, so its trainings cannot be compared: first "
    "{}, then {}. What it draws at random must be fixed, or a setting."
)
IGNORED = (
    "`build` takes `{}` and ignores it: the models for {!r} and {!r} are the same, outputs, loss "
    "and optimizer. Use it there, or leave it out of the settings."
)


class Likeness:
    """What `build` has returned for each setting that it was given."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.known: dict[str, tuple[str, weakref.ref[keras.Model]]] = {}
        self.first: keras.Model | None = None  # kept, so that its weights are known again

    def check(self, model: keras.Model, setting: Setting) -> None:
        """Refuse weights of an earlier model, and another architecture than the last time."""
        key, found = repr(self.builder.given(setting)), architecture(model)
        known, last = self.known.get(key, (found, lambda: None))
        for other in (self.first, last()):
            if other is not None and share_weights(other, model):
                raise ValueError(SHARED)
        if known != found:
            raise ValueError(CHANGING.format(in_short(known), in_short(found)))
        self.first = self.first or model
        self.known[key] = found, weakref.ref(model)


def share_weights(one: keras.Model, other: keras.Model) -> bool:
    return bool({id(weight) for weight in one.weights} & {id(weight) for weight in other.weights})


def probe(builder: Builder, grid: Grid, x: Any, y: Any, seed: int) -> Likeness:
    """Build with every value once, and with the first ones twice, before anything is trained.

    Raises:
        ValueError: In a sentence, for whatever keeps a setting from being built.
    """
    like = Likeness(builder)
    cases = one_of_each(grid)
    first, seen = cases[0][2], dict[str, list[tuple[Any, Any]]]()
    for name, value, setting in [("", None, first), *cases]:
        keras.utils.set_random_seed(seed)
        model = builder.bare(setting)
        like.check(model, setting)
        if name in builder.wants:
            seen.setdefault(name, []).append((value, all_of(model, x, y)))
        builder.finished(model, setting, seed)
    for name, found in seen.items():
        if len(found) > 1 and all(one == found[0][1] for _, one in found):
            raise ValueError(IGNORED.format(name, found[0][0], found[1][0]))
    return like


def one_of_each(grid: Grid) -> list[tuple[str, Any, Setting]]:
    """For every value of every name the first setting of the grid that has it."""
    wanted = [(name, value) for name, values in grid.values.items() for value in values]
    start = {name: values[0] for name, values in grid.values.items()}
    kinds = [kind for kind in grid.values.get("reg", ()) if kind != "none"]
    found = []
    for name, value in wanted:
        setting = start | {name: value}
        if name == "strength" and setting["reg"] == "none":
            setting["reg"] = kinds[0]
        if setting.get("reg") == "none":
            setting.pop("strength", None)
        found.append((name, value, setting))
    return found


def architecture(model: keras.Model) -> str:
    """Classes, settings and shapes of all layers, without names and seeds."""
    return "; ".join(layers_of(model))


def layers_of(model: keras.Model) -> Iterator[str]:
    for layer in private_keras.all_layers(model):
        shapes = [tuple(v.shape) for v in private_keras.own_weights(layer)]
        yield f"{type(layer).__name__} {shapes} {settings_of(layer)}"


def settings_of(layer: keras.Layer) -> Any:
    """The configuration of a layer as far as it has one; that of a model is its layers'."""
    if isinstance(layer, keras.Model):
        return ""
    try:
        return told(layer.get_config())
    except Exception:  # Keras asks for `get_config` of one's own layers; without one, shapes do
        return ""


def told(value: Any) -> Any:
    """A configuration without what differs between two equal layers."""
    if isinstance(value, dict):
        return {key: told(inner) for key, inner in value.items() if key not in UNTOLD}
    if isinstance(value, (list, tuple)):
        return [told(inner) for inner in value]
    return value if isinstance(value, (bool, int, float, str)) else type(value).__name__


def in_short(text: str, longest: int = 120) -> str:
    """Class names and shapes alone."""
    shown = ", ".join(part.split("] ")[0] + "]" for part in text.split("; ")[1:])
    return shown if len(shown) <= longest else f"{shown[:longest]}..."


def all_of(model: keras.Model, x: Any, y: Any) -> tuple[Any, ...]:
    """All that training could tell: layers, weights, outputs, loss, optimizer."""
    optimizer = model.optimizer
    loss = model.test_on_batch(x, y)
    outputs = [np.asarray(one).tobytes() for one in keras.tree.flatten(model.predict_on_batch(x))]
    weights = [np.asarray(weight).tobytes() for weight in model.weights]
    how = told(optimizer.get_config()) if optimizer is not None else None
    return architecture(model), weights, outputs, np.asarray(loss).tobytes(), repr(how)
