"""The keys at the top of the configuration."""

from dataclasses import dataclass

from kreg.config.fields import many, mapping, one_of, ranged, switch, text

PROCEDURES = {  # what an experiment runs instead of a training -> the module whose `run` it is
    "cocktail": "kreg.procedures.cocktail",
    "diabetes_path": "kreg.papers.diabetes_path",
    "double_descent": "kreg.papers.double_descent",
    "feature_selection": "kreg.papers.feature_selection",
    "gal_ghahramani": "kreg.papers.gal_ghahramani",
    "proben1": "kreg.papers.proben1",
    "size_path": "kreg.procedures.size_path",
    "zou_hastie_prostate": "kreg.papers.zou_hastie_prostate",
}
OBJECTIVES = (
    "val_clean_loss",
    "val_clean_accuracy",
    "val_clean_rmse",
    "test_clean_loss",
    "test_clean_accuracy",
    "test_clean_rmse",
    "clean_loss",
    "clean_accuracy",
    "clean_rmse",
    "gap",
    "penalty",
    "sparsity",
    "params",
    "seconds",
)


@dataclass
class Root:
    task: str = text("digits")  # names the folder under logs/
    seed: int = ranged(0, low=0, high=2**31 - 1)
    procedure: str = one_of("train", "train", *PROCEDURES)
    arguments: dict = mapping({})  # the procedure's own
    objective: str = one_of(
        "val_clean_loss", *OBJECTIVES
    )  # what a sweep compares and a search minimises
    resume: str = text("auto")  # auto | never | force | a run directory
    check: bool = switch(False)  # compose, build, validate, do not train
    allow: list = many([])  # packages whose components a `kind: package.module:Name` may name
