"""What can be trained by several with the weights of one; the rest is refused."""

import os

from kreg.config import cluster
from kreg.config.custom import Custom
from kreg.config.root import Config

# the options with which two workers, and two devices, were found to train the weights of one
ALLOWED = {
    "model": ("linear", "shallow", "deep", "wide"),
    "reg": ("none", "l1", "l2", "elasticnet", "group", "sparse_group"),
    "dropout": ("none",),
    "augment": ("none",),
    "optimizer": ("sgd", "adam", "adamw", "rmsprop"),
    "callbacks": ("none",),
    "finetune": ("full",),
}
DATA_PARALLEL = "data_parallel"  # of `distribute`: what JAX does
PLAIN = {"precision": ("float32",), "jit_compile": ("auto", False)}
DEVICES = {"mirrored": ("auto", "cpu", "gpu")}  # the others know processors alone


def several_train_as_one(config: Config) -> None:
    """`distribute=`: devices or a cluster, and only what several train as one would."""
    if config.distribute == "none":
        return
    if config.distribute == DATA_PARALLEL:
        only_on_jax(config)
        return
    refuse_options(config)
    for key, values in (
        PLAIN | {"device": DEVICES.get(config.distribute, ("auto", "cpu"))}
    ).items():
        chosen = getattr(config.trainer, key)
        if chosen not in values:
            told = " or ".join(str(value).lower() for value in values)
            raise refused(config, f"trainer.{key}={str(chosen).lower()}", f"say {told}")
    if config.check:
        return
    to_be_placed = config.distribute == "ray" and cluster.VARIABLE not in os.environ
    if config.distribute in cluster.SEVERAL and not to_be_placed:
        cluster.of_environment()


def only_on_jax(config: Config) -> None:
    """`distribute=data_parallel`: on the other backends `keras.distribution` does nothing.

    Raises:
        ValueError: There, and for what was never trained by several devices.
    """
    if config.trainer.backend != "jax":
        raise ValueError(
            f"distribute={DATA_PARALLEL} is keras.distribution, which does nothing with the "
            f"backend {config.trainer.backend}. Say trainer.backend=jax. With the backend "
            "tensorflow, distribute=mirrored trains on all devices of this machine."
        )
    if config.finetune.kind != "full":
        raise ValueError(
            f"distribute={DATA_PARALLEL} was not tried with finetune={config.finetune.kind}. Say "
            "finetune=full or distribute=none."
        )


def refuse_options(config: Config) -> None:
    """Refuse the options of groups that several do not train as one does."""
    for group, options in ALLOWED.items():
        kind = getattr(config, group).kind
        if kind not in options:
            raise refused(config, f"{group}={kind}", f"{group} may be {', '.join(options)}")
    for group in ("data", "stop", "diagnostics"):
        if isinstance(getattr(config, group), Custom):
            raise refused(config, f"a {group} of your own", "choose one of kreg's")
    if getattr(config.optimizer, "accumulate", 1) > 1:
        raise refused(config, "optimizer.accumulate", "choose a larger trainer.batch_size")
    if getattr(config.reg, "rules", None):
        raise refused(config, "reg.rules", "say one penalty for all layers")
    if config.compress.enabled:
        smaller = "leave it out; kreg.compress makes the model smaller later"
        raise refused(config, "compress=true", smaller)
    if config.procedure != "train":
        raise refused(config, f"procedure={config.procedure}", "train one model")


def refused(config: Config, what: str, instead: str) -> ValueError:
    """The error of a choice that several do not train as one does, or were not seen to."""
    return ValueError(f"distribute={config.distribute} does not know {what}: {instead}.")
