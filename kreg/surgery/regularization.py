"""Put penalties on a model that already exists, and take them off again."""

import copy
import warnings
from typing import Any, TypeAlias

import keras

from kreg import check, private_keras
from kreg.silent_distribution import refuse_silent_distribution
from kreg.surgery.attachments import is_saved, set_regularizer
from kreg.surgery.rules import Regularizer, Rule, as_rules, path_in, weights_of

Row: TypeAlias = tuple[keras.Layer, keras.Variable]


def regularize(model: keras.Model, rules: Any, missing: str = "error") -> keras.Model:
    """Attach regularizers to the weights of a built model, in place.

    Keras ignores `layer.kernel_regularizer = ...` on a built layer. Here the variable, the layer's
    configuration and the compiled training step all learn of it: the next `fit` uses it, the
    optimizer keeps its state, and `kreg.save_model` and `kreg.load_model` keep the penalty. So does
    the next `fit` of any other compiled model that has these weights: one around this model, say.

    Args:
        model: Any built `keras.Model`: pretrained, nested, sequential, functional or subclassed.
        rules: One regularizer for all kernels, or a `kreg.surgery.Rule`, or a list of them. Where
            two rules take the same weight the later one counts. `None` removes the penalties of
            all weights. A group penalty that names no layers passes over kernels that are one
            group, the first convolution of one-channel images, and `kreg.NuclearNorm` over those
            of one row or column.
        missing: `"error"` (default) or `"ignore"`: what to do with a rule that takes no weight.

    Returns:
        `model`. `kreg.surgery.attached(model)` is the table of what was attached to what.

    Raises:
        ValueError: If the model is not built, a rule takes no weight, or a regularizer does not
            fit a weight (an axis that the weight does not have).

    >>> import keras
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(1)])
    >>> model = regularize(model, keras.regularizers.L1(1e-3))
    >>> len(model.losses)
    2
    """
    refuse_silent_distribution()
    attach(model, rules, missing)
    for affected in private_keras.compiled_models_with(model.weights):
        retrace(affected)
    return model


def attach(model: keras.Model, rules: Any, missing: str = "error") -> None:
    """`regularize` for a model that nobody else has yet: no other compiled model is looked for.

    That look goes through all objects of the process, which takes longer than building a small
    model.
    """
    check.choice("missing", missing, ("error", "ignore"))
    rows = list(weights_of(built(model)))
    removal = rules is None
    rules = [Rule(None, weights="*")] if removal else as_rules(rules)
    chosen: dict[int, tuple[keras.Layer, keras.Variable, Regularizer]] = {}
    for rule in rules:
        taken = [
            (layer, weight) for layer, weight in rows if takes(rule, layer, path_in(model, weight))
        ]
        taken = without_single_groups(rule, taken)
        if not taken and missing == "error" and not removal:
            raise nothing_matches(rule, rows)
        chosen |= {id(weight): (layer, weight, rule.regularizer) for layer, weight in taken}
    for _, weight, regularizer in chosen.values():
        check_fits(regularizer, weight, path_in(model, weight))
    for layer, weight, regularizer in chosen.values():
        set_regularizer(layer, weight, one_for_each(regularizer))
    retrace(model)
    warn_of_limits(model, [row for row in chosen.values() if row[2] is not None])


def one_for_each(regularizer: Regularizer) -> Regularizer:
    """A penalty that remembers where its weight started cannot serve two weights."""
    return copy.copy(regularizer) if getattr(regularizer, "needs_start", False) else regularizer


def without_single_groups(rule: Rule, taken: list[Row]) -> list[Row]:
    """Leave out weights that a group penalty would take as one group.

    The kernel of a convolution of one-channel images, or of a head with one output under
    `axis=-1`: such a group only goes with the whole model, and until then the penalty shrinks what
    everything depends on. A rule that names layers means them, and so does one that has no other.
    """
    if rule.layers is not None:
        return taken
    several = [row for row in taken if not why_passed_over(rule.regularizer, row[1])]
    return several or taken


def why_passed_over(regularizer: Regularizer, weight: keras.Variable) -> str:
    """What a penalty says against a weight; empty where it says nothing."""
    told = getattr(regularizer, "passes_over", None)
    return told(tuple(weight.shape)) if told else ""


def passed_over(model: keras.Model, rules: Any) -> dict[str, str]:
    """The weights that `attach` has left without the penalty of their last rule: path -> why."""
    found, left = as_rules(rules), {}
    for layer, weight in weights_of(model):
        path = path_in(model, weight)
        heard = [rule for rule in found if takes(rule, layer, path)]
        if heard and heard[-1].regularizer is not None and weight.regularizer is None:
            left[path] = why_passed_over(heard[-1].regularizer, weight)
    return left


def takes(rule: Rule, layer: keras.Layer, path: str) -> bool:
    owner, _, name = path.rpartition("/")
    return rule.takes_layer(layer, owner) and rule.takes_weight(name)


def built(model: Any) -> keras.Model:
    """`model`, if it is a Keras model with weights.

    One that only holds other networks, a VAE or a Siamese model, is never built itself; its parts
    are.
    """
    if not isinstance(model, keras.Model):
        raise check.invalid("model", "a keras.Model", model)
    advice = "Call it on a batch, or `model.build(input_shape)`, first."
    if not model.weights:
        raise ValueError(f"The model {model.name!r} has no weights yet. {advice}")
    late = [] if model.built else [one for one in private_keras.all_layers(model) if is_late(one)]
    if parts := [repr(layer.name) for layer in late if layer is not model]:
        named = f"In the model {model.name!r} {', '.join(parts)} have no weights yet"
        raise ValueError(f"{named}. {advice}")
    return model


def is_late(layer: keras.Layer) -> bool:
    """Whether a layer is not built and makes something when it is."""
    return not layer.built and type(layer).build is not keras.Layer.build


def nothing_matches(rule: Rule, rows: list[Row]) -> ValueError:
    """The error for a rule that takes nothing: what there is, and the likely reason."""
    names = list(dict.fromkeys(layer.name for layer, _ in rows))
    wanted = rule.layers.__name__ if isinstance(rule.layers, type) else rule.layers
    advice = check.did_you_mean(wanted, names) if isinstance(wanted, str) else ""
    if any(weight.name.startswith("variable") for _, weight in rows):
        advice += (
            " Some weights have no name of their own: pass `name=` to `add_weight`, "
            "or take them all with `Rule(..., weights='*')`."
        )
    return ValueError(
        f"A rule matches no weight: layers={wanted!r}, weights={rule.weights!r}. The layers with "
        f"weights are {', '.join(map(repr, names))}. {advice.strip()} "
        "Pass missing='ignore' to allow this.".replace("  ", " ")
    )


def check_fits(regularizer: Regularizer, weight: keras.Variable, path: str) -> None:
    """Evaluate the penalty once: a wrong axis or rank shows here, not in the next `fit`."""
    if regularizer is None:
        return
    try:
        if hasattr(regularizer, "check_weight"):  # a penalty of kreg says it in its own words
            regularizer.check_weight(tuple(weight.shape), "the weight")
        penalty = regularizer(keras.ops.convert_to_tensor(weight))
    except Exception as error:
        raise ValueError(
            f"The regularizer {type(regularizer).__name__} does not fit the weight "
            f"{path!r} of shape {tuple(weight.shape)}: {error}"
        ) from error
    if len(keras.ops.shape(penalty)):
        expected = "a regularizer that returns one number"
        raise check.invalid("regularizer", expected, regularizer)


def retrace(model: keras.Model) -> None:
    """Forget the compiled steps, which hold the old penalties; the optimizer keeps its state.

    A kreg optimizer is told to look at the weights again: it takes the step of their penalties.
    """
    model.train_function = None
    model.test_function = None
    keep_xla_away(model)
    optimizer = getattr(model, "optimizer", None)
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # under loss scaling
    if optimizer is not None and hasattr(optimizer, "refresh"):
        optimizer.refresh()


def keep_xla_away(model: keras.Model) -> None:
    """Compile without XLA from now on, where a layer has said that it does not go with it."""
    if not getattr(model, "compiled", False) or not model.jit_compile:
        return
    if not all(layer.supports_jit for layer in private_keras.all_layers(model)):
        model.jit_compile = False
        warnings.warn(
            f"The model {model.name!r} was compiled with `jit_compile=True`, and goes on without: "
            "for the decompositions of kreg.NuclearNorm, XLA takes seconds on a processor.",
            stacklevel=4,
        )


def warn_of_limits(
    model: keras.Model, rows: list[tuple[keras.Layer, keras.Variable, Regularizer]]
) -> None:
    """Say which penalties will not be felt, and which will not be saved."""
    frozen = [path_in(model, w) for _, w, _ in rows if not w.trainable]
    lost = [path_in(model, w) for layer, w, _ in rows if not is_saved(layer, w, model)]
    if frozen:
        warnings.warn(
            f"The penalty is inactive on frozen weights: {listed(frozen)}. It starts to count "
            "when the layer is made trainable and the model compiled again.",
            stacklevel=4,
        )
    if lost:
        warnings.warn(
            "Cloning the model will lose the penalty of weights whose layer has no place for it in "
            f"its configuration: {listed(lost)}. So will saving under a stock optimizer: use "
            "`kreg.save_model` and `kreg.load_model`.",
            stacklevel=4,
        )


def listed(names: list[str], limit: int = 5) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(map(repr, names[:limit])) + more
