"""Which weights learn at which rate, and which ones decay: rules by the names of weights."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

import keras
from keras import ops

from kreg import check, private_keras
from kreg.check import Interval
from kreg.weight_names import is_kernel, names

FACTOR: Interval = {"low": 0, "low_open": True}
ALL, KERNELS = "all", "kernels"


class Followed(TypedDict):
    """What has followed from the rules, weight by weight in the optimizer's order.

    A file has it beside the rules: a model that is loaded may have other names for its weights.
    """

    rates: list[float]
    decays: list[bool]


@dataclass
class WeightRules:
    """The rules of one optimizer, and what follows from them for each weight.

    Args:
        rates: Pattern of weight names -> factor on the learning rate; the last one that names a
            weight counts.
        decay_on: `"all"`, `"kernels"`, or patterns of the names of weights that decay.
    """

    rates: Mapping[str, float] | None = None
    decay_on: str | Sequence[str] = ALL
    factors: dict[int, float] = field(default_factory=dict)  # by the place of the weight, not 1
    decays: dict[int, str] = field(default_factory=dict)  # of these: the attribute with the decay
    spared: set[int] = field(default_factory=set)  # the places of those that do not decay
    count: int = 0  # of weights

    def __post_init__(self) -> None:
        self.rates = {name: checked_factor(name, one) for name, one in (self.rates or {}).items()}
        if isinstance(self.decay_on, str):
            return
        self.decay_on = list(self.decay_on)
        if not self.decay_on or not all(isinstance(name, str) for name in self.decay_on):
            expected = "'all', 'kernels', or a list of patterns of weight names"
            raise check.invalid("decay_on", expected, self.decay_on)

    def to_config(self) -> dict[str, Any]:
        """The rules that were given, for `get_config`."""
        found: dict[str, Any] = {"rates": dict(self.rates)} if self.rates else {}
        return found | ({} if self.decay_on == ALL else {"decay_on": self.decay_on})

    def add(self, rates: Mapping[str, float], built: bool) -> None:
        """Factors for the weights that no rule names yet, before the optimizer is built on them.

        Args:
            rates: As those that were given, which count more.
            built: Whether the optimizer is; what it has already may be added again.

        Raises:
            ValueError: If it is built without them.
        """
        own = self.rates or {}
        whole = {name: checked_factor(name, one) for name, one in rates.items()} | dict(own)
        if whole == own:
            return
        if built:
            raise ValueError(
                "The optimizer has its rates for all weights already. Call `model.compile` with a "
                "new optimizer first, and `kreg.finetune` after it."
            )
        self.rates = whole

    def take_up(
        self,
        optimizer: keras.Optimizer,
        weights: Sequence[keras.Variable],
        followed: Followed | None = None,
    ) -> None:
        """Find the weights of every rule, before the optimizer is built on them.

        Keras decays a weight by the common learning rate. So it leaves those alone that have one of
        their own; `decay` takes their step.

        Args:
            optimizer: The one of these rules.
            weights: What it will train.
            followed: Of a file that is being loaded: it counts in the place of names where it is
                about as many weights.

        Raises:
            ValueError: If a pattern names none of the weights.
        """
        filed = (followed["rates"], followed["decays"]) if followed else ([], [])
        if followed and [len(one) for one in filed] == [len(weights)] * 2:
            given, decaying = filed
        else:
            given = [self.factor(weight) for weight in weights]
            decaying = self.decaying(optimizer, weights)
            self.require_all_named(weights)
        self.factors = {i: factor for i, factor in enumerate(given) if factor != 1}
        own = [i for i in self.factors if decaying[i]]
        self.decays = {i: private_keras.decay_name(optimizer, weights[i]) for i in own}
        left_alone = [w for i, w in enumerate(weights) if i in self.decays or not decaying[i]]
        if left_alone:
            optimizer.exclude_from_weight_decay(var_list=left_alone)
        self.count, self.spared = len(weights), {i for i, one in enumerate(decaying) if not one}

    def followed(self) -> Followed | None:
        """What has followed from the rules; `None` where that is what always does."""
        if not self.factors and not self.spared:
            return None
        places = range(self.count)
        return Followed(
            rates=[self.factors.get(i, 1.0) for i in places],
            decays=[i not in self.spared for i in places],
        )

    def factor(self, weight: keras.Variable) -> float:
        """The factor of the last rule that names the weight."""
        found = [factor for name, factor in (self.rates or {}).items() if names(name, weight.path)]
        return found[-1] if found else 1.0

    def decaying(self, optimizer: keras.Optimizer, weights: Sequence[keras.Variable]) -> list[bool]:
        """Whether each weight decays, by `decay_on` and by `exclude_from_weight_decay`."""
        return [self.takes(w) and private_keras.decays(optimizer, w) for w in weights]

    def takes(self, weight: keras.Variable) -> bool:
        if self.decay_on in (ALL, KERNELS):
            return self.decay_on == ALL or is_kernel(weight)
        return any(names(pattern, weight.path) for pattern in self.patterns)

    @property
    def patterns(self) -> list[str]:
        """Of the weights that decay, where they are patterns."""
        if self.decay_on in (ALL, KERNELS):
            return []
        return [self.decay_on] if isinstance(self.decay_on, str) else list(self.decay_on)

    def require_all_named(self, weights: Sequence[keras.Variable]) -> None:
        """Refuse a pattern that names nothing: it is a slip of the pen, or the weight is frozen."""
        paths = [weight.path for weight in weights]
        given = [("rates", name) for name in self.rates or {}]
        for argument, pattern in given + [("decay_on", name) for name in self.patterns]:
            if not any(names(pattern, path) for path in paths):
                raise check.invalid(
                    argument,
                    f"patterns that name a trained weight: {', '.join(map(repr, paths))}",
                    pattern,
                    "A pattern is a weight's name, 'bias', or ends like its path, 'layer/*'.",
                )

    def decay(self, optimizer: keras.Optimizer, index: int, variable: Any, rate: Any) -> None:
        """`w -= rate * weight_decay * w` for a weight with a rate of its own."""
        amount = getattr(optimizer, self.decays[index]) if index in self.decays else None
        if amount is not None:
            w = ops.convert_to_tensor(variable)
            optimizer.assign(variable, w - w * ops.cast(amount, w.dtype) * ops.cast(rate, w.dtype))


def checked_factor(name: object, value: object) -> float:
    """A factor on the learning rate under a pattern of names."""
    if not isinstance(name, str) or not name:
        raise check.invalid("rates", "a factor for each pattern of weight names", name)
    advice = "To keep a weight as it is, set its layer's `trainable` to False."
    try:
        return check.number(f"rates[{name!r}]", value, **FACTOR)
    except ValueError as error:
        raise ValueError(f"{error} {advice}" if value == 0 else str(error)) from error


def with_rules(optimizer: type, mixin: type) -> inspect.Signature:
    """The signature of a Keras optimizer with the rules that the mixin adds to its arguments."""
    rules = inspect.signature(mixin.__init__).parameters  # type: ignore[misc]
    whole = inspect.signature(optimizer)
    kept = list(whole.parameters.values())
    rest = [kept.pop()] if kept and kept[-1].kind is inspect.Parameter.VAR_KEYWORD else []
    return whole.replace(parameters=[*kept, rules["rates"], rules["decay_on"], *rest])
