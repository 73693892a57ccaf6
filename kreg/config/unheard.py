"""Keys that act only together with another one: a command that says one alone is told so.

Each rule asks the whole checked configuration of a job, because the other key may come from a file,
from an option or from what `auto` stands for. A sweep may vary the other key: what one of its jobs
hears is heard.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kreg.config.root import Config
from kreg.config.validate import ConfigError
from kreg.data.options import KerasImagesOptions
from kreg.regularizers.options import PenaltyOptions
from kreg.training.stop_options import AUTO, AutoStopOptions, GapOptions, StopOptions

LEAVE = " Or leave it out."


@dataclass(frozen=True)
class Rule:
    """When some keys say nothing.

    Args:
        keys: Which, or a group with a point behind it for all of its keys.
        why: Of a configuration and a key, the words after it; empty where the key acts.
        off: Keys that turn these off. Whoever says one of them as well knows it.
        another: Whether the job then does something else than the words say. A sweep is told so
            where another of its jobs hears them.
    """

    keys: tuple[str, ...]
    why: Callable[[Config, str], str]
    off: tuple[str, ...] = ()
    another: bool = False

    def covers(self, key: str) -> bool:
        return any(key == name or (name[-1] == "." and key.startswith(name)) for name in self.keys)


def found(config: Config, words: Mapping[str, str]) -> dict[str, str]:
    """The keys of a command that nothing hears in this job, each with a sentence.

    Args:
        config: The checked configuration of the job.
        words: What the job is told: key to word.
    """
    return {
        key: f"{word}: {why}{LEAVE}"
        for key, word in words.items()
        for rule in RULES
        if rule.covers(key) and not any(name in words for name in rule.off)
        if (why := rule.why(config, key))
    }


def refuse(sentences: Mapping[str, str]) -> None:
    """Refuse the first word that nothing hears.

    Args:
        sentences: As `found` gives them.

    Raises:
        ConfigError: With its sentence.
    """
    for sentence in sentences.values():
        raise ConfigError(sentence)


def replaced(sentences: Mapping[str, str]) -> list[str]:
    """Of what a job does not hear the sentences where it does something else.

    Args:
        sentences: As `found` gives them.
    """
    keys = [key for key in sentences if any(rule.another and rule.covers(key) for rule in RULES)]
    return [sentences[key].removesuffix(LEAVE) for key in keys]


def activity(config: Config, key: str) -> str:
    """What hidden units put out is penalised only with a strength."""
    reg = config.reg
    if not isinstance(reg, PenaltyOptions) or reg.activity:
        return ""
    return (
        "reg.activity=0 penalises nothing that units put out. Say how strongly, reg.activity=1e-3."
    )


def target(config: Config, key: str) -> str:
    """A mean that is wanted belongs to the divergence."""
    reg = config.reg
    if not isinstance(reg, PenaltyOptions) or not reg.activity or reg.activity_form == "kl":
        return ""
    return (
        f"it says nothing about reg.activity_form={reg.activity_form}: it is the mean that "
        "reg.activity_form=kl wants. Say that."
    )


def decay(config: Config, key: str) -> str:
    if getattr(config.optimizer, "weight_decay", 1.0):
        return ""
    return "optimizer.weight_decay=0, so that no weight decays. Say optimizer.weight_decay=1e-4."


def refit(config: Config, key: str) -> str:
    return "" if config.compress.enabled else "nothing is compressed. Say compress=on."


def budget(config: Config, key: str) -> str:
    if getattr(config.diagnostics, "adapt", True):
        return ""
    return (
        "diagnostics.adapt=false measures all rows, whatever they cost. Say diagnostics.adapt=true."
    )


def skipped(config: Config, key: str) -> str:
    model = config.model
    if not getattr(model, "skip", False) or getattr(model, "depth", 2) > 1:
        return ""
    return "one hidden layer leaves nothing to be skipped. Say model.depth=2 or more."


def averaged(config: Config, key: str) -> str:
    stop = config.stop
    if not isinstance(stop, StopOptions) or stop.restore != "none" or stop.average in (1, AUTO):
        return ""
    return "stop.restore=none keeps the last weights, and no mean. Say stop.restore=weights."


def of_patience(config: Config, key: str) -> str:
    """`stop=auto` waits for a proof where it can, unless it is told something else than usual."""
    name = key.partition(".")[2]
    usual = getattr(AutoStopOptions(), name, None)
    if config.stop != GapOptions() or getattr(config.stop, name, None) == usual:
        return ""
    return (
        "stop=auto has it anyway, and trains this convex problem until its optimum is proved "
        "(stop=gap). Say stop=patience, too."
    )


def folds(config: Config, key: str) -> str:
    if getattr(config.data, "folds", 1) or getattr(config.data, "fold", None) is None:
        return ""
    return "there are no folds. Say data.folds=5."


def scaled_target(config: Config, key: str) -> str:
    if getattr(config.data, "known_task", "auto") != "classification":
        return ""
    return "the target is a class, which has no scale. Say it of a regression."


def kept_pictures(config: Config, key: str) -> str:
    cache = getattr(config.data, "cache", "auto")
    if cache in ("auto", "disk"):
        return ""
    return f"data.cache={cache} keeps nothing on the disk. Say data.cache=disk."


def resized(config: Config, key: str) -> str:
    if getattr(config.data, "size", ()) is not None:
        return ""
    return "data.size=null resizes nothing. Say data.size=auto or data.size=[64,64]."


def of_teacher(config: Config, key: str) -> str:
    problem = getattr(config.data, "problem", "sparse_teacher")
    if problem == "sparse_teacher":
        return ""
    return f"data.problem={problem} has no such columns. Say data.problem=sparse_teacher."


def own_test_rows(config: Config, key: str) -> str:
    data = config.data
    if isinstance(data, KerasImagesOptions) or data.kind == "imdb":
        return (
            f"data={data.kind} has test rows of its own, and they are the test. Choose other data."
        )
    if getattr(data, "test_path", None) is not None:
        return "the rows of data.test_path are the test. Say one of the two."
    return ""


def of_ray(config: Config, key: str) -> str:
    if config.distribute == "ray":
        return ""
    return f"distribute={config.distribute} takes no number of workers. Say distribute=ray."


def arguments(config: Config, key: str) -> str:
    if config.procedure != "train":
        return ""
    return "arguments are those of an experiment, and none is chosen. Say experiment=cocktail."


RULES = (
    Rule(("reg.activity_form", "reg.activity_target"), activity, off=("reg.activity",)),
    Rule(("reg.activity_target",), target),
    Rule(("optimizer.decay_on",), decay, off=("optimizer.weight_decay",)),
    Rule(("compress.refit_epochs",), refit, off=("compress", "compress.enabled")),
    Rule(("diagnostics.budget",), budget, off=("diagnostics.adapt",)),
    Rule(("model.skip",), skipped, off=("model.depth",)),
    Rule(("stop.average",), averaged),
    Rule(("stop.",), of_patience, off=("stop",), another=True),
    Rule(("data.fold",), folds, off=("data.folds",)),
    Rule(("data.scale_target",), scaled_target),
    Rule(("data.cache_limit",), kept_pictures),
    Rule(("data.resize",), resized, off=("data.size",)),
    Rule(("data.informative", "data.correlation"), of_teacher),
    Rule(("data.test",), own_test_rows),
    Rule(("workers",), of_ray),
    Rule(("arguments.", "arguments"), arguments),
)
