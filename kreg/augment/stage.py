"""The interface of a stage: which numbers it draws, and what they mean where it is switched off.

A stage holds settings only. `draw` turns uniform numbers into small per-record parameters, and the
kinds below say how parameters act on images, so that the planner can merge neighbours.
"""

from typing import ClassVar

from kreg.augment.spec import ImageSpec, TableSpec


class Stage:
    """Base of all stages.

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

    def output(self, spec):
        """The spec after this stage."""
        return spec

    def check(self, spec) -> None:
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

    def draw(self, u, epoch, spec) -> dict:
        """Parameters of each record, from `u` of shape (records, columns)."""
        return {}


class Geometry(Stage):
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

    def inverse(self, params: dict, spec: ImageSpec):
        """The 3x3 matrix from output to source positions: nested rows of numbers or (records,)."""
        raise NotImplementedError


class ColourStage(Stage):
    """A stage that needs to know the value range."""

    def check(self, spec) -> None:
        super().check(spec)
        if spec.high != spec.high:
            raise ValueError(
                f"{self.name} depends on the range of the pixel values, which is not known for "
                f"floating-point images. Declare it: Pipeline(..., value_range=(0, 1))."
            )


class Linear(ColourStage):
    """`a * z + g * gray(z) + k`, with k per channel; may depend on the mean of its input.

    Neighbouring linear stages compose into one.
    """

    commutes = True
    needs_mean: ClassVar[bool] = False

    def blend(self, params: dict, mean, spec: ImageSpec):
        """The `Blend` of this stage; `mean` is its input's mean colour, (records, channels)."""
        raise NotImplementedError


class Pointwise(ColourStage):
    """A stage whose output pixel depends on the input pixel and its position alone."""

    def pixels(self, z, params: dict, spec: ImageSpec):
        """New float values from float values of shape (records, height, width, channels)."""
        raise NotImplementedError


class Filter(ColourStage):
    """A stage that looks at the whole image or at neighbouring pixels: always a group of its own.

    `passes` lists functions (z, params, spec) -> z; each is compiled by itself, unless the stage
    is `dynamic`: then it works on the records that need it, of a number not known in advance.
    """

    commutes = True
    dynamic: ClassVar[bool] = False

    def passes(self) -> list:
        raise NotImplementedError


class Mixing(Stage):
    """A stage that blends each record with a partner of its batch, targets included."""

    domain = "any"
    changes_targets = True

    def images(self, z, partner, params: dict, spec):
        raise NotImplementedError

    def share(self, params: dict, spec):
        """The weight of the record's own target, (records,)."""
        raise NotImplementedError


class Rows(Stage):
    """A stage for the rows of a table."""

    domain = "table"

    def rows(self, x, params: dict, spec: TableSpec):
        """New float values from float values of shape (records, features)."""
        raise NotImplementedError


class Targets(Stage):
    """A stage that touches targets alone."""

    domain = "any"
    changes_targets = True

    def labels(self, y):
        """New rows of probabilities from rows of probabilities, (records, classes)."""
        raise NotImplementedError
