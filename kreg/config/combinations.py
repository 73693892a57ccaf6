"""Choices that exclude each other, found before TensorFlow starts."""

import re

from kreg import check


def check_all(config) -> None:
    """Raise a `ValueError` with one sentence for the first combination that cannot work."""
    for rule in RULES:
        rule(config)


# what the data are -> what they are not, in words, and data that are
ABSENT = {
    False: ("NEEDS_IMAGES", "needs images", "is a table", "image data such as data=digits"),
    True: ("NEEDS_TABLE", "needs a table", "are images", "a table such as data=wine"),
}


def kind_of_data_fits(config) -> None:
    """Convolutions and image augmentation need images; feature tokens and column noise a table."""
    from kreg.config import augment, data, model

    images = getattr(data.KINDS.get(config.data.kind), "images", None)
    if images is None:  # not known before the data are loaded
        return
    table, needs, are, choose = ABSENT[images]
    for group, module in (("model", model), ("augment", augment)):
        kind = getattr(config, group).kind
        if kind in getattr(module, table):
            raise ValueError(
                f"{group}={kind} {needs}, but data={config.data.kind} {are}. Choose another "
                f"{group}, or {choose}."
            )


def data_can_be_loaded(config) -> None:
    """Paths, columns and shares, as far as they are seen without loading the rows."""
    from kreg.config import data_checks

    data_checks.check_data(config.data)


def noise_has_a_place(config) -> None:
    """Noise on feature maps needs convolutions, on residual branches it needs such branches."""
    from kreg.config import dropout, model

    if config.model.kind not in model.KINDS:
        return
    needs = dropout.NEEDS.get(config.dropout.kind)
    if needs == "conv" and config.model.kind not in model.NEEDS_IMAGES:
        raise ValueError(
            f"dropout={config.dropout.kind} acts on feature maps, but model={config.model.kind} "
            "has no convolution. Choose a model for images such as model=cnn, or dropout=light."
        )
    if needs == "residual" and not _has_branches(config.model):
        raise ValueError(
            f"dropout={config.dropout.kind} skips residual branches, but "
            f"model={config.model.kind} has none. Choose model=resnet, model=transformer or "
            "model.skip=true, or dropout=light."
        )


def _has_branches(model) -> bool:
    return getattr(model, "skip", False) or model.kind == "transformer" or "resnet" in model.kind


def objective_is_measured(config) -> None:
    """Classes have an accuracy, numbers an error in their own units."""
    from kreg.config import data

    kind = data.KINDS.get(config.data.kind)
    task = getattr(config.data, "task", getattr(kind, "task", "auto"))
    if config.procedure == "train" and task != "auto":
        check_objective(config.objective, regression=task == "regression")


def check_objective(name: str, regression: bool) -> None:
    """Refuse an objective of the other kind of task.

    Args:
        name: The `objective`.
        regression: Whether the target is a number, not a class.
    """
    absent, there = ("accuracy", "rmse") if regression else ("rmse", "accuracy")
    if name.endswith(absent):
        raise check.invalid(
            "objective",
            f"a number that {'regression' if regression else 'classification'} has, such as "
            f"{name.replace(absent, there)}",
            name,
        )


def task_is_a_folder_name(config) -> None:
    """The task becomes one folder below logs/, never a path out of it."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.:-]*", config.task):
        raise check.invalid(
            "task", "a folder's name: letters, digits, '_', '-' and '.'", config.task
        )


RULES = (
    task_is_a_folder_name,
    data_can_be_loaded,
    kind_of_data_fits,
    noise_has_a_place,
    objective_is_measured,
)
