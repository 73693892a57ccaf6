"""The networks of `keras.applications`, as far as one must know them before Keras is imported."""

import re
from dataclasses import dataclass
from pathlib import Path

from kreg import check

PRESET = "preset"  # `model.weights=preset`: those of a preset of KerasHub
HUB = re.compile(r"[a-z0-9]+(_[a-z0-9.]+)+")  # as KerasHub names its presets


@dataclass(frozen=True)
class Family:
    """What the networks of one paper share.

    Args:
        names: As in `keras.applications`.
        mode: How pictures enter: `"tf"` (-1..1), `"caffe"` (BGR less the mean), `"torch"` (mean 0,
            deviation 1) or `"inside"`: the network takes bytes itself.
        smallest: Pixels of height and width that it needs.
        licence: Of its ImageNet weights, where Keras says it.
    """

    names: tuple[str, ...]
    mode: str
    smallest: int = 32
    licence: str = ""


FAMILIES = (
    Family(("VGG16", "VGG19"), "caffe", licence="CC BY 4.0"),
    Family(("ResNet50", "ResNet101", "ResNet152"), "caffe", licence="MIT"),
    Family(("ResNet50V2", "ResNet101V2", "ResNet152V2"), "tf"),
    Family(("InceptionV3",), "tf", smallest=75, licence="MIT"),
    Family(("InceptionResNetV2",), "tf", smallest=75),
    Family(("Xception",), "tf", smallest=71, licence="MIT"),
    Family(("MobileNet", "MobileNetV2"), "tf", licence="Apache-2.0"),
    Family(("MobileNetV3Small", "MobileNetV3Large"), "inside", licence="Apache-2.0"),
    Family(("DenseNet121", "DenseNet169", "DenseNet201"), "torch", licence="BSD-3-Clause"),
    Family(("NASNetMobile", "NASNetLarge"), "tf", licence="Apache-2.0"),
    Family(tuple(f"EfficientNetB{n}" for n in range(8)), "inside", licence="Apache-2.0"),
    Family(
        tuple(f"EfficientNetV2{size}" for size in ("B0", "B1", "B2", "B3", "S", "M", "L")), "inside"
    ),
    Family(
        tuple(f"ConvNeXt{size}" for size in ("Tiny", "Small", "Base", "Large", "XLarge")), "inside"
    ),
)
BY_NAME = {name: family for family in FAMILIES for name in family.names}


def family(name: str) -> Family:
    """The family of a network.

    Raises:
        ValueError: For a name that `keras.applications` does not have, with the nearest ones.

    >>> family("VGG16").mode
    'caffe'
    """
    return BY_NAME[check.choice("model.name", name, BY_NAME)]


def is_preset(name: str) -> bool:
    """Whether a name is for KerasHub: of a preset, an address, or a path.

    >>> [is_preset(name) for name in ("resnet_50_imagenet", "hf://me/mine", "./mine", "VGG16")]
    [True, True, True, False]
    """
    if name in BY_NAME:
        return False
    return "/" in name or HUB.fullmatch(name) is not None or Path(name).expanduser().is_dir()
