"""The interface of a stage: which numbers it draws, and what they mean where it is switched off.

A stage holds settings only. `draw` turns uniform numbers into small per-record parameters, and the
kinds below say how parameters act on images, so that the planner can merge neighbours.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

import tensorflow as tf

from kreg import check
from kreg.augment import ranges
from kreg.augment.engine.color_matrix import ColorMatrix
from kreg.augment.engine.input_spec import ImageSpec, Spec, TableSpec
from kreg.augment.engine.matrices import Matrix

Params = dict[str, tf.Tensor]  # what a stage draws: name -> (records,) or (records, numbers)
Pass = Callable[[tf.Tensor, Params, ImageSpec], tf.Tensor]
S = TypeVar("S", bound=Spec)

FILL_MODES = ("constant", "nearest", "reflect", "wrap")


class Stage(Generic[S]):
    """Base of all stages, for batches of the spec `S`.

    Attributes:
        columns: How many uniform numbers `draw` reads for each record.
        neutral: Parameter name -> the value with which the stage changes nothing, bit for bit.
        domain: `"image"`, `"table"` or `"any"`.
        commutes: Whether geometry may be moved before this stage, up to what happens to fill.
        changes_targets: Whether labels leave as rows of probabilities.
    """

    columns: ClassVar[int] = 0
    neutral: ClassVar[dict[str, float]] = {}
    domain: ClassVar[str] = "image"
    commutes: ClassVar[bool] = False
    changes_targets: ClassVar[bool] = False

    @property
    def name(self) -> str:
        return type(self).__name__

    def output(self, spec: S) -> S:
        """The spec after this stage."""
        return spec

    def check(self, spec: S) -> None:
        """Refuse a spec that this stage cannot work on, with a sentence that names the stage."""
        if self.domain == "image" and isinstance(spec, TableSpec):
            raise ValueError(
                f"{self.name} works on images, but the batch is a table with {spec.features} "
                f"features. For tables there are FeatureNoise, FeatureMask and MixUp."
            )
        if self.domain == "table" and isinstance(spec, ImageSpec):
            raise ValueError(
                f"{self.name} works on tables of shape (batch, features), not on images."
            )

    def draw(self, u: tf.Tensor, epoch: tf.Tensor, spec: S) -> Params:
        """Parameters of each record, from `u` of shape (records, columns)."""
        return {}


class Geometry(Stage[ImageSpec]):
    """A stage that moves pixels: `inverse` maps output positions to source positions.

    Attributes:
        exact: Whether every position it reads is a whole number, so that no grey value is blended.
        fill_mode: `"constant"`, `"nearest"`, `"reflect"`, `"wrap"`, or `None` where it never reads
            outside the image.
    """

    commutes = True
    exact: ClassVar[bool] = False
    fill_mode: str | None = None
    fill_value: float = 0.0
    interpolation: str = "bilinear"

    def check_fill(self) -> None:
        """Refuse an unknown `fill_mode` or a `fill_value` that is no number."""
        check.choice("fill_mode", self.fill_mode, FILL_MODES)
        self.fill_value = check.number("fill_value", self.fill_value)

    def inverse(self, params: Params, spec: ImageSpec) -> Matrix:
        """The 3x3 matrix from output to source positions: nested rows of numbers or (records,)."""
        raise NotImplementedError


class ValueStage(Stage[ImageSpec]):
    """A stage that needs to know the range of the pixel values."""

    def check(self, spec: ImageSpec) -> None:
        super().check(spec)
        if spec.high != spec.high:
            raise ValueError(
                f"{self.name} depends on the range of the pixel values, which is not known for "
                f"floating-point images. Declare it: Pipeline(..., value_range=(0, 1))."
            )


class Pixelwise(ValueStage):
    """A stage whose output pixel depends on one input pixel: neighbours share one pass.

    Attributes:
        needs_mean: Whether it also depends on the mean colour of its input.
    """

    needs_mean: ClassVar[bool] = False


class LinearColor(Pixelwise):
    """`a * z + g * gray(z) + k`, with k per channel; may depend on the mean of its input.

    Neighbouring linear stages compose into one.
    """

    commutes = True

    def color_matrix(self, params: Params, mean: tf.Tensor, spec: ImageSpec) -> ColorMatrix:
        """The map of this stage; `mean` is its input's mean colour, (records, channels)."""
        raise NotImplementedError


class Pointwise(Pixelwise):
    """A stage whose output pixel depends on the input pixel and its position alone."""

    def pixels(self, z: tf.Tensor, params: Params, spec: ImageSpec) -> tf.Tensor:
        """New float values from float values of shape (records, height, width, channels)."""
        raise NotImplementedError


class Filter(ValueStage):
    """A stage that looks at the whole image or at neighbouring pixels: always a group of its own.

    `passes` lists functions (z, params, spec) -> z; each is compiled by itself, unless the stage
    is `dynamic`: then it works on the records that need it, of a number not known in advance.
    """

    commutes = True
    dynamic: ClassVar[bool] = False

    def passes(self) -> list[Pass]:
        raise NotImplementedError


class Mixing(Stage[S]):
    """A stage that blends each record with a partner of its batch, targets included."""

    domain = "any"
    changes_targets = True

    def images(self, z: tf.Tensor, partner: tf.Tensor, params: Params, spec: S) -> tf.Tensor:
        raise NotImplementedError

    def masks(self, masks: tf.Tensor, partner: tf.Tensor, params: Params, spec: S) -> tf.Tensor:
        """Segmentation masks, blended as the images are."""
        raise NotImplementedError

    def share(self, params: Params, spec: S) -> tf.Tensor:
        """The weight of the record's own target, (records,)."""
        raise NotImplementedError


class Rows(Stage[TableSpec]):
    """A stage for the rows of a table."""

    domain = "table"

    def rows(self, x: tf.Tensor, params: Params, spec: TableSpec) -> tf.Tensor:
        """New float values from float values of shape (records, features)."""
        raise NotImplementedError


class Targets(Stage[Spec]):
    """A stage that touches targets alone."""

    domain = "any"
    changes_targets = True

    def labels(self, y: tf.Tensor) -> tf.Tensor:
        """New rows of probabilities from rows of probabilities, (records, classes)."""
        raise NotImplementedError


class Recipe:
    """A shorthand: stages that stand for others, one after the other."""

    def stages(self) -> "Sequence[AnyStage]":
        raise NotImplementedError


class Policy:
    """A choice for each record; `branches` are (low, high, stages) of one uniform number."""

    def branches(self) -> "list[Branch]":
        raise NotImplementedError


AnyStage = Stage[Any] | Recipe | Policy
Branch = tuple[ranges.Bound, ranges.Bound, Sequence[AnyStage]]


class Switched:
    """The half of a stage that draws nothing but whether it acts: `on` is 1.0 or 0.0."""

    columns: ClassVar[int] = 1
    neutral: ClassVar[dict[str, float]] = {"on": 0.0}
    p: ranges.BoundSetting

    def draw(self, u: tf.Tensor, epoch: tf.Tensor, spec: Any) -> Params:
        return {"on": tf.cast(ranges.toss(u[:, 0], self.p, epoch), tf.float32)}


class Changed:
    """The half of a stage that draws one number: by how much it changes, zero for nothing."""

    columns: ClassVar[int] = 1
    neutral: ClassVar[dict[str, float]] = {"change": 0.0}
    factor: ranges.RangeSetting

    def draw(self, u: tf.Tensor, epoch: tf.Tensor, spec: Any) -> Params:
        return {"change": self.factor.draw(u[:, 0], epoch)}


class Noisy:
    """The half of a stage that adds normal noise: its strength, and a key for its numbers."""

    columns: ClassVar[int] = 3
    neutral: ClassVar[dict[str, float]] = {"stddev": 0.0}
    stddev: ranges.RangeSetting

    def draw(self, u: tf.Tensor, epoch: tf.Tensor, spec: Any) -> Params:
        stddev = self.stddev.draw(u[:, 0], epoch) * tf.ones_like(u[:, 0])
        return {"stddev": stddev, "key": u[:, 1:3]}
