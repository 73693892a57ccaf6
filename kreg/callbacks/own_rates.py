"""What Keras's optimizers lack, under any of them: kreg's takes the place of Keras's."""

import warnings
from collections.abc import Mapping

import keras

from kreg import check, private_keras
from kreg.optimizers import Proximal, proximal

REPLACED = (
    "kreg.optimizers.{name} takes the place of the optimizer {name} of Keras: the same steps, with "
    "{what}. `model.optimizer` is the new one, and a saved model has it. To have it from the "
    "start: `model.compile(kreg.optimizers.proximal(model.optimizer), ...)`; for {other} and the "
    "optimizer as it is: `{argument}`."
)
RATES = {"what": "a rate for each layer", "other": "one rate", "argument": "layer_decay=1"}
RANKS = {"what": "exact zeros, which choose ranks", "other": "full ranks", "argument": "l1=0"}
BUILT = (
    "The optimizer has its rates for all weights already. Call `model.compile` with a new "
    "optimizer first."
)


def take_rates(model: keras.Model, rates: Mapping[str, float], layer_decay: float) -> None:
    """Give the optimizer of a compiled model a rate for each of these weights.

    An optimizer of Keras is replaced by the one of `kreg.optimizers` that takes the same steps,
    with its state; a warning says so.

    Args:
        model: The model, with all layers trained that will be.
        rates: Path of a weight -> share of the learning rate.
        layer_decay: What they follow from, for what is said.

    Raises:
        ValueError: If the optimizer has been built without them, or kreg has none like it.
    """
    (optimizer,) = private_keras.unwrapped(model.optimizer)
    if isinstance(optimizer, Proximal):
        if not (optimizer.built and has_rates(optimizer, rates)):
            optimizer.rules.add(rates, optimizer.built)
        return
    if optimizer.built and not trains_all(optimizer, model):
        raise ValueError(BUILT)
    try:
        private_keras.replace_optimizer(model, lambda old: proximal(old, rates=rates))
    except ValueError as error:
        raise check.invalid(
            "layer_decay", "1 under this optimizer, which has one rate for all layers", layer_decay,
            f"{error} As it is: `kreg.finetune(model, layer_decay=1)`.",
        ) from error  # fmt: skip
    say(optimizer, RATES)


def take_zeros(model: keras.Model) -> None:
    """Give a compiled model an optimizer with exact zeros, where its own has none and can.

    A warning says so. One that kreg has no likeness of stays: its ranks stay full.
    """
    for optimizer in private_keras.unwrapped(model.optimizer):
        if not isinstance(optimizer, Proximal):
            try:
                private_keras.replace_optimizer(model, proximal)
            except ValueError as error:
                warnings.warn(f"The ranks stay full. {error}", UserWarning, stacklevel=2)
            else:
                say(optimizer, RANKS)


def say(optimizer: keras.Optimizer, words: Mapping[str, str]) -> None:
    text = REPLACED.format(name=type(optimizer).__name__, **words)
    warnings.warn(text, UserWarning, stacklevel=3)


def trains_all(optimizer: keras.Optimizer, model: keras.Model) -> bool:
    known = {id(weight) for weight in private_keras.trained_weights(optimizer)}
    return known == {id(weight) for weight in model.trainable_variables}


def has_rates(optimizer: Proximal, rates: Mapping[str, float]) -> bool:
    """Whether a built optimizer has these rates: one that was loaded knows other names for them."""
    trained = private_keras.trained_weights(optimizer)
    wanted = [rates.get(weight.path, 1.0) for weight in trained]
    return wanted == [optimizer.rules.factors.get(i, 1.0) for i in range(len(trained))]
