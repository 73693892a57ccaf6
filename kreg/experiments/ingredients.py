"""The ingredients of a cocktail of regularizers: what each may be, and what it does to a config."""

import copy

from kreg.sweeps.search import Choice, Interval

DENSE = ("shallow", "deep", "wide")
PATIENCE, AVERAGE = 15, 0.99
# ingredient -> its value in a cocktail that goes without it; the order is that of the tables
WITHOUT = {
    "weight_decay": False,
    "penalty": "none",
    "dropout": False,
    "batch_norm": False,
    "skip": False,
    "mixing": "none",
    "smoothing": 0.0,
    "averaging": False,
    "early_stopping": False,
}
BOTH = Choice((False, True))


def space(image: bool, dense: bool, labels: bool) -> dict:
    """The search space for a kind of data and model.

    Args:
        image: Whether the inputs are images.
        dense: Whether the model is one of the dense ones, which can normalise and skip.
        labels: Whether the targets are classes, which can be smoothed.
    """
    mixings = ("none", "mixup", "cutmix", "cutout") if image else ("none", "mixup", "cutout")
    found = {
        "learning_rate": Interval(3e-4, 2e-2, log=True),
        "weight_decay": BOTH,
        "weight_decay.strength": Interval(1e-3, 1.0, log=True),
        "penalty": Choice(("none", "l1", "l2", "group")),
        "penalty.strength": Interval(1e-6, 3e-3, log=True),
        "dropout": BOTH,
        "dropout.rate": Interval(0.05, 0.6),
        "mixing": Choice(mixings if labels else ("none", "cutout")),
        "mixing.amount": Interval(0.05, 0.5),
        "averaging": BOTH,
        "early_stopping": BOTH,
    }
    if dense:
        found |= {"batch_norm": BOTH, "skip": BOTH}
    if labels:
        found["smoothing"] = Choice((0.0, 0.05, 0.1, 0.2))
    return found


def plain(params: dict) -> dict:
    """The same setting without any ingredient."""
    return params | {name: off for name, off in WITHOUT.items() if name in params}


def active(params: dict) -> list[str]:
    """The ingredients that a setting has."""
    return [name for name, off in WITHOUT.items() if params.get(name, off) != off]


def applied(tree: dict, params: dict, image: bool) -> dict:
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
    tree["reg"] = {"kind": params["penalty"]}
    if params["penalty"] != "none":
        strength = "l2" if params["penalty"] == "l2" else "l1"
        tree["reg"][strength] = params["penalty.strength"]
    tree["dropout"] = {"kind": "none"}
    if params["dropout"]:
        tree["dropout"] = {"kind": "dropout", "rate": params["dropout.rate"]}
    tree["augment"] = augmentation(params, image)
    tree["stop"] = {"kind": "none"}
    if params["early_stopping"]:
        # an average is written into the weights at the end: the best epoch must not replace it
        restore = "none" if params["averaging"] else "weights"
        tree["stop"] = {"kind": "patience", "patience": PATIENCE, "restore": restore}
    return tree


def augmentation(params: dict, image: bool) -> dict:
    """The `augment` group of a setting."""
    mixing, amount = params["mixing"], params["mixing.amount"]
    smoothing = params.get("smoothing", 0.0)
    if mixing == "none" and not smoothing:
        return {"kind": "none"}
    if image:
        kind, off = "images", {"flip": "none", "crop": 0.0}
        key = {"mixup": "mixup", "cutmix": "cutmix", "cutout": "erase"}
    else:
        kind, off = "tabular", {"noise": 0.0, "mask": 0.0, "mixup": 0.0}
        key = {"mixup": "mixup", "cutout": "mask"}
    chosen = {key[mixing]: amount} if mixing != "none" else {}
    return {"kind": kind, **off, **chosen, "smoothing": smoothing}


OPTIONS = {("dropout", "dropout"): "light", ("augment", "images"): "standard"}


def as_yaml(tree: dict, comment: str) -> str:
    """An option file of the group `experiment`, ready for `--config-dir`."""
    import yaml

    groups = ("model", "optimizer", "reg", "dropout", "augment", "stop")
    options = {g: OPTIONS.get((g, tree[g]["kind"]), tree[g]["kind"]) for g in groups}
    lines = ["# @package _global_", f"# {comment}", "defaults:"]
    lines += [f"  - override /{group}: {option}" for group, option in options.items()]
    body = {group: {k: v for k, v in tree[group].items() if k != "kind"} for group in groups}
    body = {group: values for group, values in body.items() if values}
    return "\n".join(lines) + "\n\n" + yaml.safe_dump(body, sort_keys=False)
