"""What experiments run instead of a training, and what of a configuration each of them reads.

An experiment uses what it is given or refuses it in a sentence: nobody shall read the numbers of
other data, or of another model, than those that the command names.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class Procedure:
    """A module with a function `run`.

    Args:
        module: Its name.
        uses: Groups, or single keys, that it reads besides `ALWAYS`.
        instead: Keys of these that it sets itself, and what to say about each.
        trains: Whether Keras is started.
        resumes: Whether a run that was interrupted goes on where it was.
        reads: Folders with published data sets below `KREG_DATA`, for a sentence.
        stack: What of it is one stack, which TensorFlow alone trains; empty where nothing is.
    """

    module: str
    uses: tuple[str, ...] = ()
    instead: Mapping[str, str] = field(default_factory=dict)
    trains: bool = True
    resumes: bool = False
    reads: str = ""
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
        resumes=True,
    ),
    "diabetes_path": Procedure(f"{PAPER}.diabetes_path"),
    "double_descent": Procedure(f"{PAPER}.double_descent"),
    "feature_selection": Procedure(
        f"{PAPER}.feature_selection", reads="mice_protein, isolet1560 and mnist"
    ),
    "gal_ghahramani": Procedure(
        f"{PAPER}.gal_ghahramani", reads="uci_regression", stack="its splits"
    ),
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
        resumes=True,
        stack="its members",
    ),
    "proben1": Procedure(f"{PAPER}.proben1", reads="proben1"),
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
        resumes=True,
    ),
    "zou_hastie_prostate": Procedure(f"{PAPER}.zou_hastie_prostate", reads="prostate"),
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


def refuse_without_data(name: str) -> None:
    """Refuse a published table whose data sets lie nowhere, before TensorFlow starts.

    Raises:
        ValueError: If the environment's `KREG_DATA` names no folder.
    """
    reads, folder = PROCEDURES[name].reads, os.environ.get("KREG_DATA")
    if not reads or (folder and os.path.isdir(folder)):
        return
    received = f"KREG_DATA={folder!r} is no folder" if folder else "KREG_DATA is not set"
    raise ValueError(
        f"experiment={name} reads published data sets, and {received}. Set it to the folder that "
        f"has {reads}: KREG_DATA=... python train.py experiment={name}."
    )
