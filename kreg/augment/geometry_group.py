"""What runs for geometry: any number of neighbouring stages as one matrix and one gather."""

import tensorflow as tf

from kreg.augment import geometry, places, warp
from kreg.augment.compiling import compiled
from kreg.augment.groups import Group, finish


class GeometryGroup(Group):
    """Moves and resamplings of images, masks, keypoints and boxes by the same matrix."""

    def __init__(self, steps):
        super().__init__(steps)
        stages = [step.stage for step in steps]
        filled = [stage for stage in stages if stage.fill_mode is not None]
        self.fill_mode = filled[0].fill_mode if filled else "nearest"
        self.fill_value = filled[0].fill_value if filled else 0.0
        self.exact = all(stage.exact for stage in stages)
        kernels = [stage.interpolation for stage in stages if not stage.exact]
        self.interpolation = kernels[0] if kernels else "nearest"

    def build(self, jit):
        self.jit = jit
        # its own function: inside the gather, XLA would find each row and column once a pixel
        self.sources = compiled(self.run_sources, jit)
        self.kernel = compiled(self.run_move if self.exact else self.run, jit)
        self.mask_kernel = compiled(self.run_mask_move if self.exact else self.run_masks, jit)

    def prepare(self, u, epoch):
        """One matrix from output to source, and for whole-pixel moves the window that is seen."""
        records = tf.shape(u)[0]
        total, window = geometry.IDENTITY, geometry.full_window(self.spec)
        for step in self.steps:
            inverse = step.stage.inverse(step.draw(u, epoch), step.spec)
            if self.exact and step is not self.steps[0]:
                window = geometry.seen_through(window, total, step.spec)
            total = geometry.product(total, inverse)
        matrix = geometry.coefficients(total, records)
        if not self.exact:
            return {"matrix": matrix}
        return {"matrix": matrix, "window": geometry.stacked_window(window, records)}

    def images(self, z, packed, partner):
        return self.kernel(z, *self.located(packed))

    def masks(self, masks, packed, partner, ignore_index):
        fill = tf.cast(ignore_index, masks.dtype)
        return self.mask_kernel(masks, *self.located(packed), fill)

    def places(self, found, packed):
        params = self.unpacked(packed)
        whole = geometry.stacked_window(geometry.full_window(self.spec), tf.shape(packed)[0])
        window = params.get("window", whole)
        return places.moved(found, params["matrix"], window, self.after.size)

    def located(self, packed) -> tuple:
        """What the kernels read: rows and columns for moves, else the packed parameters."""
        return self.sources(packed) if self.exact else (packed,)

    def run_sources(self, packed):
        params = self.unpacked(packed)
        return warp.sources(
            params["matrix"], params["window"], self.spec.size, self.after.size, self.fill_mode
        )

    def run_move(self, z, rows, columns):
        fill = tf.cast(self.fill_value, z.dtype)
        return warp.move(z, rows, columns, self.fill_mode, fill, self.dtype)

    def run_mask_move(self, masks, rows, columns, fill):
        return warp.move(masks, rows, columns, self.fill_mode, fill, masks.dtype)

    def run(self, z, packed):
        matrix = self.unpacked(packed)["matrix"]
        settings = self.after.size, self.fill_mode, self.fill_value
        if self.interpolation == "nearest":
            return tf.cast(warp.nearest(z, matrix, *settings), self.dtype)
        kernel = warp.bilinear if self.jit else warp.projective_op
        return finish(kernel(z, matrix, *settings), self.spec, self.dtype)

    def run_masks(self, masks, packed, fill):
        matrix = self.unpacked(packed)["matrix"]
        return warp.nearest(masks, matrix, self.after.size, self.fill_mode, fill)
