"""`model`: which network, how deep, how wide."""

from dataclasses import dataclass

from kreg.config.fields import kind, one_of, ranged, switch

ACTIVATIONS = ("relu", "elu", "gelu", "selu", "silu", "tanh")
NEEDS_IMAGES = ("cnn", "resnet", "preact_resnet", "wide_resnet")
NEEDS_TABLE = ("transformer",)  # one token per feature: an image's pixels would be too many


def depth(default: int, high: int = 64):
    return ranged(default, low=1, high=high)


def width(default: int):
    return ranged(default, low=1, high=65536)


def scale():
    """Multiplies the width, or the number of trees."""
    return ranged(1.0, low=0.25, high=4)


@dataclass
class Linear:
    kind: str = kind("linear")


@dataclass
class Shallow:
    kind: str = kind("shallow")
    depth: int = depth(1)
    width: int = width(64)
    scale: float = scale()
    activation: str = one_of("relu", *ACTIVATIONS)
    batch_norm: bool = switch(False)
    skip: bool = switch(False)


@dataclass
class Deep(Shallow):
    kind: str = kind("deep")
    depth: int = depth(4)
    width: int = width(128)


@dataclass
class Wide(Shallow):
    kind: str = kind("wide")
    depth: int = depth(2)
    width: int = width(1024)


@dataclass
class Cnn:
    kind: str = kind("cnn")
    depth: int = depth(3, high=8)
    width: int = width(32)
    scale: float = scale()
    batch_norm: bool = switch(False)


@dataclass
class Resnet:
    kind: str = kind("resnet")
    depth: int = depth(1)
    width: int = width(16)
    scale: float = scale()


@dataclass
class PreactResnet(Resnet):
    kind: str = kind("preact_resnet")


@dataclass
class WideResnet(Resnet):
    kind: str = kind("wide_resnet")
    depth: int = depth(2)
    width: int = width(64)


@dataclass
class Transformer:
    kind: str = kind("transformer")
    depth: int = depth(2)
    width: int = width(32)
    heads: int = ranged(4, low=1, high=64)
    scale: float = scale()


@dataclass
class Forest:
    kind: str = kind("forest")
    depth: int = depth(5, high=12)
    trees: int = ranged(64, low=1, high=4096)
    temperature: float = ranged(0.2, low=0, low_open=True)
    scale: float = scale()


KINDS = {
    "linear": Linear,
    "shallow": Shallow,
    "deep": Deep,
    "wide": Wide,
    "cnn": Cnn,
    "resnet": Resnet,
    "preact_resnet": PreactResnet,
    "wide_resnet": WideResnet,
    "transformer": Transformer,
    "forest": Forest,
}
