"""Choices that exclude each other, found before TensorFlow starts."""

import re

from kreg import check


def check_all(config) -> None:
    """Raise a `ValueError` with one sentence for the first combination that cannot work."""
    for rule in RULES:
        rule(config)


def images_where_needed(config) -> None:
    """A convolutional model or an image augmentation needs images."""
    from kreg.config import augment, data, model

    if getattr(data.KINDS.get(config.data.kind), "images", None) is not False:
        return
    for group, kinds in (("model", model.NEEDS_IMAGES), ("augment", augment.NEEDS_IMAGES)):
        kind = getattr(config, group).kind
        if kind in kinds:
            raise ValueError(
                f"{group}={kind} needs images, but data={config.data.kind} is a table. Choose "
                f"another {group}, or image data such as data=digits."
            )


def tables_where_needed(config) -> None:
    """Tokens for features, and noise on columns, need a table."""
    from kreg.config import augment, data, model

    if not getattr(data.KINDS.get(config.data.kind), "images", None):
        return
    for group, kinds in (("model", model.NEEDS_TABLE), ("augment", augment.NEEDS_TABLE)):
        kind = getattr(config, group).kind
        if kind in kinds:
            raise ValueError(
                f"{group}={kind} needs a table, but data={config.data.kind} are images. Choose "
                f"another {group}, or a table such as data=wine."
            )


def data_is_there(config) -> None:
    """A table, an archive or a folder must be named and exist."""
    from kreg.config import data

    data.check_named(config.data)


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


def task_is_a_folder_name(config) -> None:
    """The task becomes one folder below logs/, never a path out of it."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.:-]*", config.task):
        raise check.invalid(
            "task", "a folder's name: letters, digits, '_', '-' and '.'", config.task
        )


RULES = (
    task_is_a_folder_name,
    data_is_there,
    images_where_needed,
    tables_where_needed,
    noise_has_a_place,
)
