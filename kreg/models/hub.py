"""An image backbone of KerasHub, from a preset: its network, and the scale its pictures had."""

import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kreg import check, private_keras
from kreg.applications import PRESET
from kreg.models import inputs_and_head


def trunk(name: str, weights: str) -> tuple[keras.Model, str]:
    """The network of a preset under the name `backbone`, and what KerasHub calls its class.

    Args:
        name: Of a preset, its address, or a directory that `save_to_preset` has written.
        weights: `"preset"` for those of the preset; all others are random.

    Raises:
        ValueError: If KerasHub cannot load it, or if it does not see pictures alone.
    """
    from keras_hub.models import Backbone

    try:
        made: keras.Model = Backbone.from_preset(path_of(name), load_weights=weights == PRESET)
    except Exception as error:  # whatever its downloads, its files and its classes raise
        told = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ValueError(f"KerasHub cannot load model.name={name}: {told}") from error
    kind = type(made).__name__
    ends = [tuple(one.shape) for one in (*made.inputs, *made.outputs)]
    if len(ends) != 2 or len(ends[0]) != 4 or len(ends[1]) not in (3, 4):
        seen = ", ".join(one.name for one in made.inputs)
        raise check.invalid(
            "model.name", "an image backbone: one picture in, its features out", name,
            f"{kind} takes {seen}.",
        )  # fmt: skip
    private_keras.mend_configurations(made)
    plain = keras.Model(made.inputs[0], made.outputs[0], name="backbone")
    for layer in private_keras.all_layers(plain):
        layer.trainable = True
    return plain, kind


def path_of(name: str) -> str:
    """A directory without `~`; names and addresses as they are."""
    path = Path(name).expanduser()
    return str(path) if path.is_dir() else name


def converter(name: str) -> Any:
    """What the preset does to its pictures; `None`, with a warning, where it does not say.

    Raises:
        ValueError: If KerasHub cannot read it.
    """
    from keras_hub.layers import ImageConverter

    try:
        found = ImageConverter.from_preset(path_of(name))
    except (FileNotFoundError, ValueError) as error:
        if isinstance(error, ValueError) and "Unable to find a subclass" not in str(error):
            raise ValueError(
                f"KerasHub cannot read how {name} scales its pictures: {error}"
            ) from error
        warnings.warn(
            f"{name} does not say how its pictures are scaled (image_converter.json): they enter "
            "as bytes 0..255.",
            stacklevel=5,
        )
        return None
    return found


def target(
    x: keras.KerasTensor, network: keras.Model, wish: int | None, own: Any
) -> tuple[int, ...]:
    """Height and width of what the network sees: its only size, the wish, that of its training."""
    fixed = tuple(network.inputs[0].shape[1:3])
    if None not in fixed:
        if wish is not None and (wish, wish) != fixed:
            raise check.invalid("model.size", f"null: this network sees {fixed} alone", wish)
        return fixed
    return (wish, wish) if wish else own or tuple(x.shape[1:3])


def resized(x: keras.KerasTensor, size: tuple[int, ...], how: Any) -> keras.KerasTensor:
    """Pictures of another height and width, cropped or padded as the preset has it."""
    if tuple(x.shape[1:3]) == size:
        return x
    names = ("interpolation", "antialias", "crop_to_aspect_ratio", "pad_to_aspect_ratio")
    kept = {} if how is None else {name: getattr(how, name) for name in names}
    return inputs_and_head.resize(x, size, **kept)


def scaled(x: keras.KerasTensor, how: Any) -> keras.KerasTensor:
    """From bytes to what the network was trained on: `x * scale + offset`."""
    if how is None or (how.scale is None and how.offset is None):
        return x
    scale, offset = (
        np.asarray(default if value is None else value, "float64").tolist()
        for value, default in ((how.scale, 1.0), (how.offset, 0.0))
    )
    return keras.layers.Rescaling(scale, offset, name="preprocess")(x)


def features(network: keras.Model, x: keras.KerasTensor) -> keras.KerasTensor:
    """`(batch, height, width, channels)`; of a network of tokens their mean, `(batch, channels)`.

    Raises:
        ValueError: If the pictures are too small for it.
    """
    try:
        found = network(x)
    except ValueError as error:
        raise check.invalid(
            "model.size", "pictures that are large enough for the network", tuple(x.shape[1:3])
        ) from error
    if len(found.shape) == 3:
        return keras.layers.GlobalAveragePooling1D(name="average")(found)
    return found
