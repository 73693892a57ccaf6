"""From one setting to a compiled model: what `build` gets, and what kreg adds to its model."""

import inspect
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras

from kreg import check, layers, optimizers, private_keras, surgery
from kreg.searching.grid import OWN, Setting
from kreg.searching.penalties import penalty

DROPOUTS = (keras.layers.Dropout, layers.Dropout)
NOT_COMPILED = (
    "The model that `build` returns is not compiled. Compile it there, or pass "
    "kreg.search(..., loss='sparse_categorical_crossentropy'), say."
)
SCHEDULED = (
    "`learning_rate` cannot be set: the optimizer that `build` compiles with has a schedule. Let "
    "`build` take `learning_rate`, or leave it out."
)


@dataclass(frozen=True)
class Builder:
    """What makes the model of a setting.

    Args:
        build: The user's function.
        wants: The names of settings that it takes.
        loss, metrics, optimizer: For a model that it does not compile.
        batch: A few inputs, on which a model without weights is built.
        proximal: Whether the optimizer takes kreg's proximal step: where there are penalties.
    """

    build: Callable[..., Any]
    wants: tuple[str, ...]
    loss: Any
    metrics: Any
    optimizer: Any
    batch: Any
    proximal: bool

    def bare(self, setting: Setting) -> keras.Model:
        """The model as `build` returns it, compiled and with weights."""
        model = self.build(**self.given(setting))
        if not isinstance(model, keras.Model):
            raise check.invalid("build", "a function that returns a keras.Model", model)
        if not model.compiled:
            if self.loss is None:
                raise ValueError(NOT_COMPILED)
            optimizer = keras.optimizers.get(own_copy(self.optimizer))
            model.compile(optimizer=optimizer, loss=self.loss, metrics=self.metrics)
        if not (model.built and model.weights):
            model(self.batch)
        return model

    def given(self, setting: Setting) -> Setting:
        """What `build` gets of a setting."""
        return {name: value for name, value in setting.items() if name in self.wants}

    def __call__(self, setting: Setting, seed: int) -> keras.Model:
        """The model of a setting, ready to be trained; its numbers are drawn from the seed."""
        keras.utils.set_random_seed(seed)
        return self.finished(self.bare(setting), setting, seed)

    def finished(self, bare: keras.Model, setting: Setting, seed: int) -> keras.Model:
        """With the dropout, the learning rate and the penalty that `build` did not ask for."""
        ours = {name: value for name, value in setting.items() if name not in self.wants}
        model = with_rate(bare, ours["dropout"], seed) if "dropout" in ours else bare
        optimizer = bare.optimizer
        if self.proximal:
            optimizer = optimizers.proximal(optimizer)
        if "learning_rate" in ours:
            set_learning_rate(optimizer, ours["learning_rate"])
        if model is not bare or optimizer is not bare.optimizer:
            compile_again(bare, model, optimizer)
        if ours.get("reg", "none") != "none":
            surgery.regularize(model, penalty(ours["reg"], ours["strength"]))
        return model


@contextmanager
def thrown_away() -> Iterator[None]:
    """Nothing is said about saving models that nobody will see."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Cloning the model will lose")
        yield


def wanted(build: Any, names: list[str]) -> tuple[str, ...]:
    """The settings that `build` takes by name; all others must be kreg's."""
    if not callable(build):
        expected = "a function without arguments, or with names of settings, that returns a model"
        raise check.invalid("build", expected, build)
    parameters = inspect.signature(build).parameters.values()
    takes_all = any(one.kind is one.VAR_KEYWORD for one in parameters)
    named = [one for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    missing = [p.name for p in named if p.default is p.empty and p.name not in names]
    if missing:
        raise check.invalid("settings", f"values for what `build` needs: {missing}", names)
    wants = [n for n in names if n in [p.name for p in named] or (takes_all and n not in OWN)]
    for name in names:
        if name not in wants and name not in OWN:
            known = (*OWN, *(parameter.name for parameter in named))
            advice = f"{check.did_you_mean(name, known)} `build` may take others by their names."
            raise check.invalid("settings", f"names of {known}", name, advice.strip())
    if ("reg" in wants) != ("strength" in wants) and "strength" in names:
        raise check.invalid("build", "one that takes both of `reg` and `strength`, or none", wants)
    return tuple(wants)


def own_copy(optimizer: Any) -> Any:
    """A fresh optimizer: one that has trained a model cannot train another one."""
    if isinstance(optimizer, keras.optimizers.Optimizer):
        return type(optimizer).from_config(optimizer.get_config())
    return optimizer


def with_rate(model: keras.Model, rate: float, seed: int) -> keras.Model:
    """The model whose dropout has that rate: that of its own layers, else new ones."""
    own = [one for one in private_keras.all_layers(model) if isinstance(one, DROPOUTS)]
    for layer in own:
        layer.rate = rate
    return model if own or not rate else surgery.with_dropout(model, rate, seed=seed)


def set_learning_rate(optimizer: keras.Optimizer, rate: float) -> None:
    try:
        optimizer.learning_rate = rate
    except TypeError as error:  # Keras's word for a schedule
        raise ValueError(SCHEDULED) from error


def compile_again(bare: keras.Model, model: keras.Model, optimizer: keras.Optimizer) -> None:
    """Compile `model` as `bare` was, with another optimizer."""
    if model is bare and private_keras.overrides(bare, "compile"):
        model.optimizer = optimizer  # its own `compile` takes who knows what
    else:
        model.compile(**private_keras.given_to_compile(bare) | {"optimizer": optimizer})
