"""What can be trained by several workers with the weights of one; the rest is refused."""

from kreg.config import cluster
from kreg.config.custom import Custom
from kreg.config.root import Config

# the options with which two workers were found to train the weights of one
ALLOWED = {
    "model": ("linear", "shallow", "deep", "wide"),
    "reg": ("none", "l1", "l2", "elasticnet", "group", "sparse_group"),
    "dropout": ("none",),
    "augment": ("none",),
    "optimizer": ("sgd", "adam", "adamw", "rmsprop"),
    "callbacks": ("none",),
    "finetune": ("full",),
}
PLAIN = {"device": ("auto", "cpu"), "precision": ("float32",), "jit_compile": ("auto", False)}


def workers_train_as_one(config: Config) -> None:
    """`distribute=multiworker`: a cluster, and only what several workers train as one would."""
    if config.distribute == "none":
        return
    for group, options in ALLOWED.items():
        kind = getattr(config, group).kind
        if kind not in options:
            raise refused(f"{group}={kind}", f"{group} may be {', '.join(options)}")
    for group in ("data", "stop", "diagnostics"):
        if isinstance(getattr(config, group), Custom):
            raise refused(f"a {group} of your own", "choose one of kreg's")
    for key, values in PLAIN.items():
        chosen = getattr(config.trainer, key)
        if chosen not in values:
            told = " or ".join(str(value).lower() for value in values)
            raise refused(f"trainer.{key}={str(chosen).lower()}", f"say {told}")
    if getattr(config.optimizer, "accumulate", 1) > 1:
        raise refused("optimizer.accumulate", "choose a larger trainer.batch_size")
    if getattr(config.reg, "rules", None):
        raise refused("reg.rules", "say one penalty for all layers")
    if config.compress.enabled:
        raise refused("compress=true", "leave it out; kreg.compress makes the model smaller later")
    if config.procedure != "train":
        raise refused(f"procedure={config.procedure}", "train one model")
    if not config.check:
        cluster.of_environment()


def refused(what: str, instead: str) -> ValueError:
    """The error of a choice that several workers do not train as one does, or were not seen to."""
    return ValueError(f"distribute=multiworker does not know {what}: {instead}.")
