"""The ingredients of a cocktail of regularizers: what each may be, and what it does to a config."""

import copy
import math
from collections.abc import Container, Sequence
from typing import Any

from kreg import check
from kreg.sweeps.study import Choice, Interval, Setting, Space

Tree = dict[str, Any]  # a configuration, or a group of it, as plain data

DENSE = ("shallow", "deep", "wide")
PATIENCE, AVERAGE = 15, 0.99
AT_ONCE = 8  # settings of a round, where they are trained together
UNSTACKED = ("mixing", "smoothing")  # what a stack does not know: they are augmentation
# ingredient -> its value in a cocktail that goes without it; the order is that of the tables
WITHOUT: Setting = {
    "weight_decay": False,
    "penalty": "none",
    "dropout": "none",
    "batch_norm": False,
    "skip": False,
    "mixing": "none",
    "smoothing": 0.0,
    "averaging": False,
    "early_stopping": False,
}
BOTH = Choice((False, True))
NOISES = {  # what noise a model has places for; the rest stands for models without any
    **dict.fromkeys(("shallow", "tabm"), ("none", "dropout")),
    **dict.fromkeys(("deep", "wide"), ("none", "dropout", "stochastic_depth")),
    **dict.fromkeys(
        ("resnet", "preact_resnet", "wide_resnet"),
        ("none", "dropout", "spatial", "dropblock", "stochastic_depth"),
    ),
    "cnn": ("none", "dropout", "spatial", "dropblock"),
    "transformer": ("none", "dropout", "stochastic_depth"),
}


def space(image: bool, model: str, labels: bool) -> Space:
    """The search space for a kind of data and model.

    Args:
        image: Whether the inputs are images.
        model: Its kind: the dense ones can normalise and skip, and each has noise of its own.
        labels: Whether the targets are classes, which can be smoothed.
    """
    mixings = ("none", "mixup", "cutmix", "cutout") if image else ("none", "mixup", "cutout")
    found: Space = {
        "learning_rate": Interval(3e-4, 2e-2, log=True),
        "weight_decay": BOTH,
        "weight_decay.strength": Interval(1e-3, 1.0, log=True),
        "penalty": Choice(("none", "l1", "group")),  # weight decay has the part of l2
        "penalty.strength": Interval(1e-6, 3e-3, log=True),
        "mixing": Choice(mixings if labels else ("none", "cutout")),
        "mixing.amount": Interval(0.05, 0.5),
        "averaging": BOTH,
        "early_stopping": BOTH,
    }
    if model in NOISES:
        found |= {"dropout": Choice(NOISES[model]), "dropout.rate": Interval(0.05, 0.6)}
    if model in DENSE:
        found |= {"batch_norm": BOTH, "skip": BOTH}
    if labels:
        found["smoothing"] = Choice((0.0, 0.05, 0.1, 0.2))
    return found


def restricted(space: Space, only: list[str] | None) -> Space:
    """A space without the ingredients that stay out."""
    if only is None:
        return space
    for name in only:
        check.choice("only", name, WITHOUT)
    names = {"learning_rate", *only}
    kept = {name: values for name, values in space.items() if name.split(".")[0] in names}
    noise = kept.get("dropout")
    if isinstance(noise, Choice) and "skip" in space and "skip" not in only:
        options = tuple(o for o in noise.options if o != "stochastic_depth")
        kept["dropout"] = Choice(options)  # nothing could be skipped
    return kept


def round_size(space: Space, model: str) -> int:
    """How many settings a search asks for at once: several where most of them train as one model.

    A stack knows no augmentation, see `kreg.training.stacks`; and where settings are rarely of one
    structure, a round would only keep them from knowing of each other.

    Args:
        space: What the search chooses from.
        model: Its kind.
    """
    if model not in DENSE or any(name in space for name in UNSTACKED):
        return 1
    values = [space[name] for name in ("batch_norm", "skip", "dropout") if name in space]
    structures = math.prod(len(one.options) for one in values if isinstance(one, Choice))
    structures *= 2 if "penalty" in space else 1  # with one or without, whichever it is
    return AT_ONCE if structures * 2 <= AT_ONCE else 1


def first(space: Space, model: str = "deep") -> list[Setting]:
    """Settings that are good on many tables; a search that knows nothing yet begins with them.

    Args:
        space: Of the search.
        model: Its kind; one that has a recipe begins with it.
    """
    openings = (*([RECIPES[model]] if model in RECIPES else []), *OPENINGS)
    found = [{name: (STARTS | start)[name] for name in space} for start in openings]
    return [start for place, start in enumerate(found) if start not in found[:place]]


STARTS: Setting = {  # no ingredient at all, and strengths for those that an opening adds
    **WITHOUT,
    "learning_rate": 2e-3,
    "weight_decay.strength": 0.1,
    "penalty.strength": 1e-5,
    "dropout.rate": 0.1,
    "mixing.amount": 0.2,
}
RECIPES: dict[str, Setting] = {"tabm": {"early_stopping": True, "dropout": "dropout"}}
OPENINGS: tuple[Setting, ...] = (
    {"early_stopping": True},
    {"weight_decay": True, "batch_norm": True, "skip": True, "averaging": True},
    {"weight_decay": True, "dropout": "dropout", "averaging": True, "learning_rate": 4e-3},
    {"weight_decay": True, "batch_norm": True, "skip": True, "dropout": "dropout",
     "mixing": "mixup", "averaging": True, "learning_rate": 4e-3},
    {"weight_decay": True, "weight_decay.strength": 0.5, "batch_norm": True, "dropout": "dropout",
     "dropout.rate": 0.3, "learning_rate": 8e-3, "averaging": True},
)  # fmt: skip


def plain(params: Setting) -> Setting:
    """The same setting without any ingredient."""
    return params | {name: off for name, off in WITHOUT.items() if name in params}


def active(params: Setting) -> list[str]:
    """The ingredients that a setting has."""
    found = [name for name, off in WITHOUT.items() if params.get(name, off) != off]
    idle = params.get("dropout") == "stochastic_depth" and params.get("skip") is False
    return [name for name in found if not (idle and name == "dropout")]


def applied(tree: Tree, params: Setting, image: bool) -> Tree:
    """A configuration as plain data, with the groups that a setting decides in place.

    A group that has nothing to do is `none`, so a cocktail never inherits an ingredient.
    """
    tree = copy.deepcopy(tree)
    dense = tree["model"]["kind"] in DENSE
    tree["model"] |= {key: params[key] for key in ("batch_norm", "skip") if dense and key in params}
    tree["optimizer"] = {
        "kind": "adamw",
        "learning_rate": params["learning_rate"],
        "weight_decay": params["weight_decay.strength"] if params["weight_decay"] else 0.0,
        "ema": AVERAGE if params["averaging"] else None,
    }
    tree["reg"] = penalty(params)
    tree["dropout"] = noise(params, dense)
    tree["augment"] = augmentation(params, image)
    tree["stop"] = {"kind": "none"}
    if params["early_stopping"]:
        # an average is written into the weights at the end: the best epoch must not replace it
        restore = "none" if params["averaging"] else "weights"
        tree["stop"] = {"kind": "patience", "patience": PATIENCE, "restore": restore}
    return tree


def penalty(params: Setting) -> Tree:
    """The `reg` group of a setting: single zeros and zero groups are two strengths of one kind."""
    if params["penalty"] == "none":
        return {"kind": "none"}
    strengths = {"l1": 0.0, "group": 0.0, params["penalty"]: params["penalty.strength"]}
    return {"kind": "sparse_group", **strengths}


def sharing(tree: Tree, names: Container[str]) -> Tree:
    """The same training, bit for bit, in a form that shares its compiled step with more settings.

    An average without memory is the weights themselves, and makes a step 5 % slower. (A penalty of
    strength 0 would change nothing either, but costs 25 % of every step.)

    Args:
        tree: A configuration as plain data.
        names: What the search chooses: for an ingredient that stays out nothing is prepared.
    """
    optimizer = tree["optimizer"]
    if "averaging" not in names:
        return tree
    return tree | {"optimizer": optimizer | {"ema": optimizer["ema"] or 0.0}}


def noise(params: Setting, dense: bool) -> Tree:
    """The `dropout` group of a setting; without a branch there is none to skip."""
    kind = params["dropout"]
    if kind == "none" or (kind == "stochastic_depth" and dense and not params.get("skip")):
        return {"kind": "none"}
    return {"kind": kind, "rate": params["dropout.rate"]}


def augmentation(params: Setting, image: bool) -> Tree:
    """The `augment` group of a setting."""
    mixing, amount = params["mixing"], params["mixing.amount"]
    smoothing = params.get("smoothing", 0.0)
    if mixing == "none" and not smoothing:
        return {"kind": "none"}
    if image:
        kind, off = "images", Tree(flip="none", crop=0.0)
        key = {"mixup": "mixup", "cutmix": "cutmix", "cutout": "erase"}
    else:
        kind, off = "tabular", Tree(noise=0.0, mask=0.0, mixup=0.0)
        key = {"mixup": "mixup", "cutout": "mask"}
    chosen = {key[mixing]: amount} if mixing != "none" else {}
    return {"kind": kind, **off, **chosen, "smoothing": smoothing}


GROUPS = ("data", "model", "optimizer", "reg", "dropout", "augment", "stop")
OPTIONS = {("dropout", "dropout"): "light", ("augment", "images"): "standard"}
LENGTH = ("epochs", "batch_size")


def as_yaml(tree: Tree, comment: str, trainer: Sequence[str] = LENGTH) -> str:
    """An option file of the group `experiment`, ready for `--config-dir`.

    It holds the data, the seed and the length of the training too: what the search has measured
    belongs to them, and the same command finds it again.

    Args:
        tree: The configuration as plain data.
        comment: The file's first line.
        trainer: The keys of that group that it holds.
    """
    import yaml

    options = {g: OPTIONS.get((g, tree[g]["kind"]), tree[g]["kind"]) for g in GROUPS}
    lines = ["# @package _global_", f"# {comment}", "defaults:"]
    lines += [f"  - override /{group}: {option}" for group, option in options.items()]
    body = {group: {k: v for k, v in tree[group].items() if k != "kind"} for group in GROUPS}
    body = {group: values for group, values in body.items() if values}
    body |= {"trainer": {key: tree["trainer"][key] for key in trainer}, "seed": tree["seed"]}
    return "\n".join(lines) + "\n\n" + yaml.safe_dump(body, sort_keys=False)
