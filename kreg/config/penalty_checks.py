"""What a `reg` group cannot mean, or not with this model: found before TensorFlow starts."""

from kreg.config.layer_rules import layer_rules
from kreg.config.root import Config
from kreg.fields import Options
from kreg.models.options import FEATURES, SIGMOID, ModelOptions
from kreg.models.options import KINDS as MODELS
from kreg.regularizers.options import BoxOptions, PenaltyOptions


def features_have_a_scale(config: Config) -> None:
    """`reg.weights=features` needs a model with one scale for each column."""
    if getattr(config.reg, "weights", "") != FEATURES:
        return
    if config.model.kind != "realmlp" or getattr(config.model, "form", "") != "small":
        raise ValueError(
            "reg.weights=features needs a learned scale for each column: say model=realmlp, whose "
            f"model.form=small has one. Received: model={config.model.kind}. For other networks "
            "reg=group removes columns."
        )


def penalties_of_layers_are_known(config: Config) -> None:
    """`reg.rules` holds penalties, and each is a combination that has a proximal map."""
    rules = layer_rules(config.reg)
    if rules and getattr(config.reg, "weights", "") == FEATURES:
        raise ValueError(
            "reg.weights=features and reg.rules both say where the penalty goes. Leave one out."
        )
    for key, reg in [("reg", config.reg), *((rule.key, rule.options) for rule in rules)]:
        a_cap_fits(key, reg)
        bounds_leave_room(key, reg)


def a_cap_fits(key: str, reg: Options) -> None:
    """A cap on what enters a unit goes with groups of the same weights, and not with scales."""
    if getattr(reg, "max_norm", None) is None:
        return
    if getattr(reg, "groups", "outputs") != "outputs":
        raise ValueError(
            f"{key}.max_norm caps what enters a unit, but {key}.groups=inputs are the weights that "
            f"leave one: the two have no common projection. Say {key}.groups=outputs."
        )
    if getattr(reg, "weights", "") == FEATURES:
        raise ValueError(
            f"{key}.max_norm is about kernels, and {key}.weights=features about the scales of "
            "columns, whose kernel has a cap already. Leave it out."
        )


def bounds_leave_room(key: str, reg: Options) -> None:
    """`reg=box` has a bound, and room between two."""
    if not isinstance(reg, BoxOptions):
        return
    low, high = reg.low, reg.high
    if low is None and high is None:
        raise ValueError(f"{key}.low and {key}.high are both null: reg=box needs a bound.")
    if low is not None and high is not None and low >= high:
        raise ValueError(
            f"{key}.low={low:g} and {key}.high={high:g} leave no weight any room: {key}.low has to "
            "be the smaller one."
        )


def activities_have_units(config: Config) -> None:
    """`reg.activity` needs hidden units, and a divergence needs activities between 0 and 1."""
    reg, model = config.reg, config.model
    if not isinstance(reg, PenaltyOptions) or not isinstance(model, ModelOptions):
        return
    if not reg.activity:
        return
    if not model.has_units:
        known = ", ".join(kind for kind, one in MODELS.items() if getattr(one, "has_units", 0))
        raise ValueError(
            f"reg.activity={reg.activity:g} penalises what hidden units put out, which it knows of "
            f"model={known}. Received: model={model.kind}."
        )
    if reg.activity_form == "kl" and getattr(model, "activation", "relu") != SIGMOID:
        raise ValueError(
            "reg.activity_form=kl is for activities between 0 and 1: say model.activation=sigmoid, "
            "of a dense network. Or say reg.activity_form=l1."
        )
