"""What experiments run instead of a training, and what of a configuration each of them reads.

An experiment uses what it is given or refuses it in a sentence: nobody shall read the numbers of
other data, or of another model, than those that the command names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kreg import check

ALWAYS = (
    "allow", "arguments", "check", "experiment", "hparams_search", "hydra", "procedure", "resume",
    "task",
)  # fmt: skip
MACHINE = (
    "trainer.device", "trainer.backend", "trainer.precision", "trainer.deterministic",
    "trainer.verbose",
)  # fmt: skip
OWN_FOLDS = "arguments.folds says how many folds there are"
ONE_SPLIT = dict.fromkeys(
    ("data.folds", "data.fold"), "it compares on the validation rows, and no fold is read"
)
CHOICES = ("min", "1se")


@dataclass(frozen=True)
class Procedure:
    """A module with a function `run`.

    Args:
        module: Its name.
        uses: Groups, or single keys, that it reads besides `ALWAYS`.
        instead: Keys of these that it sets itself, and what to say about each.
        trains: Whether Keras is started.
        stack: What of it is one stack, which TensorFlow alone trains; empty where nothing is.
    """

    module: str
    uses: tuple[str, ...] = ()
    instead: Mapping[str, str] = field(default_factory=dict)
    trains: bool = True
    stack: str = ""

    def reason(self, key: str) -> str:
        """Why a key would be ignored, in the words after its name; empty where it is read."""
        if key in self.instead:
            return f"sets it itself: {self.instead[key]}"
        known = (*ALWAYS, *self.uses, *(MACHINE if self.trains else ("trainer.verbose",)))
        names = (key, key.split(".")[0].split("/")[0])
        if any(name in known for name in names):
            return ""
        return f"has no use for it; it reads {', '.join(self.uses) or 'nothing but its arguments'}"


PAPER = "kreg.papers"
OF_ALL = ("trainer.class_weight", "trainer.operating_point", "trainer.jit_compile")  # the models
MEMBERS = {  # of `experiment=table_ensemble`: in the words of the command line
    **{name: f"recipe={name}" for name in ("tabm", "realmlp", "realmlp_full")},
    "forest": "model=forest reg=none",
    **{name: f"model={name}" for name in ("deep", "wide", "transformer", "linear")},
}
INGREDIENTS = (  # of `experiment=cocktail`; the order is that of the tables
    "weight_decay", "penalty", "dropout", "batch_norm", "skip", "mixing", "smoothing", "averaging",
    "early_stopping",
)  # fmt: skip
PROCEDURES = {
    "cocktail": Procedure(
        "kreg.procedures.cocktail",
        ("data", "model", "seed", "seeds", "choose", "trainer", "debug"),
        ONE_SPLIT | dict.fromkeys(("model.batch_norm", "model.skip"), "the search chooses it"),
    ),
    "diabetes_path": Procedure(f"{PAPER}.diabetes_path"),
    "double_descent": Procedure(f"{PAPER}.double_descent"),
    "feature_selection": Procedure(f"{PAPER}.feature_selection"),
    "gal_ghahramani": Procedure(f"{PAPER}.gal_ghahramani", stack="its splits"),
    "lasso_path": Procedure(
        "kreg.procedures.lasso_path.experiment",
        ("data", "seed", "seeds"),
        {
            "choose": "arguments.choose says which strength is shown",
            "data.folds": OWN_FOLDS,
            "data.fold": "each fold is held out in turn",
            "data.validation": "all rows beside the test rows are cross-validated",
            "data.train_size": "all rows beside the test rows train",
            "data.label_noise": "the labels stay as they are",
            "data.scale_target": "the results are in the target's own units in any case",
            "data.standardise": "the columns of a table are standardised in any case",
        },
        trains=False,
    ),
    "population": Procedure(
        "kreg.procedures.population.experiment",
        (
            "calibrate",
            "choose",
            "data",
            "debug",
            "diagnostics",
            "dropout",
            "logger",
            "model",
            "optimizer",
            "reg",
            "seed",
            "seeds",
            "trainer",
        ),
        ONE_SPLIT,
        stack="its members",
    ),
    "proben1": Procedure(f"{PAPER}.proben1"),
    "size_path": Procedure(
        "kreg.procedures.size_path",
        ("augment", "choose", "data", "dropout", "model", "optimizer", "seed", "seeds", "trainer"),
        ONE_SPLIT
        | dict.fromkeys(("trainer.epochs", "trainer.steps"), "arguments.epochs is its length"),
    ),
    "table_ensemble": Procedure(
        "kreg.procedures.table_ensemble",
        ("data", "seed", *OF_ALL),
        ONE_SPLIT
        | dict.fromkeys(
            ("trainer.epochs", "trainer.steps", "trainer.batch_size", "trainer.label_smoothing"),
            "each model has its own",
        ),
    ),
    "zou_hastie_prostate": Procedure(f"{PAPER}.zou_hastie_prostate"),
}
YOURS = (
    "Your own rows go to experiment=lasso_path, cocktail, population, size_path or table_ensemble."
)


def refuse_unused(name: str, given: Iterable[tuple[str, str]]) -> None:
    """Refuse what a procedure would ignore.

    Args:
        name: The procedure, or `"train"`.
        given: Keys, or groups, that the user has chosen, each with the words that said so.

    Raises:
        ValueError: For the first one.
    """
    if name not in PROCEDURES:
        return
    for key, words in given:
        if why := PROCEDURES[name].reason(key):
            hint = YOURS if key.split(".")[0] == "data" and "sets it" not in why else ""
            raise ValueError(f"{words}: experiment={name} {why}. Leave it out. {hint}".rstrip())


def check_cocktail(arguments: Mapping[str, Any]) -> None:
    """The arguments of `experiment=cocktail`."""
    check.number("arguments.seconds", arguments.get("seconds", 300), low=0, low_open=True)
    check.integer("arguments.trials", arguments.get("trials", 1000), low=1)
    check.integer("arguments.seeds", arguments.get("seeds", 2), low=1)
    only = arguments.get("only")
    if not isinstance(only, list | tuple | None):
        raise check.invalid("arguments.only", "a list of ingredients, or null for all", only)
    for name in only or []:
        check.choice("arguments.only", name, INGREDIENTS)


def check_population(arguments: Mapping[str, Any]) -> None:
    """The arguments of `experiment=population`."""
    if (members := arguments.get("members", 16)) == 1:
        raise ValueError(
            "arguments.members=1: one member has nobody to copy. Say 2 to 64, or leave "
            "experiment=population out."
        )
    check.integer("arguments.members", members, low=2, high=64)
    check.integer("arguments.interval", arguments.get("interval", 5), low=1)
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


def check_ranges(numbers: Any) -> Mapping[str, Any]:
    """`arguments.numbers`: a range for each of some keys."""
    if numbers is None:
        return {}
    if not isinstance(numbers, Mapping) or not numbers:
        expected = "ranges by key, {optimizer.learning_rate: [1e-4, 1e-2]}, or null"
        raise check.invalid("arguments.numbers", expected, numbers)
    return numbers


def check_path(arguments: Mapping[str, Any]) -> None:
    """The arguments of `experiment=lasso_path`."""
    check.choice("arguments.choose", arguments.get("choose", "min"), CHOICES)
    check.integer("arguments.count", arguments.get("count", 100), low=2, high=10_000)
    check.integer("arguments.folds", arguments.get("folds", 5), low=2, high=1000)
    if (ratio := arguments.get("ratio")) is not None:
        check.number("arguments.ratio", ratio, low=0, high=1, low_open=True, high_open=True)


def check_ensemble(arguments: Mapping[str, Any]) -> None:
    """The arguments of `experiment=table_ensemble`."""
    models = arguments.get("models", list(MEMBERS)[:1])
    known = isinstance(models, list | tuple) and all(name in MEMBERS for name in models)
    if not known or not models or len(set(models)) < len(models):
        raise check.invalid("arguments.models", f"some of {', '.join(MEMBERS)}, each once", models)
    check.integer("arguments.steps", arguments.get("steps", 50), low=1, high=10_000)
