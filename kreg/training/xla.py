"""Whether the training step is compiled by XLA: what `trainer.jit_compile` comes to for a model."""

from typing import TYPE_CHECKING

from kreg.training.budget import Budget
from kreg.training.options import BACKENDS, TrainerOptions

if TYPE_CHECKING:
    import keras

OTHERS = BACKENDS[1:]


def jit_compile(cfg: TrainerOptions, model: "keras.Model") -> bool | str:
    """Keras's `jit_compile` argument; `"auto"` keeps XLA away from convolutions on a processor.

    On JAX there is nothing but XLA, and on PyTorch none: there it is Keras's own choice.

    A small CNN trained for six epochs took 29 s with XLA and 16 s without, a small residual network
    59 s and 45 s (two cores, compilation included). Dense networks gain from it.
    """
    if not supported(model):
        return False
    if cfg.jit_compile != "auto" or not convolves(model) or cfg.backend in OTHERS:
        return cfg.jit_compile
    import tensorflow as tf

    on_gpu = cfg.device != "cpu" and tf.config.list_physical_devices("GPU")
    return "auto" if on_gpu else False


def steps_at_once(cfg: TrainerOptions, budget: Budget, whole_epochs: bool) -> int:
    """Keras's `steps_per_execution`, which JAX makes one by one anyway, and PyTorch refuses."""
    return 1 if cfg.backend in OTHERS else budget.steps_at_once(whole_epochs)


def supported(model: "keras.Model") -> bool:
    """Whether no layer has said that it does not go with XLA: one whose penalty decomposes it."""
    return all(getattr(layer, "supports_jit", True) for layer in model.layers)


def without(cfg: TrainerOptions, model: "keras.Model") -> list[str]:
    """What is said where XLA was asked for and is not used."""
    if cfg.jit_compile is not True or supported(model):
        return []
    return [
        "trainer.jit_compile=true does not act: reg=nuclear decomposes matrices, for which XLA "
        "takes seconds on a processor. The training step is compiled without XLA."
    ]


def convolves(model: "keras.layers.Layer") -> bool:
    """Whether a layer of the model, or of a model in it, has a kernel that moves."""
    return any(
        getattr(layer, "kernel_size", None) or convolves(layer)
        for layer in getattr(model, "layers", ())
    )
