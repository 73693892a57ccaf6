"""What runs for geometry: any number of neighbouring stages as one matrix and one gather."""

from collections.abc import Sequence

import tensorflow as tf

from kreg.augment.engine import matrices, warp
from kreg.augment.engine.annotations import moved
from kreg.augment.engine.batch import Partner
from kreg.augment.engine.groups import Group, finish
from kreg.augment.engine.steps import Step
from kreg.augment.engine.xla import compiled
from kreg.augment.stage import Geometry, Params


class GeometryGroup(Group[Geometry]):
    """Moves and resamplings of images, masks, keypoints and boxes by the same matrix."""

    moves = True

    def __init__(self, steps: Sequence[Step[Geometry]]):
        super().__init__(steps)
        stages = [step.stage for step in steps]
        filled = [stage for stage in stages if stage.fill_mode is not None]
        self.fills = any(stage.fill_mode == "constant" for stage in filled)
        self.fill_mode = (filled and filled[0].fill_mode) or "nearest"
        self.fill_value = filled[0].fill_value if filled else 0.0
        self.exact = all(stage.exact for stage in stages)
        kernels = [stage.interpolation for stage in stages if not stage.exact]
        self.interpolation = kernels[0] if kernels else "nearest"

    def build(self, jit: bool) -> None:
        self.jit = jit
        # its own function: inside the gather, XLA would find each row and column once a pixel
        self.sources = compiled(self.run_sources, jit)
        self.kernel = compiled(self.run_move if self.exact else self.run, jit)
        self.mask_kernel = compiled(self.run_mask_move if self.exact else self.run_masks, jit)
        self.picture_kernel = self.mask_kernel if self.exact else compiled(self.run_picture, jit)

    def prepare(self, u: tf.Tensor, epoch: tf.Tensor) -> Params:
        """One matrix from output to source, and for whole-pixel moves the window that is seen."""
        records = tf.shape(u)[0]
        total, window = matrices.IDENTITY, matrices.full_window(self.spec)
        for step in self.steps:
            inverse = step.stage.inverse(step.draw(u, epoch), step.spec)
            if self.exact and step is not self.steps[0]:
                window = matrices.seen_through(window, total, step.spec)
            total = matrices.product(total, inverse)
        matrix = matrices.coefficients(total, records)
        if not self.exact:
            return {"matrix": matrix}
        return {"matrix": matrix, "window": matrices.stacked_window(window, records)}

    def images(self, z: tf.Tensor, packed: tf.Tensor, partner: Partner) -> tf.Tensor:
        return self.kernel(z, *self.located(packed))

    def masks(
        self, masks: tf.Tensor, packed: tf.Tensor, partner: Partner, fill: float
    ) -> tf.Tensor:
        return self.mask_kernel(masks, *self.located(packed), tf.cast(fill, masks.dtype))

    def pictures(self, pictures: tf.Tensor, packed: tf.Tensor, partner: Partner) -> tf.Tensor:
        fill = tf.cast(self.fill_value, pictures.dtype)
        return self.picture_kernel(pictures, *self.located(packed), fill)

    def places(
        self, kind: str, values: tf.Tensor, valid: tf.Tensor, packed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        params = self.unpacked(packed)
        whole = matrices.stacked_window(matrices.full_window(self.spec), tf.shape(packed)[0])
        window = params.get("window", whole)
        return moved(kind, values, valid, params["matrix"], window, self.after.size)

    def located(self, packed: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """What the kernels read: rows and columns for moves, else the packed parameters."""
        return self.sources(packed) if self.exact else (packed,)

    def run_sources(self, packed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        params = self.unpacked(packed)
        return warp.sources(
            params["matrix"], params["window"], self.spec.size, self.after.size, self.fill_mode
        )

    def run_move(self, z: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
        fill = tf.cast(self.fill_value, z.dtype)
        return warp.move(z, rows, columns, self.fill_mode, fill, self.dtype)

    def run_mask_move(
        self, masks: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor, fill: tf.Tensor
    ) -> tf.Tensor:
        return warp.move(masks, rows, columns, self.fill_mode, fill, masks.dtype)

    def run(self, z: tf.Tensor, packed: tf.Tensor) -> tf.Tensor:
        return self.resampled(z, packed, self.fill_value, self.dtype)

    def run_picture(self, z: tf.Tensor, packed: tf.Tensor, fill: tf.Tensor) -> tf.Tensor:
        return self.resampled(z, packed, self.fill_value, z.dtype)

    def resampled(self, z: tf.Tensor, packed: tf.Tensor, fill: float, dtype: tf.DType) -> tf.Tensor:
        matrix = self.unpacked(packed)["matrix"]
        settings = self.after.size, self.fill_mode, fill
        if self.interpolation == "nearest":
            return tf.cast(warp.nearest(z, matrix, *settings), dtype)
        kernel = warp.bilinear if self.jit else warp.projective_op
        return finish(kernel(z, matrix, *settings), self.spec._replace(dtype=z.dtype), dtype)

    def run_masks(self, masks: tf.Tensor, packed: tf.Tensor, fill: tf.Tensor) -> tf.Tensor:
        matrix = self.unpacked(packed)["matrix"]
        return warp.nearest(masks, matrix, self.after.size, self.fill_mode, fill)
