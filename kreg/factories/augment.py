"""`augment`: from its configuration to a `kreg.augment.Pipeline`."""

from kreg.config.custom import is_custom
from kreg.factories import custom


def pipeline(cfg, info, seed: int):
    """The augmentation of the training rows, or `None`.

    Args:
        cfg: A dataclass of `kreg.config.augment`.
        info: The data: `input_shape`, `outputs`, `task`, `is_image`, and `train.x`.
        seed: Whole number.
    """
    if cfg.kind == "none":
        return None
    from kreg import augment

    stages = custom.create(cfg) if is_custom(cfg.kind) else KINDS[cfg.kind](cfg, info)
    if getattr(cfg, "smoothing", 0):
        stages.append(augment.LabelSmoothing(cfg.smoothing))
    return augment.Pipeline(
        stages,
        seed,
        fuse=getattr(cfg, "fuse", "fast"),
        num_classes=classes(info),
        value_range=value_range(info),
    )


def classes(info) -> int | None:
    """What turns class ids into probabilities; regression targets are mixed as they are."""
    return {"classification": info.outputs, "binary": 1}.get(info.task)


def value_range(info):
    """From 0 to the largest training value, for floating-point images that start at 0."""
    if not info.is_image or str(info.train.x.dtype) == "uint8" or info.train.x.min() < 0:
        return None
    return 0, max(1.0, float(info.train.x.max()))


def flip(mode: str, channels: int) -> list:
    """`"auto"` mirrors colour photographs, and never gray images: digits and letters have sides."""
    from kreg import augment

    if mode == "auto":
        mode = "horizontal" if channels == 3 else "none"
    return [] if mode == "none" else [augment.RandomFlip(mode)]


def crop(share: float, height: int, width: int) -> list:
    """Padding by a share of the shorter side, at least one pixel, and a cut back to the size."""
    from kreg import augment

    padding = max(1, round(share * min(height, width))) if share else 0
    return [augment.RandomCrop(height, width, padding=padding)] if padding else []


def placement(cfg, info) -> list:
    """What all image kinds begin with."""
    height, width, channels = info.input_shape
    return crop(cfg.crop, height, width) + flip(cfg.flip, channels)


def images(cfg, info) -> list:
    from kreg import augment
    from kreg.augment.ranges import Symmetric, bound

    saturation, hue = (cfg.saturation, cfg.hue) if info.input_shape[2] == 3 else (0, 0)
    degrees = Symmetric(bound("augment.rotate", cfg.rotate), scale=1 / 360)
    optional = [
        (cfg.rotate, lambda: augment.RandomRotation(degrees)),
        (cfg.zoom, lambda: augment.RandomZoom(cfg.zoom)),
        (cfg.shear, lambda: augment.RandomShear(cfg.shear, cfg.shear)),
        (cfg.brightness, lambda: augment.RandomBrightness(cfg.brightness, mode="scale")),
        (cfg.contrast, lambda: augment.RandomContrast(cfg.contrast)),
        (saturation, lambda: augment.RandomSaturation(saturation)),
        (hue, lambda: augment.RandomHue(hue)),
        (cfg.noise, lambda: augment.GaussianNoise(cfg.noise)),
        (cfg.erase, lambda: augment.RandomErasing(p=cfg.erase)),
        (cfg.mixup or cfg.cutmix, lambda: mixing(cfg)),
    ]
    return placement(cfg, info) + [make() for strength, make in optional if strength]


def mixing(cfg):
    """MixUp, CutMix, or for each record one of the two."""
    from kreg import augment

    made = [augment.MixUp(cfg.mixup)] if cfg.mixup else []
    made += [augment.CutMix(cfg.cutmix)] if cfg.cutmix else []
    return made[0] if len(made) == 1 else augment.RandomChoice(made)


def randaugment(cfg, info) -> list:
    from kreg import augment

    channels = info.input_shape[2]
    policy = augment.RandAugment(cfg.num_ops, cfg.magnitude, channels=channels)
    return [*placement(cfg, info), policy]


def trivialaugment(cfg, info) -> list:
    from kreg import augment

    policy = augment.TrivialAugment(channels=info.input_shape[2], magnitude=cfg.magnitude)
    return [*placement(cfg, info), policy]


def mixup(cfg, info) -> list:
    from kreg import augment

    return [augment.MixUp(cfg.alpha, p=cfg.p)]


def cutmix(cfg, info) -> list:
    from kreg import augment

    return [augment.CutMix(cfg.alpha, p=cfg.p)]


def tabular(cfg, info) -> list:
    from kreg import augment

    stages = [augment.FeatureNoise(cfg.noise)] if cfg.noise else []
    stages += [augment.FeatureMask(cfg.mask)] if cfg.mask else []
    return stages + ([augment.MixUp(cfg.mixup)] if cfg.mixup else [])


KINDS = {
    "images": images,
    "randaugment": randaugment,
    "trivialaugment": trivialaugment,
    "mixup": mixup,
    "cutmix": cutmix,
    "tabular": tabular,
}
