"""`model`: from its configuration to a `keras.Model`."""

import hashlib
import math
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from kreg.applications import is_preset
from kreg.config.backbone_checks import WORDS
from kreg.config.custom import Custom
from kreg.factories import components
from kreg.factories.data import from_start
from kreg.foreign import json_text, memory
from kreg.models.options import BackboneOptions, ModelOptions

if TYPE_CHECKING:
    import keras

    from kreg.data import Data
    from kreg.data.pixels import Numbers
    from kreg.factories.dropout import Noise

DATA, BYTES = "data.json", "uint8"
BYTE = 1 / 255
FLOAT = 4  # bytes of a parameter
COPIES = 4  # of all of them: weights, gradients, two moments of the optimizer


class Seen(TypedDict, total=False):
    """Of a run's `data.json` the type of its inputs."""

    input_type: str


def model(
    cfg: ModelOptions | Custom,
    info: "Data",
    noise: "float | Noise" = 0.0,
    standardise: str = "none",
) -> "keras.Model":
    """The network of a configuration for a data set.

    Args:
        cfg: The checked `model` group.
        info: What the network must fit; whether pixels are bytes, its training rows say.
        noise: A rate, or a factory over `kreg.layers.Place`.
        standardise: `data.standardise`. A user's own model brings its own scale for pictures.
    """
    byte = BYTE if info.is_image and str(info.train.x.dtype) == "uint8" else None
    fits = (tuple(info.input_shape), info.outputs, info.task)
    if isinstance(cfg, Custom):
        return components.create_custom(cfg, *fits, dropout=noise, rescale=byte)
    if isinstance(cfg, BackboneOptions):
        return pretrained(cfg, info, noise)
    refuse_too_large(cfg, info)
    rescale = standardised(info, standardise) or byte
    return components.create(cfg, *fits, dropout=noise, rescale=rescale, **fitted(cfg, info))


def fitted(cfg: ModelOptions | Custom, info: "Data") -> dict[str, Any]:
    """The training rows, for a builder that takes constants from them; and targets of numbers.

    Where categories have columns of 0 and 1, the places of those of each.
    """
    if isinstance(cfg, Custom) or not cfg.reads_rows:
        return {}
    part = info.train.sample()
    found: dict[str, Any] = {"rows": part.x}
    found |= {"targets": part.y} if info.task == "regression" else {}
    return found | ({"categories": categories(info)} if cfg.reads_categories else {})


def categories(info: "Data") -> list[list[int]]:
    """The places of the columns of each category of a table."""
    from kreg.data import own_cells

    words = [column["name"] for column in getattr(info.preprocessing, "categorical", [])]
    places = own_cells.groups(info.preprocessing, [], info.input_shape[0]) if words else {}
    return [places[name].tolist() for name in words]


def fitted_key(cfg: ModelOptions | Custom, info: "Data") -> str:
    """A word that is another one for other constants: they are compiled into the training step."""
    digest = hashlib.sha256()
    for values in fitted(cfg, info).values():
        digest.update(values.tobytes() if hasattr(values, "tobytes") else repr(values).encode())
    return digest.hexdigest()


def pretrained(cfg: BackboneOptions, info: "Data", noise: "float | Noise") -> "keras.Model":
    """What others have trained; what of it found no place is said with the data's warnings."""
    fits = (tuple(info.input_shape), info.outputs, info.task)
    weights = cfg.weights if cfg.weights in WORDS else from_start(cfg.weights)
    name = own_network(weights) if cfg.name is None else named(cfg.name)
    goes_on = cfg.name is None
    scale = to_floats(info, weights) if goes_on and saw_floats(weights) else to_bytes(info)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        network: keras.Model = components.create(
            cfg, *fits, dropout=noise, rescale=scale, weights=weights, name=name
        )
    info.warnings += [str(warning.message) for warning in caught]
    return network


def named(name: str) -> str:
    """A network by its name; the directory of a preset as the command meant it."""
    is_path = is_preset(name) and "://" not in name and Path(from_start(name)).expanduser().is_dir()
    return from_start(name) if is_path else name


def own_network(weights: str) -> "keras.Model":
    """The model of a `.keras` file or a run directory, without its penalties and noise."""
    from kreg.models.new_head import file_of
    from kreg.surgery import load_model, strip

    return strip(load_model(file_of(weights), compile=False))


def saw_floats(weights: str) -> bool:
    """Whether the network is of a run of kreg whose pictures were no bytes."""
    path = Path(weights).expanduser()
    found = json_text.read_object(path / DATA, Seen) if path.is_dir() else None
    return found is not None and found.get("input_type", BYTES) != BYTES


def to_floats(info: "Data", weights: str) -> tuple[float, float] | None:
    """What turns pictures into the floats that a run was trained on: of floats nothing.

    How large those were it did not record, so bytes enter with 1/255, as in a model of kreg's.
    """
    if str(info.train.x.dtype) != BYTES:
        return None
    info.warnings.append(
        f"model.weights={weights} was trained on pictures of floats, and these are bytes: they "
        "enter it divided by 255."
    )
    return BYTE, 0.0


def to_bytes(info: "Data") -> tuple[float, float] | None:
    """Scale and offset that turn pictures into bytes 0..255; `None` where they are bytes.

    Floats up to 1, or from -1 to 1, are stretched; others up to 255 are bytes in another type.
    """
    import numpy as np

    x = info.train.x  # rows that are not in memory yet are bytes
    if not (info.is_image and isinstance(x, np.ndarray)) or x.dtype == np.uint8:
        return None
    low, largest = float(x.min()), float(np.abs(x).max())
    if low < 0:
        return 127.5 / max(largest, 1.0), 127.5
    return (1.0 if 1 < largest <= 255 else 255 / max(largest, 1.0)), 0.0


def refuse_too_large(cfg: ModelOptions, info: "Data") -> None:
    """Refuse a network whose training would not fit into memory, before any of it is built.

    Raises:
        ValueError: With how many parameters and bytes it would have.
    """
    channels = info.input_shape[-1] if info.is_image else 1
    count = cfg.parameters(math.prod(info.input_shape), channels, info.outputs)
    needed, there = count * COPIES * FLOAT, memory.available()
    if needed > there:
        raise ValueError(
            f"model={cfg.kind} would have about {count:,} parameters on {info.name}. Training them "
            f"takes about {memory.told(needed)}, and this machine has {memory.told(there)}. Choose "
            "a smaller model.width, model.depth or model.scale."
        )


def standardised(info: "Data", how: str) -> "tuple[Numbers, Numbers] | None":
    """Scale and offset of pictures; the columns of tables are standardised as they are read.

    Raises:
        ValueError: If this is asked for explicitly where there are no pictures.
    """
    if how == "none":
        return None
    if not info.is_image:
        raise ValueError(f"data.standardise={how} needs pictures, but {info.name} is a table.")
    from kreg.data.pixels import standardising

    return standardising(info.train, how)
