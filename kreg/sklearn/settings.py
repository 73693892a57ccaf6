"""From the parameters of an estimator to kreg's configuration, as the command line composes it."""

import copy
import dataclasses
import functools
import json
import numbers
from collections.abc import Mapping
from typing import Any

from kreg import check
from kreg.config import strengths as own_strengths
from kreg.config.root import Config
from kreg.config.schema import GROUPS as SCHEMAS
from kreg.fields import rule_of
from kreg.foreign import json_text
from kreg.launch import catalogue, commandline
from kreg.launch.compose import compose_job

GROUPS = ("model", "reg", "dropout", "augment", "optimizer", "stop")  # a parameter each
STRENGTHS = ("l1", "l2")  # parameters that are keys of `reg`
INSTEAD = {  # what a word would say -> what says it here
    **{group: f"the parameter {group}=" for group in GROUPS},
    "reg.l1": "the parameter l1=",
    "reg.l2": "the parameter l2=",
    "trainer.class_weight": "the parameter class_weight=",
    "seed": "the parameter random_state=",
    "seeds": "several estimators with a random_state each",
    "data.folds": "sklearn.model_selection.cross_val_score, or GridSearchCV",
    "data.fold": "sklearn.model_selection.cross_val_score, or GridSearchCV",
    "data": "fit(X, y), which has the rows",
    "data.kind": "fit(X, y), which has the rows",
    "compress": "kreg.compress(estimator.model_) after fit",
    "compress.enabled": "kreg.compress(estimator.model_) after fit",
    "hydra": "log_dir=, below which each fit has a run directory",
    "task": "log_dir=, below which each fit has a run directory",
    "resume": "a new fit: estimators do not go on",
    "trainer.deterministic": "tf.config.experimental.enable_op_determinism() in your program: "
    "it is of the whole process, and nothing undoes it",
    "distribute": "the command line: python train.py distribute=multiworker",
    "workers": "the command line: python train.py distribute=ray",
    "check": "nothing: fit checks before it trains",
    "experiment": "the command line: python train.py experiment=...",
    "procedure": "the command line: python train.py experiment=...",
    "hparams_search": "sklearn.model_selection.RandomizedSearchCV",
    "augment.preview": "the command line: python train.py augment.preview=true",
}


def configuration(parameters: Mapping[str, Any], seed: int) -> Config:
    """The checked configuration of an estimator.

    Args:
        parameters: What `get_params` returns.
        seed: What `random_state` stands for.

    Raises:
        ValueError: With one sentence for the first mistake or contradiction.
    """
    chosen = [f"{group}={option(group, parameters[group])}" for group in GROUPS]
    loud = "info" if parameters["verbose"] else "quiet"
    words = (*chosen, "data=given", f"trainer.verbose={loud}", *overrides(parameters["overrides"]))
    values: dict[str, Any] = {"seed": seed, "reg": strengths(parameters)}
    weighing = parameters.get("class_weight")
    if weighing is not None:
        values["trainer"] = {"class_weight": class_weight(weighing)}
    # composing takes longer than training a small model: a grid asks for few, again and again
    return copy.deepcopy(_composed(words, json.dumps(values, sort_keys=True, default=plain)))


@functools.lru_cache(maxsize=256)
def _composed(words: tuple[str, ...], values: str) -> Config:
    return compose_job(list(words), values=json_text.parse(values, dict[str, Any]))


def plain(value: object) -> float | str:
    """A number of NumPy's as Python's; anything else in words, which no key accepts as a number."""
    return float(value) if isinstance(value, numbers.Real) else repr(value)


def option(group: str, chosen: object) -> str:
    """An option of a group by its name; a kind of the user's own is an override."""
    found: str = check.choice(group, chosen, catalogue.groups()[group])
    if (group, found) == ("model", "auto"):  # the command line looks at the file first
        raise check.invalid(
            "model", "a model by its name", found, "'tabm' suits tables, and 'cnn' pictures."
        )
    return found


def overrides(words: object) -> tuple[str, ...]:
    """The words of `overrides`: `key=value`, one value each, and nothing that a parameter says."""
    if isinstance(words, str) or not all(isinstance(word, str) for word in _listed(words)):
        raise check.invalid("overrides", "a tuple of words such as 'optimizer.clipnorm=1'", words)
    found = tuple(_listed(words))
    for one in commandline.parse(list(found)).overrides:
        key = one.key_or_group
        instead = INSTEAD.get(key) or INSTEAD.get(key.split("/")[0].split(".")[0], "")
        if key in INSTEAD or key.startswith(("hydra.", "hydra/")):
            raise ValueError(f"overrides: {one.input_line!r} has no place here. Use {instead}.")
        if one.is_sweep_override():
            raise ValueError(
                f"overrides: {one.input_line!r} names several values, and an estimator has one. "
                "Search with sklearn.model_selection.GridSearchCV."
            )
    return found


def _listed(words: Any) -> list[Any]:
    return list(words) if isinstance(words, list | tuple) else [words]


def strengths(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of `reg` that `l1`, `l2` and `strength` set.

    Raises:
        ValueError: If the chosen penalty has no such strength, or it is said twice.
    """
    reg, strength = parameters["reg"], parameters["strength"]
    given = {name: parameters[name] for name in STRENGTHS if parameters[name] is not None}
    known = keys_of_strengths(reg)
    for name, value in given.items():
        if name not in known:
            others = ", ".join(repr(other) for other in catalogue.having("reg", name))
            raise ValueError(
                f"{name}={value!r} contradicts reg={reg!r}, which {_has(known)}. Leave {name} out, "
                f"or choose reg from {others}."
            )
    if strength is None:
        return given
    if given:
        told = ", ".join(f"{name}={value!r}" for name, value in given.items())
        raise ValueError(
            f"strength={strength!r} and {told} both say how strong the penalty is. Leave one out."
        )
    return shared(reg, strength)


def shared(reg: str, strength: object) -> dict[str, Any]:
    """The keys of a penalty for one strength, as `reg.strength` gives them: of two each gets half.

    >>> shared("group", 0.1), shared("elasticnet", 0.1)
    ({'l1': 0.1}, {'l1': 0.05, 'l2': 0.05})

    Raises:
        ValueError: If the penalty has no strength, or it is no number where it is shared.
    """
    shares = own_strengths.shares(reg)
    if not shares:
        raise ValueError(
            f"strength={strength!r} needs a penalty with a strength, but reg={reg!r} has none. "
            "Leave it out."
        )
    if len(shares) == 1:  # it may be a schedule
        return dict.fromkeys(shares, strength)
    whole = check.number("strength", strength, low=0)
    return {name: share * whole for name, share in shares.items()}


def _has(known: list[str]) -> str:
    return f"has {' and '.join(known)}" if known else "has no strength"


def keys_of_strengths(reg: str) -> list[str]:
    """The keys of a penalty that say how strong it is.

    >>> keys_of_strengths("group"), keys_of_strengths("elasticnet"), keys_of_strengths("none")
    (['l1'], ['l1', 'l2'], [])
    """
    schema = SCHEMAS["reg"].get(reg)
    fields = dataclasses.fields(schema) if schema else ()
    return [field.name for field in fields if rule_of(field).type == "schedule"]


def class_weight(weighing: object) -> object:
    """`trainer.class_weight`: the names of classes are text there."""
    if isinstance(weighing, Mapping):
        return {str(label): weight for label, weight in weighing.items()}
    return check.choice("class_weight", weighing, ("balanced",))
