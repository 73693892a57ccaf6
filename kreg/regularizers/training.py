"""Who is training: which optimizer will use the gradient of the penalty that is being evaluated.

A proximal optimizer takes a penalty's step itself, so the gradient must not hold the penalty a
second time; any other optimizer needs that gradient. Keras hands a regularizer the weight and
nothing else, and builds its optimizer after the first loss has been traced. The one place where the
answer is certain is the training step on the call stack: it belongs to a model, and the model holds
its optimizers. A claim alone would be wrong after the model is compiled again with another
optimizer, or where two models share a penalty. The look costs microseconds, at trace time only
(at each step where nothing is traced).
"""

import sys

import keras

STEPS = ("train_step", "test_step")  # as every Keras trainer calls them, and every override of them


def frames(*endings: str):
    """The calls in progress of functions whose names end so, the innermost first."""
    frame = sys._getframe(1)
    while frame is not None:
        # autograph prefixes the names of the functions that it converts
        if frame.f_code.co_name.endswith(endings):
            yield frame
        frame = frame.f_back


def model_in_training() -> keras.Model | None:
    """The model whose training or test step is running (the innermost one), or `None`."""
    owners = (frame.f_locals.get("self") for frame in frames(*STEPS))
    return next((model for model in owners if isinstance(model, keras.Model)), None)


def values_in_loss() -> dict[int, object]:
    """What an optimizer's variables hold, by their `id`, where JAX has taken them away.

    JAX's trainer computes the loss without the optimizer's variables, but hands their values to
    the function that computes it. Empty in a test step, which does not get them.
    """
    frame = next(frames("compute_loss_and_updates"), None)
    values = None if frame is None else frame.f_locals.get("optimizer_variables")
    if values is None:
        return {}
    variables = frame.f_locals["self"].optimizer.variables
    return {id(v): value for v, value in zip(variables, values, strict=True)}


def optimizers_of(model: keras.Model) -> list[keras.optimizers.Optimizer]:
    """All optimizers that a model holds (a GAN has two), without the wrappers around them."""
    held = [v for v in vars(model).values() if isinstance(v, keras.optimizers.Optimizer)]
    return [inner for optimizer in held for inner in unwrapped(optimizer)]


def unwrapped(optimizer) -> list[keras.optimizers.Optimizer]:
    """The optimizer itself, or those inside a loss-scaling or a multiple one."""
    inner = getattr(optimizer, "inner_optimizer", None)
    return getattr(optimizer, "optimizers", None) or [optimizer if inner is None else inner]
