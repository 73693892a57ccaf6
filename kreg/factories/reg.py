"""`reg`: from its configuration to what `kreg.regularize` takes."""

import math
from typing import TYPE_CHECKING, Any

from kreg import check
from kreg.config.custom import Custom
from kreg.config.layer_rules import LayerRule, layer_rules
from kreg.config.validate import ConfigError
from kreg.factories import components
from kreg.fields import Options
from kreg.models.options import FEATURES

if TYPE_CHECKING:
    import keras

    from kreg.surgery import Rule


def rules(
    cfg: Options, steps_per_epoch: int | None = None, model: "keras.Model | None" = None
) -> Any:
    """The penalty for all kernels, or `None`; or a list of `kreg.surgery.Rule`.

    Args:
        cfg: The checked `reg` group.
        steps_per_epoch: Length of an epoch, for strengths that are scheduled by epochs.
        model: What they are meant for: `reg.weights=features` asks it for its width, `reg.rules`
            for its layers.

    Raises:
        ConfigError: If one of `reg.rules` speaks of no layer of the model.
    """
    if isinstance(cfg, Custom):
        return components.create_custom(cfg)
    own = penalty(cfg, steps_per_epoch)
    alone = model is not None and getattr(cfg, "weights", "") == FEATURES
    common = on_features(own, model) if alone else own
    found = layer_rules(cfg)
    return by_layer(common, found, steps_per_epoch, model) if found else common


def penalty(cfg: Options, steps_per_epoch: int | None = None) -> Any:
    """What a kind stands for, inside the sets that its keys name; `None` for none."""
    if not cfg.component:
        return None
    made = components.create(cfg, steps_per_epoch=steps_per_epoch)
    sets = constraints(cfg)
    if not sets:
        return made
    from kreg.regularizers import Constrained

    return Constrained(made, sets)


def constraints(cfg: Options) -> list[Any]:
    """`reg.nonneg` and `reg.max_norm`."""
    from kreg.regularizers import MaxNorm, NonNegative

    cap = getattr(cfg, "max_norm", None)
    cone = [NonNegative()] if getattr(cfg, "nonneg", False) else []
    return cone + ([] if cap is None else [MaxNorm(cap)])


def by_layer(
    common: Any, found: list[LayerRule], steps_per_epoch: int | None, model: "keras.Model | None"
) -> list[Any]:
    """The penalty of all layers, then those of some; the last one that names a layer counts."""
    from kreg.surgery import Rule

    first = common if isinstance(common, list) else [Rule(common)]
    rules = [Rule(penalty(rule.options, steps_per_epoch), rule.layers) for rule in found]
    if model is not None:
        refuse_idle(found, rules, model)
    return ([] if common is None else first) + rules


def refuse_idle(found: list[LayerRule], rules: "list[Rule]", model: "keras.Model") -> None:
    """Refuse a pattern that names no kernel, and a rule whose kernels are all taken by later ones.

    Raises:
        ConfigError: In a sentence that names the layers there are.
    """
    for rule in found:
        for pattern in rule.layers:
            if not kernels(model, pattern):
                names = [layer for layer, _ in kernels(model)]
                expected = f"patterns of layers with a kernel: {', '.join(map(repr, names))}"
                near = check.did_you_mean(pattern, names)
                error = check.invalid(f"{rule.key}.layers", expected, pattern, near)
                raise ConfigError(str(error))
    heard = [set(kernels(model, rule.layers)) for rule in rules]
    for index, rule in enumerate(found):
        if heard[index] <= set().union(*heard[index + 1 :]):
            raise ConfigError(
                f"{rule.key} has no effect: the rules after it take all of its layers. Put the "
                "more general ones first."
            )


def kernels(model: "keras.Model", layers: Any = None) -> list[tuple[str, str]]:
    """The layer and the path of each kernel that a rule for these layers takes."""
    from kreg.surgery import Rule
    from kreg.surgery.regularization import takes
    from kreg.surgery.rules import path_in, weights_of

    rule, rows = Rule(None, layers), [(one, path_in(model, w)) for one, w in weights_of(model)]
    return [(layer.name, path) for layer, path in rows if takes(rule, layer, path)]


def on_features(penalty: Any, model: "keras.Model") -> Any:
    """The penalty for the learned scales `s`, and a cap on the rows of the kernel `W` behind them.

    Only `s_j W_j` counts for the outputs, so that a growing `W_j` would undo what the penalty takes
    from `s_j`. With `||W_j|| <= c` the least penalty of a row `v_j = s_j W_j` is `||v_j|| / c`: L1
    on the scales is a group lasso on the columns. `c` is the length at which a row starts.
    """
    from kreg.regularizers import MaxNorm
    from kreg.surgery import Rule

    behind = model.get_layer("hidden_1")
    cap = MaxNorm(math.sqrt(behind.units), axis=-2)
    return [Rule(penalty, layers=FEATURES), Rule(cap, layers=behind.name)]
