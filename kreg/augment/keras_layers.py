"""A list of Keras preprocessing layers as a pipeline of the same stages in the same order.

Reads `layer.get_config()` and imports no Keras. Same operations and ranges, other draws: those of
kreg's keys. What differs on purpose is what Keras does once per batch (crop, the choice of
RandAugment) or with one coin for two axes (flip): here each image and each axis has its own.
"""

from collections.abc import Callable, Iterable
from typing import Any

from kreg import check
from kreg.augment import (
    color,
    erasing,
    filters,
    geometry,
    mixing,
    pixels,
    policies,
    resampling,
)
from kreg.augment.pipeline import Pipeline
from kreg.augment.ranges import Magnitude, Uniform
from kreg.augment.stage import AnyStage, Policy, Recipe, Stage

Config = dict[str, Any]  # what a layer's `get_config` returns
Factor = float | tuple[float, float] | list[float]


def from_keras(layers: Any, seed: int = 0, **options: Any) -> Pipeline:
    """The pipeline of a list of Keras layers, a `keras.layers.Pipeline` or a `Sequential`.

    Args:
        layers: Keras layers; stages of `kreg.augment` may stand among them.
        seed: Whole number; the layers' own seeds are not used. Defaults to `0`.
        **options: As for `Pipeline`. `value_range` is taken from the layers if they agree on one
            that starts at 0.

    Raises:
        ValueError: If a layer has no counterpart; the sentence names it.
    """
    layers = list(getattr(layers, "layers", layers))
    options.setdefault("value_range", common_value_range(layers))
    high = options["value_range"][1] if options["value_range"] else 255
    stages = [convert(layer, high) for layer in layers]
    return Pipeline(stages, seed, **options)


def common_value_range(layers: Iterable[Any]) -> tuple[float, float] | None:
    """The range that the layers declare, or `None` for bytes, none, or a disagreement."""
    found = {
        tuple(layer.get_config()["value_range"])
        for layer in layers
        if hasattr(layer, "get_config") and "value_range" in layer.get_config()
    }
    return found.pop() if len(found) == 1 and found != {(0, 255)} else None


def convert(layer: Any, high: float) -> AnyStage:
    """One layer as one stage, for values up to `high`."""
    if isinstance(layer, (Stage, Policy, Recipe)):
        return layer
    name = type(layer).__name__
    if name not in COUNTERPARTS:
        advice = check.did_you_mean(name, COUNTERPARTS)
        raise ValueError(
            f"The Keras layer {name} has no counterpart in kreg.augment. {advice} "
            f"Convertible are: {', '.join(COUNTERPARTS)}.".replace("  ", " ")
        )
    return COUNTERPARTS[name]({"high": high, **layer.get_config()})


def symmetric(value: Factor) -> Magnitude:
    """Keras's pair, or a number as it is."""
    return (value[0], value[1]) if isinstance(value, (tuple, list)) else value


def fills(c: Config) -> Config:
    """Padding arguments; Keras's "constant", "nearest", "reflect" and "wrap" mean the same here."""
    return {key: c[key] for key in ("fill_mode", "fill_value") if key in c}


def reads(c: Config) -> Config:
    return {**fills(c), "interpolation": c["interpolation"]}


def chance(factor: Factor) -> float:
    """The mean probability of Keras's `factor`, which draws a probability and then a coin."""
    return sum(factor) / 2 if isinstance(factor, (tuple, list)) else factor


def doubled(factor: tuple[float, float]) -> Uniform:
    """Keras counts sharpness from 0 (blurred) over 0.5 (unchanged) to 1; kreg from -1 to 1."""
    return Uniform(2 * factor[0] - 1, 2 * factor[1] - 1)


def saturation(factor: tuple[float, float]) -> Uniform:
    """Keras scales by `f / (1 - f)`; uniform between the ends here."""
    low, high = (min(f / (1 - f + 1e-7), 10.0) - 1 for f in factor)
    return Uniform(low, high)


def jitter(c: Config) -> policies.RandomApply:
    parts: list[AnyStage] = []
    if c["brightness_factor"] is not None:
        parts.append(color.RandomBrightness(symmetric(c["brightness_factor"])))
    if c["contrast_factor"] is not None:
        parts.append(color.RandomContrast(spread(c["contrast_factor"])))
    if c["saturation_factor"] is not None:
        parts.append(color.RandomSaturation(saturation(c["saturation_factor"])))
    if c["hue_factor"] is not None:
        parts.append(color.RandomHue(hue(c["hue_factor"])))
    return policies.RandomApply(parts, p=1.0)


def spread(factor: Factor) -> float:
    """Keras's `(0, f)` or `f` for a spread around 1."""
    return factor[1] if isinstance(factor, (tuple, list)) else factor


def hue(factor: Factor) -> float:
    """Keras turns by up to half of `f` to either side."""
    return spread(factor) / 2


def blur(c: Config) -> filters.RandomGaussianBlur:
    size = max(c["kernel_size"])
    sigma = (max(c["sigma"][0], 1e-3), max(c["sigma"][1], 1e-3))
    return filters.RandomGaussianBlur(sigma, max(size | 1, 3), p=chance(c["factor"]))


def erase(c: Config) -> erasing.RandomErasing:
    fill = 0.0 if c["fill_value"] is None else c["fill_value"]
    return erasing.RandomErasing(tuple(c["scale"]), fill_value=fill, p=chance(c["factor"]))


def solarize(c: Config) -> pixels.RandomSolarize:
    if c["addition_factor"][1]:
        raise ValueError("Solarization with an addition_factor has no counterpart in kreg.augment.")
    return pixels.RandomSolarize(tuple(c["threshold_factor"]), p=1.0)


COUNTERPARTS: dict[str, Callable[[Config], AnyStage]] = {
    "RandomFlip": lambda c: geometry.RandomFlip(c["mode"]),
    "RandomCrop": lambda c: geometry.RandomCrop(c["height"], c["width"]),
    "RandomTranslation": lambda c: geometry.RandomTranslation(
        symmetric(c["height_factor"]), symmetric(c["width_factor"]), **fills(c)
    ),
    "RandomRotation": lambda c: resampling.RandomRotation(symmetric(c["factor"]), **reads(c)),
    "RandomZoom": lambda c: resampling.RandomZoom(
        symmetric(c["height_factor"]), symmetric(c["width_factor"]), **reads(c)
    ),
    "RandomShear": lambda c: resampling.RandomShear(
        symmetric(c["x_factor"]), symmetric(c["y_factor"]), **reads(c)
    ),
    "RandomPerspective": lambda c: resampling.RandomPerspective(
        min(c["scale"], 1.0), p=chance(c["factor"]), **reads(c)
    ),
    "RandomBrightness": lambda c: color.RandomBrightness(symmetric(c["factor"])),
    "RandomContrast": lambda c: color.RandomContrast(spread(c["factor"])),
    "RandomSaturation": lambda c: color.RandomSaturation(saturation(c["factor"])),
    "RandomHue": lambda c: color.RandomHue(hue(c["factor"])),
    "RandomColorJitter": jitter,
    "RandomGrayscale": lambda c: color.RandomGrayscale(c["factor"]),
    "RandomInvert": lambda c: color.RandomInvert(chance(c["factor"])),
    "RandomPosterization": lambda c: pixels.RandomPosterize(tuple(c["factor"]), p=1.0),
    "Solarization": solarize,
    "AutoContrast": lambda c: pixels.AutoContrast(),
    "Equalization": lambda c: pixels.Equalize(),
    "RandomSharpness": lambda c: filters.RandomSharpness(doubled(c["factor"])),
    "RandomGaussianBlur": blur,
    "GaussianNoise": lambda c: pixels.GaussianNoise(c["stddev"] / c["high"]),
    "RandomErasing": erase,
    "MixUp": lambda c: mixing.MixUp(c["alpha"]),
    "CutMix": lambda c: mixing.CutMix(max(chance(c["factor"]), 1e-3)),
    "RandAugment": lambda c: policies.RandAugment(c["num_ops"], min(c["factor"][1], 1.0)),
}
