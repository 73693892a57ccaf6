"""`reg.strength`: one number for whatever a penalty calls its strength, for grids of penalties."""

from collections.abc import Mapping
from dataclasses import replace

from kreg.config.root import Config
from kreg.regularizers.options import KINDS, MaxNormOptions, Strengthened

KEY = "reg.strength"
WITHOUT = tuple(kind for kind, options in KINDS.items()
                if not issubclass(options, Strengthened | MaxNormOptions))  # fmt: skip
CAP = (
    "it is a cap, no penalty: the smaller reg.max_value is, the stronger it acts. Leave it out "
    "here, and vary reg.max_value in a command of its own"
)
NONE = (
    "it has no strength. Leave one of the two out; beside other penalties, as in -m reg={kind},l1 "
    "reg.strength=1e-4,1e-3, it is trained once"
)
CUSTOM = "your own penalty has its numbers under reg.params. Set them there"
OWN = {f"reg.{name}" for kind in KINDS.values() if issubclass(kind, Strengthened)
       for name in kind.shares}  # fmt: skip
PENALTIES = {KEY, "strength", "reg.activity", *OWN}  # of a sweep, and of `kreg.search`
TIGHTER = {"reg.max_value": -1, "reg.max_norm": -1, "reg.high": -1, "reg.low": 1}


def given(config: Config) -> Config:
    """The configuration in which the penalty's own keys have what `reg.strength` says.

    What is recorded has these alone, so that `reg=l1 reg.strength=1e-3` and `reg=l1 reg.l1=1e-3`
    are one run.

    Raises:
        ValueError: If a file, or whoever else, has set one of them to something else.
    """
    reg = config.reg
    if not isinstance(reg, Strengthened) or reg.strength is None:
        return config
    usual = type(reg)()
    for name in reg.shares:
        if getattr(reg, name) != getattr(usual, name):
            raise twice(f"reg.{name}={getattr(reg, name)}", f"{KEY}={reg.strength:g}")
    return replace(config, reg=reg.at(reg.strength))


def check(words: Mapping[str, str]) -> None:
    """Refuse `reg.strength` where it says nothing, or what another word says.

    Args:
        words: What a job is told: key to word.

    Raises:
        ValueError: With one sentence.
    """
    if KEY not in words:
        return
    for key in OWN & set(words):
        raise twice(words[key], words[KEY])
    told = words.get("reg", "")
    if why := reason(told.partition("=")[2]):
        raise ValueError(f"{words[KEY]} says nothing about {told}: {why}.")


def reason(kind: str) -> str:
    """Why a penalty takes no `reg.strength`; empty where it takes one."""
    said = {"custom": CUSTOM, MaxNormOptions.kind: CAP} | {n: NONE.format(kind=n) for n in WITHOUT}
    return said.get(kind, "")


def harder(key: str) -> int:
    """Whether a larger number acts harder (1) or a smaller one (-1); 0 where neither is known.

    >>> harder("reg.l1"), harder("reg.max_value"), harder("reg.gamma")
    (1, -1, 0)
    """
    return 1 if key in PENALTIES else TIGHTER.get(key, 0)


def shares(kind: str) -> dict[str, float]:
    """The keys that say how strong a penalty is, and how much of `reg.strength` each of them gets.

    >>> shares("group"), shares("elasticnet"), shares("none")
    ({'l1': 1.0}, {'l1': 0.5, 'l2': 0.5}, {})
    """
    options = KINDS.get(kind)
    if options is None or not issubclass(options, Strengthened):
        return {}
    return dict(options.shares)


def twice(one: str, other: str) -> ValueError:
    return ValueError(
        f"{one} and {other} both say how strong the penalty is. Leave one of them out."
    )
