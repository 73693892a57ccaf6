"""`model.name=` a preset of KerasHub: what is seen of it before Keras starts."""

import importlib.util
from pathlib import Path
from typing import Any, TypedDict

from kreg import check
from kreg.applications import PRESET
from kreg.foreign import json_text

CONFIG = "config.json"
WEIGHTS = ("model.weights.h5", "model.weights.json")  # whole, or in several files
OWN = "keras_hub>"  # what the registered names of its classes begin with
TEXT = "vocabulary_size"  # a key of every network that reads text


class Described(TypedDict, total=False):
    """The `config.json` of a preset."""

    registered_name: str
    class_name: str
    config: dict[str, Any]


def check_preset(name: str, weights: str) -> None:
    """Refuse a preset that is not there, is none, or would be downloaded without being asked for.

    Raises:
        ValueError: With what to say instead.
    """
    if importlib.util.find_spec("keras_hub") is None:
        raise ValueError(
            f"model.name={name} is for KerasHub, and the package keras-hub is not installed. "
            "Install it with: pip install 'kreg[hub]'. Or name a network of keras.applications, "
            "MobileNetV2 say."
        )
    if weights == "imagenet":
        raise ValueError(
            f"model.weights=imagenet is for keras.applications, and model.name={name} is a preset "
            "of KerasHub. Say model.weights=preset."
        )
    folder = Path(name).expanduser()
    if folder.is_dir():
        check_directory(folder, name, weights)
    elif "://" not in name and "/" in name:
        raise check.invalid("model.name", "a directory that is there", name)
    elif weights != PRESET:
        raise ValueError(
            f"model.name={name} would be downloaded for its configuration, though "
            f"model.weights={weights} asks for no download. Say model.weights=preset, or name a "
            "directory that save_to_preset has written."
        )


def check_directory(folder: Path, name: str, weights: str) -> None:
    """Refuse a directory that is no preset, or whose network sees no pictures."""
    found = json_text.read_object(folder / CONFIG, Described)
    if found is None or not str(found.get("registered_name")).startswith(OWN):
        raise check.invalid(
            "model.name", "a directory that save_to_preset of KerasHub has written", name,
            f"It has no {CONFIG} of a network of KerasHub.",
        )  # fmt: skip
    if TEXT in found.get("config", {}):
        kind = found.get("class_name", "it")
        raise check.invalid("model.name", "an image backbone", name, f"{kind} reads text.")
    if weights == PRESET and not any((folder / file).is_file() for file in WEIGHTS):
        raise check.invalid(
            "model.weights", "none: the directory of the preset has no weights", weights,
            f"They stand in {folder / WEIGHTS[0]}.",
        )  # fmt: skip
