"""The arguments of the experiments, checked before TensorFlow starts and before minutes pass."""

from collections.abc import Callable, Mapping
from typing import Any

from kreg import check
from kreg.config.procedures import INGREDIENTS, MEMBERS

Arguments = Mapping[str, Any]
CHOICES = ("min", "1se")
SAMPLERS = ("auto", "tpe", "random")
PROBLEMS = {  # data sets of the published tables
    "feature_selection": ("mice", "isolet", "mnist"),
    "gal_ghahramani": ("concrete", "power"),
}


def whole(
    arguments: Arguments, name: str, usual: int, low: int = 1, high: int | None = None
) -> int:
    """A whole number among the arguments."""
    return check.integer(f"arguments.{name}", arguments.get(name, usual), low=low, high=high)


def check_cocktail(arguments: Arguments) -> None:
    """The arguments of `experiment=cocktail`."""
    check.number("arguments.seconds", arguments.get("seconds", 300), low=0, low_open=True)
    whole(arguments, "trials", 1000)
    whole(arguments, "seeds", 2)
    check.choice("arguments.sampler", arguments.get("sampler", "auto"), SAMPLERS)
    only = arguments.get("only")
    if not isinstance(only, list | tuple | None):
        raise check.invalid("arguments.only", "a list of ingredients, or null for all", only)
    for name in only or []:
        check.choice("arguments.only", name, INGREDIENTS)


def check_population(arguments: Arguments) -> None:
    """The arguments of `experiment=population`."""
    if (members := arguments.get("members", 16)) == 1:
        raise ValueError(
            "arguments.members=1: one member has nobody to copy. Say 2 to 64, or leave "
            "experiment=population out."
        )
    check.integer("arguments.members", members, low=2, high=64)
    whole(arguments, "interval", 5)
    check.number(
        "arguments.quantile", arguments.get("quantile", 0.25), low=0, high=0.5, low_open=True
    )
    check.number("arguments.factor", arguments.get("factor", 1.25), low=1, high=10)
    check.number("arguments.resample", arguments.get("resample", 0.25), low=0, high=1)
    for key, bounds in check_ranges(arguments.get("numbers")).items():
        is_pair = isinstance(bounds, list | tuple) and len(bounds) == 2
        numbers = is_pair and all(type(bound) in (int, float) for bound in bounds)
        if not numbers or not 0 < bounds[0] < bounds[1]:
            expected = "a range [low, high] with 0 < low < high"
            raise check.invalid(f"arguments.numbers.{key}", expected, bounds)


def check_ranges(numbers: Any) -> Arguments:
    """`arguments.numbers`: a range for each of some keys."""
    if numbers is None:
        return {}
    if not isinstance(numbers, Mapping) or not numbers:
        expected = "ranges by key, {optimizer.learning_rate: [1e-4, 1e-2]}, or null"
        raise check.invalid("arguments.numbers", expected, numbers)
    return numbers


def check_path(arguments: Arguments) -> None:
    """The arguments of `experiment=lasso_path`."""
    check.choice("arguments.choose", arguments.get("choose", "min"), CHOICES)
    whole(arguments, "count", 100, low=2, high=10_000)
    whole(arguments, "folds", 5, low=2, high=1000)
    if arguments.get("ratio") is not None:
        check_ratio(arguments)


def check_ratio(arguments: Arguments) -> None:
    """The weakest over the strongest strength of a path."""
    ratio = arguments.get("ratio", 1e-3)
    check.number("arguments.ratio", ratio, low=0, high=1, low_open=True, high_open=True)


def check_ensemble(arguments: Arguments) -> None:
    """The arguments of `experiment=table_ensemble`."""
    models = arguments.get("models", list(MEMBERS)[:1])
    known = isinstance(models, list | tuple) and all(name in MEMBERS for name in models)
    if not known or not models or len(set(models)) < len(models):
        raise check.invalid("arguments.models", f"some of {', '.join(MEMBERS)}, each once", models)
    whole(arguments, "steps", 50, high=10_000)


def check_size_path(arguments: Arguments) -> None:
    """The arguments of `experiment=size_path`."""
    whole(arguments, "epochs", 10)
    whole(arguments, "refit_epochs", 5, low=0)
    strengths = arguments.get("strengths")
    if strengths is not None and (not isinstance(strengths, list | tuple) or not strengths):
        raise check.invalid("arguments.strengths", "a list of numbers > 0, or null", strengths)
    for one in strengths or ():
        check.number("arguments.strengths", one, low=0, low_open=True)


# --- published tables -----------------------------------------------------------------------------


def check_diabetes_path(arguments: Arguments) -> None:
    """The arguments of `experiment=diabetes_path`."""
    whole(arguments, "count", 60, low=2)
    whole(arguments, "steps", 2000, low=100)
    check_ratio(arguments)


def check_double_descent(arguments: Arguments) -> None:
    """The arguments of `experiment=double_descent`."""
    whole(arguments, "rows", 300, low=50, high=700)
    whole(arguments, "seeds", 1)
    noise = arguments.get("label_noise", 0.2)
    check.number("arguments.label_noise", noise, low=0, high=1, high_open=True)
    check.number("arguments.l2", arguments.get("l2", 3e-3), low=0, low_open=True)


def check_feature_selection(arguments: Arguments) -> None:
    """The arguments of `experiment=feature_selection`."""
    check_datasets("feature_selection", arguments)
    whole(arguments, "features", 50)
    whole(arguments, "seeds", 1)


def check_gal_ghahramani(arguments: Arguments) -> None:
    """The arguments of `experiment=gal_ghahramani`."""
    check_datasets("gal_ghahramani", arguments)
    whole(arguments, "samples", 1000)
    epochs = arguments.get("epochs")
    if not isinstance(epochs, Mapping | None):
        expected = "epochs by data set, {concrete: 4000, power: 400}, or null"
        raise check.invalid("arguments.epochs", expected, epochs)
    for name, count in (epochs or {}).items():
        check.choice("arguments.epochs", name, PROBLEMS["gal_ghahramani"])
        check.integer(f"arguments.epochs.{name}", count, low=1)


def check_proben1(arguments: Arguments) -> None:
    """The arguments of `experiment=proben1`."""
    whole(arguments, "runs", 20, low=2)
    whole(arguments, "linear_runs", 10, low=2)


def check_datasets(procedure: str, arguments: Arguments) -> None:
    """`arguments.datasets`: some of those whose results are published."""
    known = PROBLEMS[procedure]
    given = arguments.get("datasets", known)
    if not isinstance(given, list | tuple) or not given:
        raise check.invalid("arguments.datasets", f"a list of some of {', '.join(known)}", given)
    for name in given:
        check.choice("arguments.datasets", name, known)


CHECKS: dict[str, Callable[[Arguments], None]] = {
    "cocktail": check_cocktail,
    "diabetes_path": check_diabetes_path,
    "double_descent": check_double_descent,
    "feature_selection": check_feature_selection,
    "gal_ghahramani": check_gal_ghahramani,
    "lasso_path": check_path,
    "population": check_population,
    "proben1": check_proben1,
    "size_path": check_size_path,
    "table_ensemble": check_ensemble,
    "zou_hastie_prostate": lambda arguments: None,  # it has none
}
