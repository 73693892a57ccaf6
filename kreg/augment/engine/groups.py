"""What runs: groups of steps, each one compiled function with its borders where XLA needs them.

XLA on the CPU fuses a gather into each of its consumers and repeats it there, so a gather ends its
function. Each group has `prepare`, traced into the one function that computes all parameters, and
`images` (and `masks`, `pictures`, `places`), which act on a whole batch. Geometry has its own file.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic

import tensorflow as tf

from kreg.augment.engine import color_matrix
from kreg.augment.engine.batch import Partner, per_record
from kreg.augment.engine.color_matrix import ColorMatrix
from kreg.augment.engine.input_spec import ImageSpec
from kreg.augment.engine.steps import K, Step
from kreg.augment.engine.xla import compiled
from kreg.augment.stage import (
    Filter,
    LinearColor,
    Mixing,
    Pass,
    Pixelwise,
    Pointwise,
    Rows,
    Targets,
)


def finish(z: tf.Tensor, spec: ImageSpec, dtype: tf.DType) -> tf.Tensor:
    """Float values in range, back on the grid of the spec, in the wanted dtype."""
    if spec.whole:
        z = tf.floor(z + 0.5)
    return tf.cast(z, dtype)


class Group(Generic[K]):
    """Base: steps, the spec before and after, and the dtype of the images that leave."""

    touches_inputs = True
    moves = False  # whether pixels move
    fills = False  # whether something from outside of the image may be seen

    def __init__(self, steps: Sequence[Step[K]]):
        self.steps = steps
        self.spec: Any = steps[0].spec
        self.after: Any = steps[-1].stage.output(steps[-1].spec)
        self.dtype = self.spec.dtype
        self.label = " + ".join(step.stage.name for step in steps)

    def build(self, jit: bool) -> None:
        """Make the compiled functions; called once, when dtype and compilation are known."""
        self.kernel = compiled(self.run, jit)

    def prepare(self, u: tf.Tensor, epoch: tf.Tensor) -> Any:
        """The parameters of all steps, from uniform numbers (records, columns)."""
        return [step.draw(u, epoch) for step in self.steps]

    def packed(self, u: tf.Tensor, epoch: tf.Tensor) -> tf.Tensor:
        """The parameters side by side, (records, numbers): one array is cheaper to hand on."""
        params = self.prepare(u, epoch)
        self.structure = tf.nest.map_structure(lambda p: p.shape, params)
        columns = [p if p.shape.rank == 2 else p[:, None] for p in tf.nest.flatten(params)]
        return tf.concat(columns, axis=1) if columns else u[:, :0]

    def unpacked(self, packed: tf.Tensor) -> Any:
        """What `prepare` returned."""
        parts: list[tf.Tensor] = []
        start = 0
        for shape in tf.nest.flatten(self.structure):
            width = shape[1] if shape.rank == 2 else 1
            part = packed[:, start : start + width]
            parts.append(part if shape.rank == 2 else part[:, 0])
            start += width
        return tf.nest.pack_sequence_as(self.structure, parts)

    def run(self, z: tf.Tensor, packed: tf.Tensor) -> tf.Tensor:
        raise NotImplementedError

    def images(self, z: tf.Tensor, packed: tf.Tensor, partner: Partner) -> tf.Tensor:
        return self.kernel(z, packed)

    def masks(
        self, masks: tf.Tensor, packed: tf.Tensor, partner: Partner, fill: float
    ) -> tf.Tensor:
        """Segmentation masks follow what moves pixels, and nothing else."""
        return masks

    def pictures(self, pictures: tf.Tensor, packed: tf.Tensor, partner: Partner) -> tf.Tensor:
        """Images that are targets, too: they move as the input does, and are read as it is."""
        return pictures

    def places(
        self, kind: str, values: tf.Tensor, valid: tf.Tensor, packed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Keypoints and boxes, too."""
        return values, valid

    def targets(self, y: tf.Tensor, packed: tf.Tensor, partner: Partner) -> tf.Tensor:
        return y

    def weights(self, weights: tf.Tensor, packed: tf.Tensor, partner: Partner) -> tf.Tensor:
        return weights


class PixelGroup(Group[Pixelwise]):
    """Colour, noise and occlusion: each output pixel from one input pixel, in one pass."""

    def __init__(self, steps: Sequence[Step[Pixelwise]], compose: bool):
        super().__init__(steps)
        self.compose = compose
        self.needs_mean = any(step.stage.needs_mean for step in steps)

    def run(self, z: tf.Tensor, packed: tf.Tensor) -> tf.Tensor:
        mean = mean_color(z) if self.needs_mean else None
        z = tf.cast(z, tf.float32)
        pending: ColorMatrix | None = None
        for step, own in zip(self.steps, self.unpacked(packed)):
            if isinstance(step.stage, LinearColor):
                now = step.stage.color_matrix(own, mean, self.spec)
                mean = color_matrix.apply(now, mean) if self.compose and mean is not None else mean
                pending = now if pending is None else color_matrix.compose(now, pending)
            if not self.compose or isinstance(step.stage, Pointwise):
                z, pending = self.settle(z, pending), None
            if isinstance(step.stage, Pointwise):
                z = self.rounded(step.stage.pixels(z, own, self.spec))
        return finish(self.settle(z, pending), self.spec, self.dtype)

    def settle(self, z: tf.Tensor, pending: ColorMatrix | None) -> tf.Tensor:
        """The pending colour map, carried out and clipped once."""
        if pending is None:
            return z
        return self.rounded(tf.clip_by_value(color_matrix.apply(pending, z), 0.0, self.spec.high))

    def rounded(self, z: tf.Tensor) -> tf.Tensor:
        """In `"strict"` mode each step ends on whole grey levels, as it does under `"off"`."""
        return z if self.compose or not self.spec.whole else tf.floor(z + 0.5)


def mean_color(z: tf.Tensor) -> tf.Tensor:
    """The mean of each channel, (records, channels); whole grey levels are summed exactly."""
    pixels = z.shape[1] * z.shape[2]
    if not z.dtype.is_integer:
        return tf.reduce_mean(tf.cast(z, tf.float32), axis=[1, 2])
    total = tf.reduce_sum(tf.cast(z, tf.int32), axis=[1, 2])
    return tf.cast(total, tf.float32) / pixels


class FilterGroup(Group[Filter]):
    """One stage that looks beyond a pixel, in one or more passes."""

    def build(self, jit: bool) -> None:
        stage = self.steps[0].stage
        functions = stage.passes()
        self.kernels = [
            compiled(self.closed(f, last=f is functions[-1]), jit and not stage.dynamic)
            for f in functions
        ]

    def closed(self, function: Pass, last: bool) -> Callable[..., tf.Tensor]:
        def run(z: tf.Tensor, packed: tf.Tensor) -> tf.Tensor:
            (params,) = self.unpacked(packed)
            z = function(tf.cast(z, tf.float32), params, self.spec)
            return finish(z, self.spec, self.dtype) if last else z

        return run

    def images(self, z: tf.Tensor, packed: tf.Tensor, partner: Partner) -> tf.Tensor:
        for kernel in self.kernels:
            z = kernel(z, packed)
        return z


class MixingGroup(Group[Mixing[Any]]):
    """One mixing stage: images, masks and targets with the partner of each record."""

    def build(self, jit: bool) -> None:
        self.stage = self.steps[0].stage
        self.kernel = compiled(self.mixed, jit)

    def mixed(self, z: tf.Tensor, partner_images: tf.Tensor, packed: tf.Tensor) -> tf.Tensor:
        (params,) = self.unpacked(packed)
        mixed = self.stage.images(z, partner_images, params, self.spec)
        if hasattr(self.spec, "high"):
            return finish(mixed, self.spec, self.dtype)
        return tf.cast(mixed, self.dtype)

    def images(self, z: tf.Tensor, packed: tf.Tensor, partner: Partner) -> tf.Tensor:
        return self.kernel(z, partner.of(z), packed)

    def masks(
        self, masks: tf.Tensor, packed: tf.Tensor, partner: Partner, fill: float
    ) -> tf.Tensor:
        (params,) = self.unpacked(packed)
        return self.stage.masks(masks, partner.of(masks), params, self.spec)

    def pictures(self, pictures: tf.Tensor, packed: tf.Tensor, partner: Partner) -> tf.Tensor:
        (params,) = self.unpacked(packed)
        mixed = self.stage.images(pictures, partner.of(pictures), params, self.spec)
        return finish(mixed, self.spec._replace(dtype=pictures.dtype), pictures.dtype)

    def places(
        self, kind: str, values: tf.Tensor, valid: tf.Tensor, packed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        raise ValueError(
            f"{self.label} cannot mix keypoints and boxes: two images have two lists of them. "
            f"Leave {self.label} out, or take {kind} out of the batch."
        )

    def targets(self, y: tf.Tensor, packed: tf.Tensor, partner: Partner) -> tf.Tensor:
        (params,) = self.unpacked(packed)
        share = partner.cut(self.stage.share(params, self.spec))
        share = tf.cast(per_record(share, y.shape.rank), y.dtype)
        return share * y + (1.0 - share) * partner.of(y)

    def weights(self, weights: tf.Tensor, packed: tf.Tensor, partner: Partner) -> tf.Tensor:
        return self.targets(weights, packed, partner)


class RowsGroup(Group[Rows]):
    """One stage on the rows of a table."""

    def run(self, z: tf.Tensor, packed: tf.Tensor) -> tf.Tensor:
        (params,) = self.unpacked(packed)
        x = self.steps[0].stage.rows(tf.cast(z, tf.float32), params, self.spec)
        return tf.cast(x, self.dtype)


class TargetGroup(Group[Targets]):
    """One stage on targets."""

    touches_inputs = False

    def build(self, jit: bool) -> None:
        pass

    def images(self, z: tf.Tensor, packed: tf.Tensor, partner: Partner) -> tf.Tensor:
        return z

    def targets(self, y: tf.Tensor, packed: tf.Tensor, partner: Partner) -> tf.Tensor:
        return self.steps[0].stage.labels(y)
