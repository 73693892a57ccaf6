"""From the optimizer that someone has to the one with the proximal step."""

from collections.abc import Mapping

import keras

from kreg import check, private_keras
from kreg.optimizers.classes import CLASSES
from kreg.optimizers.proximal_step import Proximal

BY_PARENT = {cls.__mro__[2]: cls for cls in CLASSES}
REFUSED = {
    "Ftrl": "it has a penalty of its own, on the sum of losses. Use `kreg.optimizers.Adagrad`",
    "ScheduleFreeAdamW": "it moves between two iterates of its own. Use `kreg.optimizers.AdamW`",
    "Adadelta": "its steps start too small to reach the zeros. Use `kreg.optimizers.Adam`",
    "MultiOptimizer": "it has no step of its own. Convert the optimizers inside it, one by one",
}


def proximal(
    optimizer: keras.Optimizer | str, *, rates: Mapping[str, float] | None = None
) -> keras.Optimizer:
    """The same optimizer with exact zeros for kreg penalties: settings and state are kept.

    So is what `exclude_from_weight_decay` has said.

    Args:
        optimizer: An instance of a Keras optimizer, or a name such as `"adam"`. A loss-scaling
            wrapper is kept, and what it wraps is converted.
        rates: Factors on the learning rate by patterns of weight names, as the classes take them;
            for an optimizer that is none of kreg's yet. Defaults to `None`.

    Returns:
        An instance of a class of `kreg.optimizers`; `optimizer` itself if it is one already.

    Raises:
        ValueError: For an optimizer that cannot take a proximal step, with the reason; for `rates`
            of one that is kreg's already.

    >>> proximal("adam").__class__
    <class 'kreg.optimizers.classes.Adam'>
    """
    optimizer = keras.optimizers.get(optimizer)
    if isinstance(optimizer, Proximal):
        if rates:
            raise check.invalid(
                "rates", "None for an optimizer of kreg, whose class takes them", rates
            )
        return optimizer
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return rewrapped(optimizer, rates)
    cls = proximal_class(optimizer)
    settings = private_keras.settings(optimizer)
    converted = cls.from_config(settings | ({"rates": rates} if rates else {}))
    private_keras.copy_exclusions(optimizer, converted)
    if optimizer.built:
        converted.build(private_keras.trained_weights(optimizer))
        copy_state(optimizer, converted)
    return converted


def proximal_class(optimizer: keras.Optimizer) -> type[Proximal]:
    """The kreg class for a Keras optimizer."""
    for parent, cls in BY_PARENT.items():
        # the torch backend swaps Keras's classes for subclasses of the same name
        if type(optimizer) is parent or (
            isinstance(optimizer, parent) and type(optimizer).__name__ == parent.__name__
        ):
            return cls
    name = type(optimizer).__name__
    reason = REFUSED.get(name)
    if reason is None:
        reason = (
            "kreg does not know its class. Define "
            f"`class Proximal{name}(kreg.optimizers.Proximal, {name})` and use that"
        )
    raise ValueError(f"The optimizer {name} cannot be given a proximal step: {reason}.")


def rewrapped(
    wrapper: keras.optimizers.LossScaleOptimizer, rates: Mapping[str, float] | None = None
) -> keras.optimizers.LossScaleOptimizer:
    """A loss-scaling wrapper around the converted inner optimizer."""
    if wrapper.built:
        raise ValueError(
            "A LossScaleOptimizer that has trained already cannot be converted. Convert its inner "
            "optimizer with `kreg.optimizers.proximal` and compile the model again."
        )
    config = wrapper.get_config()
    config.pop("inner_optimizer")
    return keras.optimizers.LossScaleOptimizer(
        proximal(wrapper.inner_optimizer, rates=rates), **config
    )


def copy_state(source: keras.Optimizer, target: keras.Optimizer) -> None:
    """Copy all of Keras's variables; kreg's own come after them and start fresh."""
    for old, new in zip(source.variables, target.variables, strict=False):
        new.assign(old)
