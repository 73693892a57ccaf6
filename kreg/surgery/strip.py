"""The model that production loads: same outputs, plain Keras, no kreg inside."""

from kreg.surgery import copying, plain, shim


def strip(model):
    """A copy of `model` with the same outputs and no object of kreg inside.

    Penalties go, noise layers become Keras's (they do nothing in inference), weights are copied
    exactly. The copy is not compiled, because its optimizer could be kreg's. `keras.models.
    load_model` loads its file in a process that has never heard of kreg.

    Args:
        model: A built Functional or Sequential `keras.Model`, nested models included. It is not
            changed.

    Returns:
        A new model.

    Raises:
        ValueError: If the model is subclassed, or has a layer of kreg that Keras has no
            counterpart for.

    >>> import keras
    >>> from kreg.surgery import attached, regularize
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    >>> plain_model = strip(regularize(model, keras.regularizers.L1(0.1)))
    >>> len(plain_model.losses)  # Keras's own penalties stay
    1
    """
    stripped = plain_copy(model)
    left = kreg_left(stripped)
    if left:
        raise ValueError(
            f"The model {model.name!r} cannot be stripped: plain Keras has no counterpart for "
            f"{', '.join(left)}. Save it as it is and load it with `kreg.load_model`."
        )
    return stripped


def plain_copy(model):
    """A copy with everything of kreg replaced that plain Keras has a counterpart for."""
    copied, pairs = copying.rebuild(model, plain.plain_layer)
    for old, new in pairs:
        plain.copy_worker_weights(old, new)
    return copied


def kreg_left(model) -> list[str]:
    """The classes of kreg that are still in a model."""
    return sorted(set(plain.kreg_inside(shim.config_of(model))))
