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


def model_in_training() -> keras.Model | None:
    """The model whose training or test step is running (the innermost one), or `None`."""
    frame = sys._getframe(1)
    while frame is not None:
        # autograph prefixes the names of the functions that it converts
        if frame.f_code.co_name.endswith(STEPS):
            model = frame.f_locals.get("self")
            if isinstance(model, keras.Model):
                return model
        frame = frame.f_back
    return None


def optimizers_of(model: keras.Model) -> list[keras.optimizers.Optimizer]:
    """All optimizers that a model holds (a GAN has two), without the wrappers around them."""
    held = [v for v in vars(model).values() if isinstance(v, keras.optimizers.Optimizer)]
    return [inner for optimizer in held for inner in unwrapped(optimizer)]


def unwrapped(optimizer) -> list[keras.optimizers.Optimizer]:
    """The optimizer itself, or those inside a loss-scaling or a multiple one."""
    inner = getattr(optimizer, "inner_optimizer", None)
    return getattr(optimizer, "optimizers", None) or [optimizer if inner is None else inner]
