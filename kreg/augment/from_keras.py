"""A list of Keras preprocessing layers as a pipeline of the same stages in the same order.

Reads `layer.get_config()` and imports no Keras. Same operations and ranges, other draws: those of
kreg's keys. What differs on purpose is what Keras does once per batch (crop, the choice of
RandAugment) or with one coin for two axes (flip): here each image and each axis has its own.
"""

from kreg import check
from kreg.augment import (
    colour,
    filters,
    mixing,
    moves,
    noise,
    occlusion,
    policies,
    tone,
    transforms,
)
from kreg.augment.pipeline import Pipeline
from kreg.augment.ranges import Uniform
from kreg.augment.stage import Stage
from kreg.augment.steps import Policy, Recipe


def from_keras(layers, seed: int = 0, **options) -> Pipeline:
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


def common_value_range(layers):
    """The range that the layers declare, or `None` for bytes, none, or a disagreement."""
    found = {
        tuple(layer.get_config()["value_range"])
        for layer in layers
        if hasattr(layer, "get_config") and "value_range" in layer.get_config()
    }
    return found.pop() if len(found) == 1 and found != {(0, 255)} else None


def convert(layer, high: float):
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


def symmetric(value):
    """Keras's pair, or a number as it is."""
    return tuple(value) if isinstance(value, (tuple, list)) else value


def fills(c: dict) -> dict:
    """Padding arguments; Keras's "constant", "nearest", "reflect" and "wrap" mean the same here."""
    return {key: c[key] for key in ("fill_mode", "fill_value") if key in c}


def reads(c: dict) -> dict:
    return {**fills(c), "interpolation": c["interpolation"]}


def chance(factor) -> float:
    """The mean probability of Keras's `factor`, which draws a probability and then a coin."""
    return sum(factor) / 2 if isinstance(factor, (tuple, list)) else factor


def doubled(factor) -> Uniform:
    """Keras counts sharpness from 0 (blurred) over 0.5 (unchanged) to 1; kreg from -1 to 1."""
    return Uniform(2 * factor[0] - 1, 2 * factor[1] - 1)


def saturation(factor) -> Uniform:
    """Keras scales by `f / (1 - f)`; uniform between the ends here."""
    low, high = (min(f / (1 - f + 1e-7), 10.0) - 1 for f in factor)
    return Uniform(low, high)


def jitter(c: dict) -> policies.RandomApply:
    parts = []
    if c["brightness_factor"] is not None:
        parts.append(colour.RandomBrightness(symmetric(c["brightness_factor"])))
    if c["contrast_factor"] is not None:
        parts.append(colour.RandomContrast(spread(c["contrast_factor"])))
    if c["saturation_factor"] is not None:
        parts.append(colour.RandomSaturation(saturation(c["saturation_factor"])))
    if c["hue_factor"] is not None:
        parts.append(colour.RandomHue(hue(c["hue_factor"])))
    return policies.RandomApply(parts, p=1.0)


def spread(factor):
    """Keras's `(0, f)` or `f` for a spread around 1."""
    return factor[1] if isinstance(factor, (tuple, list)) else factor


def hue(factor) -> float:
    """Keras turns by up to half of `f` to either side."""
    return spread(factor) / 2


def blur(c: dict) -> filters.RandomGaussianBlur:
    size = max(c["kernel_size"])
    sigma = (max(c["sigma"][0], 1e-3), max(c["sigma"][1], 1e-3))
    return filters.RandomGaussianBlur(sigma, max(size | 1, 3), p=chance(c["factor"]))


def erasing(c: dict) -> occlusion.RandomErasing:
    fill = 0.0 if c["fill_value"] is None else c["fill_value"]
    return occlusion.RandomErasing(tuple(c["scale"]), fill_value=fill, p=chance(c["factor"]))


def solarize(c: dict) -> tone.RandomSolarize:
    if c["addition_factor"][1]:
        raise ValueError("Solarization with an addition_factor has no counterpart in kreg.augment.")
    return tone.RandomSolarize(tuple(c["threshold_factor"]), p=1.0)


COUNTERPARTS = {
    "RandomFlip": lambda c: moves.RandomFlip(c["mode"]),
    "RandomCrop": lambda c: moves.RandomCrop(c["height"], c["width"]),
    "RandomTranslation": lambda c: moves.RandomTranslation(
        symmetric(c["height_factor"]), symmetric(c["width_factor"]), **fills(c)
    ),
    "RandomRotation": lambda c: transforms.RandomRotation(symmetric(c["factor"]), **reads(c)),
    "RandomZoom": lambda c: transforms.RandomZoom(
        symmetric(c["height_factor"]), symmetric(c["width_factor"]), **reads(c)
    ),
    "RandomShear": lambda c: transforms.RandomShear(
        symmetric(c["x_factor"]), symmetric(c["y_factor"]), **reads(c)
    ),
    "RandomPerspective": lambda c: transforms.RandomPerspective(
        min(c["scale"], 1.0), p=chance(c["factor"]), **reads(c)
    ),
    "RandomBrightness": lambda c: colour.RandomBrightness(symmetric(c["factor"])),
    "RandomContrast": lambda c: colour.RandomContrast(spread(c["factor"])),
    "RandomSaturation": lambda c: colour.RandomSaturation(saturation(c["factor"])),
    "RandomHue": lambda c: colour.RandomHue(hue(c["factor"])),
    "RandomColorJitter": jitter,
    "RandomGrayscale": lambda c: colour.RandomGrayscale(c["factor"]),
    "RandomInvert": lambda c: colour.RandomInvert(chance(c["factor"])),
    "RandomPosterization": lambda c: tone.RandomPosterize(tuple(c["factor"]), p=1.0),
    "Solarization": solarize,
    "AutoContrast": lambda c: tone.AutoContrast(),
    "Equalization": lambda c: tone.Equalize(),
    "RandomSharpness": lambda c: filters.RandomSharpness(doubled(c["factor"])),
    "RandomGaussianBlur": blur,
    "GaussianNoise": lambda c: noise.GaussianNoise(c["stddev"] / c["high"]),
    "RandomErasing": erasing,
    "MixUp": lambda c: mixing.MixUp(c["alpha"]),
    "CutMix": lambda c: mixing.CutMix(max(chance(c["factor"]), 1e-3)),
    "RandAugment": lambda c: policies.RandAugment(c["num_ops"], min(c["factor"][1], 1.0)),
}
