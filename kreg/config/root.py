"""The keys at the top of the configuration."""

from dataclasses import dataclass

from kreg.config.fields import many, mapping, one_of, ranged, switch, text

PROCEDURES = (
    "train",
    "cocktail",
    "diabetes_path",
    "double_descent",
    "gal_ghahramani",
    "proben1",
    "zou_hastie_prostate",
)


@dataclass
class Root:
    task: str = text("digits")  # names the folder under logs/
    seed: int = ranged(0, low=0, high=2**31 - 1)
    procedure: str = one_of("train", *PROCEDURES)  # what an experiment runs instead of a training
    arguments: dict = mapping({})  # the procedure's own
    objective: str = text("val_clean_loss")  # what a sweep compares and a search minimises
    resume: str = text("auto")  # auto | never | force | a run directory
    check: bool = switch(False)  # compose, build, validate, do not train
    allow: list = many([])  # packages whose components a `kind: package.module:Name` may name
