"""A network that others have trained, with its own entrance and a new head."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kreg import applications, check, private_keras
from kreg.applications import PRESET, Family
from kreg.models import hub, inputs_and_head, pretrained
from kreg.models.noise_places import DropoutDial, NoisePlaces

NONE, IMAGENET = "none", "imagenet"
BEST = "best.keras"  # in a run directory of kreg
RGB = 3
NOISE = (
    keras.layers.Dropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.AlphaDropout,
)
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, for pixels in 0..1
BGR_MEAN = (103.939, 116.779, 123.68)  # for bytes


def backbone(
    input_shape: Sequence[int],
    outputs: int,
    task: str,
    *,
    name: str | keras.Model = "MobileNetV2",
    weights: str = NONE,
    size: int | None = None,
    dropout: DropoutDial = 0.0,
    rescale: Any = None,
) -> keras.Model:
    """Pictures as bytes; resized, three channels, the network's own scale; network; mean; head.

    Args:
        input_shape: `(height, width, channels)`, of 1 or 3 channels for `keras.applications`.
        outputs: Whole number >= 1: classes, 1 for a binary task, labels or regression targets.
        task: `"classification"`, `"binary"`, `"multilabel"` or `"regression"`.
        name: A network of `keras.applications`, `"MobileNetV2"` by default; a preset of KerasHub,
            or a directory that its `save_to_preset` has written, with the package keras-hub; or a
            model of which all is taken but its noise and its last layer with weights.
        weights: Of a network by name: `"none"`, `"imagenet"` (downloaded by Keras, its hash
            checked), `"preset"` (of a preset, its own), a file, or a run directory of kreg.
            Defaults to `"none"`. What of a file found no place is a warning.
        size: Height and width of what the network sees. Defaults to `None`: the pictures' own, but
            not less than it needs; of a model or a preset, what that was trained on.
        dropout: Rate in [0, 1), or a factory over `kreg.layers.Place`, asked for the features
            before and after the mean. Defaults to `0`.
        rescale: What turns the inputs into bytes 0..255. Defaults to `None`: they are.

    Raises:
        ValueError: For an unknown name, pictures of another number of channels, a size below the
            smallest, weights of another network, or no network connection.

    >>> backbone((8, 8, 1), 10, "classification", name="VGG16").output_shape
    (None, 10)
    """
    shape = inputs_and_head.checked_shape(input_shape)
    if size is not None:
        check.integer("size", size, low=1)
    if len(shape) != 3:
        raise check.invalid("input_shape", "(height, width, channels): a backbone sees", shape)
    inputs = keras.Input(shape, name="inputs")
    x = inputs if rescale is None else keras.layers.Rescaling(*rescale, name="to_bytes")(inputs)
    if not isinstance(name, str):
        x, title = continued(x, name, size), name.name
    elif applications.is_preset(name):
        x, title = of_preset(x, name, weights, size)
    else:
        x, title = application(x, name, weights, size), name
    noise = NoisePlaces(dropout, dense=1, conv=1)
    if len(x.shape) == 4:
        x = keras.layers.GlobalAveragePooling2D(name="average")(noise.conv(x))
    return keras.Model(inputs, inputs_and_head.head(noise.dense(x), outputs, task), name=title)


def file_of(weights: str) -> Path:
    """The file that `weights` names; in a run directory the best model."""
    path = Path(weights).expanduser()
    return path / BEST if path.is_dir() else path


def application(
    x: keras.KerasTensor, name: str, weights: str, size: int | None
) -> keras.KerasTensor:
    """The features of a network of `keras.applications`, `(batch, height, width, channels)`."""
    family = applications.family(name)
    x = in_color(sized(x, family.smallest, size))
    x = scaled(x, family)
    build = getattr(keras.applications, name)
    chosen = IMAGENET if weights == IMAGENET else None
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*input_shape.*undefined or non-square")
        try:
            network = build(include_top=False, weights=chosen, input_tensor=x)
        except Exception as error:
            if "URL fetch failure" not in str(error):
                raise
            raise pretrained.without_network(name, error) from error
    take_from_file(network, weights)
    return network.output


def of_preset(
    x: keras.KerasTensor, name: str, weights: str, size: int | None
) -> tuple[keras.KerasTensor, str]:
    """The features of a backbone of KerasHub, and the name of its class."""
    network, title = hub.trunk(name, weights)
    how = hub.converter(name)
    x = hub.resized(x, hub.target(x, network, size, how and how.image_size), how)
    x = hub.scaled(in_color(x), how)
    take_from_file(network, weights)
    return hub.features(network, x), title


def take_from_file(network: keras.Model, weights: str) -> None:
    """Load the weights that are named by a path, and say what was left out."""
    if weights not in (NONE, IMAGENET, PRESET):
        path = file_of(weights)
        tell(pretrained.load_layers(network, path, f"model.weights={path}"))


def continued(x: keras.KerasTensor, source: keras.Model, size: int | None) -> keras.KerasTensor:
    """What enters the head of a model of one's own: its graph up to there, with its weights."""
    if len(source.inputs) != 1 or len(source.inputs[0].shape) != 4:
        seen = [tuple(one.shape[1:]) for one in source.inputs]
        raise check.invalid("name", "a model of one input (height, width, channels)", seen)
    height, width, channels = source.input_shape[1:]
    x = resized(x, (size or height, size or width))
    if channels == RGB:
        x = in_color(x)
    if x.shape[1:] != source.input_shape[1:]:
        raise check.invalid(
            "name", f"a network for pictures like {tuple(x.shape[1:])}",
            tuple(source.input_shape[1:]),
        )  # fmt: skip
    head = [layer for layer in source.layers if layer.weights][-1]
    # a Sequential model that nobody has called has no `input` yet
    entry = source.inputs[0] if isinstance(source, keras.Sequential) else source.input
    trunk = keras.Model(entry, head.input)
    tell([f"The head {head.name!r} of {source.name} was left out: a new one starts at random."])
    copied = keras.models.clone_model(trunk, clone_function=without_noise)
    copied.set_weights(trunk.get_weights())
    copied.name = "backbone"
    for layer in private_keras.all_layers(copied):  # a training of the head alone froze them
        layer.trainable = True
    return copied(x)


def without_noise(layer: keras.layers.Layer) -> keras.layers.Layer:
    """A copy of a layer; in the place of noise, which the new training chooses, nothing."""
    if isinstance(layer, NOISE):
        return keras.layers.Identity(name=layer.name)
    return layer.__class__.from_config(layer.get_config())


def tell(sentences: list[str]) -> None:
    """Say what was left out to whoever builds the model."""
    for sentence in sentences:
        warnings.warn(sentence, stacklevel=4)


def sized(x: keras.KerasTensor, smallest: int, size: int | None) -> keras.KerasTensor:
    """Pictures of the wanted size; without one, of their own, but large enough."""
    if size is not None and size < smallest:
        raise check.invalid("model.size", f"at least {smallest}, the network's smallest", size)
    own = x.shape[1:3]
    return resized(x, (size, size) if size else tuple(max(side, smallest) for side in own))


def resized(x: keras.KerasTensor, target: tuple[int, ...]) -> keras.KerasTensor:
    """Pictures of another height and width, by bilinear interpolation."""
    if tuple(x.shape[1:3]) == target:
        return x
    return inputs_and_head.resize(x, target)


def in_color(x: keras.KerasTensor) -> keras.KerasTensor:
    """Grey pictures three times over."""
    channels = x.shape[-1]
    if channels == 1:
        return keras.layers.Concatenate(name="in_color")([x] * RGB)
    if channels != RGB:
        raise check.invalid("input_shape", "pictures of 1 or 3 channels for a backbone", channels)
    return x


def scaled(x: keras.KerasTensor, family: Family) -> keras.KerasTensor:
    """From bytes to what the network was trained on, as its `preprocess_input` does it."""
    if family.mode == "inside":
        return x
    if family.mode == "caffe":
        offset = [-mean for mean in BGR_MEAN]
        return keras.layers.Rescaling(1.0, offset, name="preprocess")(keras.ops.flip(x, axis=-1))
    if family.mode == "tf":
        return keras.layers.Rescaling(1 / 127.5, -1.0, name="preprocess")(x)
    scale = (1 / 255 / np.array(DEVIATION)).tolist()
    offset = (-np.array(MEAN) / np.array(DEVIATION)).tolist()
    return keras.layers.Rescaling(scale, offset, name="preprocess")(x)
