"""Choices that exclude each other, found before TensorFlow starts."""


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


def data_is_there(config) -> None:
    """A table, an archive or a folder must be named and exist."""
    from kreg.config import data

    data.check_named(config.data)


RULES = (data_is_there, images_where_needed)
