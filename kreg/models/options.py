"""`model`: which network, how deep, how wide."""

from dataclasses import dataclass
from typing import Any, ClassVar

from kreg.applications import BY_NAME
from kreg.check import Bounds, Interval
from kreg.fields import Options, kind, one_of, ranged, switch, table, text

SIGMOID = "sigmoid"
ACTIVATIONS = ("relu", "elu", "gelu", "selu", "silu", "tanh", SIGMOID)
COUNT: Bounds = {"low": 1}
FEATURES = "features"  # the layer with a learned scale for each column
BINS: Bounds = {"low": 2}
SCALE: Interval = {"low": 0.25, "high": 4}
TREE_DEPTH: Bounds = {"low": 1, "high": 12}  # 2**depth leaves
TEMPERATURE: Interval = {"low": 0, "low_open": True}
IN_STAGES = "filters in the first stage, doubled in each of the next two"


def smallest(name: str | None) -> int:
    """Pixels of height and width that a network of `keras.applications` needs."""
    return BY_NAME[name].smallest if name in BY_NAME else 1


def depth(default: int, meaning: str, high: int = 64) -> Any:
    return ranged(default, meaning, low=COUNT["low"], high=high)


def width(default: int, meaning: str) -> Any:
    return ranged(default, meaning, low=COUNT["low"], high=65536)


def scale(what: str = "width") -> Any:
    return ranged(1.0, f"multiplies the {what}, 0.25 to 4", **SCALE)


@dataclass
class ModelOptions(Options):
    """What the data must be: `images` is `True`, `False` (a table) or `None` (either).

    `convolves` and `has_branches` say what noise finds a place in it, `reads_rows` whether its
    builder is given the training rows, `reads_categories` whether it is told the columns of each,
    `has_units` whether it has hidden units whose activities may be penalised.
    """

    images: ClassVar[bool | None] = None
    reads_rows: ClassVar[bool] = False
    convolves: ClassVar[bool] = False
    branches: ClassVar[bool] = False
    has_units: ClassVar[bool] = False

    @property
    def reads_categories(self) -> bool:
        """Whether categories of many levels become learned numbers."""
        return False

    @property
    def has_branches(self) -> bool:
        """Whether there are residual branches."""
        return self.branches

    def parameters(self, inputs: int, channels: int, outputs: int) -> int:
        """About how many parameters there will be, without biases and the like.

        Args:
            inputs: Numbers that make up one example.
            channels: How many of them belong to one pixel; 1 for a table.
            outputs: Of the network.
        """
        return inputs * outputs

    @property
    def units(self) -> int:
        """The width after scaling."""
        return max(1, round(getattr(self, "width", 1) * getattr(self, "scale", 1.0)))


@dataclass
class LinearOptions(ModelOptions, component="kreg.models:linear"):
    kind: str = kind("linear")


@dataclass
class DenseOptions(ModelOptions):
    """The keys of all dense networks."""

    has_units = True
    depth: int = depth(1, "hidden layers")
    width: int = width(64, "units in each")
    scale: float = scale()
    activation: str = one_of("relu", ACTIVATIONS)
    batch_norm: bool = switch(False, "normalise before each activation")
    skip: bool = switch(False, "x + f(x) from the second hidden layer on")

    @property
    def has_branches(self) -> bool:
        return self.skip

    def parameters(self, inputs: int, channels: int, outputs: int) -> int:
        return self.units * (inputs + (self.depth - 1) * self.units + outputs)


@dataclass
class ShallowOptions(DenseOptions, component="kreg.models:shallow"):
    kind: str = kind("shallow")


@dataclass
class DeepOptions(DenseOptions, component="kreg.models:deep"):
    kind: str = kind("deep")
    depth: int = depth(4, "hidden layers")
    width: int = width(128, "units in each")


@dataclass
class WideOptions(DenseOptions, component="kreg.models:wide"):
    kind: str = kind("wide")
    depth: int = depth(2, "hidden layers")
    width: int = width(1024, "units in each")


@dataclass
class RealmlpOptions(ModelOptions, component="kreg.models:realmlp"):
    images = False
    reads_rows = True
    kind: str = kind("realmlp")
    form: str = one_of(
        "small",
        ("small", "full"),
        "RealMLP-TD-S, or TD: embeddings of numbers, learned activations",
    )
    depth: int = depth(3, "hidden layers")
    width: int = width(256, "units in each")
    scale: float = scale()

    @property
    def reads_categories(self) -> bool:
        return self.form == "full"

    def parameters(self, inputs: int, channels: int, outputs: int) -> int:
        row = inputs * (4 if self.form == "full" else 1)
        return self.units * (row + (self.depth - 1) * self.units + outputs)


@dataclass
class CnnOptions(ModelOptions, component="kreg.models:cnn"):
    images = convolves = has_units = True
    kind: str = kind("cnn")
    depth: int = depth(3, "convolutions, each with twice the filters of the one before", high=8)
    width: int = width(32, "filters of the first")
    scale: float = scale()
    batch_norm: bool = switch(False, "normalise before each activation")

    def parameters(self, inputs: int, channels: int, outputs: int) -> int:
        filters = [channels, *(self.units * 2**i for i in range(self.depth))]
        return 9 * sum(a * b for a, b in zip(filters, filters[1:])) + filters[-1] * outputs


@dataclass
class ResnetOptions(ModelOptions, component="kreg.models:resnet"):
    images = convolves = branches = has_units = True
    kind: str = kind("resnet")
    depth: int = depth(1, "blocks in each of 3 stages: 3 is ResNet-20")
    width: int = width(16, IN_STAGES)
    scale: float = scale()

    def parameters(self, inputs: int, channels: int, outputs: int) -> int:
        stages = [self.units * 2**i for i in range(3)]
        return 18 * self.depth * sum(filters**2 for filters in stages) + stages[-1] * outputs


@dataclass
class PreactResnetOptions(ResnetOptions, component="kreg.models:preact_resnet"):
    kind: str = kind("preact_resnet")
    depth: int = depth(1, "blocks in each of 3 stages")


@dataclass
class WideResnetOptions(ResnetOptions, component="kreg.models:wide_resnet"):
    kind: str = kind("wide_resnet")
    depth: int = depth(2, "blocks in each of 3 stages: 2 and width 64 is WRN-16-4")
    width: int = width(64, IN_STAGES)


@dataclass
class TransformerOptions(ModelOptions, component="kreg.models:transformer"):
    images = False  # one token per feature: an image's pixels would be too many
    branches = True
    kind: str = kind("transformer")
    depth: int = depth(2, "blocks of attention and a dense layer")
    width: int = width(32, "length of a token, a multiple of heads")
    heads: int = ranged(4, "attention heads", low=COUNT["low"], high=64)
    scale: float = scale()

    def parameters(self, inputs: int, channels: int, outputs: int) -> int:
        return self.units * (8 * self.depth * self.units + inputs + outputs)


@dataclass
class ForestOptions(ModelOptions, component="kreg.models:forest"):
    kind: str = kind("forest")
    depth: int = ranged(5, "splits on a path: 2**depth leaves a tree", **TREE_DEPTH)
    trees: int = ranged(64, "how many", low=COUNT["low"], high=4096)
    temperature: float = ranged(
        0.2, "softness of the splits: 0.01 is nearly a usual tree", **TEMPERATURE
    )
    scale: float = scale("number of trees")

    def parameters(self, inputs: int, channels: int, outputs: int) -> int:
        trees = max(1, round(self.trees * self.scale))
        return int(trees * 2**self.depth * (inputs + outputs))


@dataclass
class TabmOptions(ModelOptions, component="kreg.models:tabm"):
    images = False
    reads_rows = True
    kind: str = kind("tabm")
    members: int = ranged(16, "networks in one: own scales and heads", low=COUNT["low"], high=1024)
    depth: int = depth(2, "hidden layers, which the members share")
    width: int = width(128, "units in each")
    scale: float = scale()
    embedding: int = ranged(16, "what each number becomes", low=COUNT["low"], high=1024)
    bins: int = ranged(
        48, "pieces of its piecewise-linear encoding at most", low=BINS["low"], high=1024
    )
    levels: str = one_of(
        "one_hot",
        ("one_hot", "embedded"),
        "of a category of more than nine: a column of 0 and 1 each, or eight learned numbers",
    )

    @property
    def reads_categories(self) -> bool:
        return self.levels == "embedded"

    def arguments(self) -> dict[str, Any]:
        found = super().arguments()
        del found["levels"]
        return found

    def parameters(self, inputs: int, channels: int, outputs: int) -> int:
        row = inputs * self.embedding  # of a table without columns of 0 and 1
        shared = self.units * (row + (self.depth - 1) * self.units)
        return row * (self.bins + 2) + shared + self.members * (row + self.units * outputs)


@dataclass
class BackboneOptions(ModelOptions, component="kreg.models:backbone"):
    images = convolves = True
    kind: str = kind("backbone")
    name: str | None = text(
        None,
        f"{' | '.join(BY_NAME)}: of keras.applications; or a preset of KerasHub, or its directory "
        "(kreg[hub]); null: the network that weights holds",
    )
    weights: str = text(
        "none",
        "none | imagenet, preset (downloaded where not here) | a .keras or .h5 file | a run "
        "directory of kreg",
    )
    size: int | None = ranged(
        None,
        "height and width that pictures are resized to; null: their own, if that is large enough",
        type=int,
        low=1,
        high=4096,
    )

    def parameters(self, inputs: int, channels: int, outputs: int) -> int:
        return 0  # what others have trained has been trained


KINDS = table(
    LinearOptions,
    ShallowOptions,
    DeepOptions,
    WideOptions,
    RealmlpOptions,
    CnnOptions,
    ResnetOptions,
    PreactResnetOptions,
    WideResnetOptions,
    TransformerOptions,
    ForestOptions,
    TabmOptions,
    BackboneOptions,
)
