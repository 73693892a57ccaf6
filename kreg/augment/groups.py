"""What runs: groups of steps, each one compiled function with its borders where XLA needs them.

XLA on the CPU fuses a gather into each of its consumers and repeats it there, so a gather ends its
function. Each group has `prepare`, traced into the one function that computes all parameters, and
`images` (and `masks`, `places`), which act on a whole batch. Geometry has a file of its own.
"""

import tensorflow as tf

from kreg.augment import blend
from kreg.augment.compiling import compiled
from kreg.augment.stage import Linear


def finish(z, spec, dtype):
    """Float values in range, back on the grid of the spec, in the wanted dtype."""
    if spec.whole:
        z = tf.floor(z + 0.5)
    return tf.cast(z, dtype)


class Group:
    """Base: steps, the spec before and after, and the dtype of the images that leave."""

    touches_inputs = True

    def __init__(self, steps):
        self.steps = steps
        self.spec = steps[0].spec
        self.after = steps[-1].stage.output(steps[-1].spec)
        self.dtype = self.spec.dtype
        self.label = " + ".join(step.stage.name for step in steps)

    def build(self, jit: bool) -> None:
        """Make the compiled functions; called once, when dtype and compilation are known."""
        self.kernel = compiled(self.run, jit)

    def prepare(self, u, epoch):
        """The parameters of all steps, from uniform numbers (records, columns)."""
        return [step.draw(u, epoch) for step in self.steps]

    def packed(self, u, epoch):
        """The parameters side by side, (records, numbers): one array is cheaper to hand on."""
        params = self.prepare(u, epoch)
        self.structure = tf.nest.map_structure(lambda p: p.shape, params)
        columns = [p if p.shape.rank == 2 else p[:, None] for p in tf.nest.flatten(params)]
        return tf.concat(columns, axis=1) if columns else u[:, :0]

    def unpacked(self, packed):
        """What `prepare` returned."""
        shapes, parts, start = tf.nest.flatten(self.structure), [], 0
        for shape in shapes:
            width = shape[1] if shape.rank == 2 else 1
            part = packed[:, start : start + width]
            parts.append(part if shape.rank == 2 else part[:, 0])
            start += width
        return tf.nest.pack_sequence_as(self.structure, parts)

    def run(self, z, packed):
        raise NotImplementedError

    def images(self, z, packed, partner):
        return self.kernel(z, packed)

    def masks(self, masks, packed, partner, ignore_index: int):
        """Segmentation masks follow what moves pixels, and nothing else."""
        return masks

    def places(self, places, packed):
        """Keypoints and boxes, too."""
        return places

    def targets(self, y, packed, partner):
        return y

    def weights(self, weights, packed, partner):
        return weights


class PixelGroup(Group):
    """Colour, noise and occlusion: each output pixel from one input pixel, in one pass."""

    def __init__(self, steps, compose: bool):
        super().__init__(steps)
        self.compose = compose
        self.needs_mean = any(getattr(step.stage, "needs_mean", False) for step in steps)

    def run(self, z, packed):
        mean = mean_colour(z) if self.needs_mean else None
        z, pending = tf.cast(z, tf.float32), None
        for step, own in zip(self.steps, self.unpacked(packed)):
            if not isinstance(step.stage, Linear):
                z, pending = self.settle(z, pending), None
                z = self.rounded(step.stage.pixels(z, own, self.spec))
                continue
            now = step.stage.blend(own, mean, self.spec)
            mean = blend.apply(now, mean) if self.compose and mean is not None else mean
            pending = now if pending is None else blend.compose(now, pending)
            if not self.compose:
                z, pending = self.settle(z, pending), None
        return finish(self.settle(z, pending), self.spec, self.dtype)

    def settle(self, z, pending):
        """The pending blend, carried out and clipped once."""
        if pending is None:
            return z
        return self.rounded(tf.clip_by_value(blend.apply(pending, z), 0.0, self.spec.high))

    def rounded(self, z):
        """In `"strict"` mode each step ends on whole grey levels, as it does under `"off"`."""
        return z if self.compose or not self.spec.whole else tf.floor(z + 0.5)


def mean_colour(z):
    """The mean of each channel, (records, channels); whole grey levels are summed exactly."""
    pixels = z.shape[1] * z.shape[2]
    if not z.dtype.is_integer:
        return tf.reduce_mean(tf.cast(z, tf.float32), axis=[1, 2])
    total = tf.reduce_sum(tf.cast(z, tf.int32), axis=[1, 2])
    return tf.cast(total, tf.float32) / pixels


class FilterGroup(Group):
    """One stage that looks beyond a pixel, in one or more passes."""

    def build(self, jit):
        stage = self.steps[0].stage
        functions = stage.passes()
        self.kernels = [
            compiled(self.closed(f, last=f is functions[-1]), jit and not stage.dynamic)
            for f in functions
        ]

    def closed(self, function, last: bool):
        def run(z, packed):
            (params,) = self.unpacked(packed)
            z = function(tf.cast(z, tf.float32), params, self.spec)
            return finish(z, self.spec, self.dtype) if last else z

        return run

    def images(self, z, packed, partner):
        for kernel in self.kernels:
            z = kernel(z, packed)
        return z


class MixingGroup(Group):
    """One mixing stage: images, masks and targets with the partner of each record."""

    def build(self, jit):
        self.stage = self.steps[0].stage
        self.kernel = compiled(self.run, jit)

    def run(self, z, partner_images, packed):
        (params,) = self.unpacked(packed)
        mixed = self.stage.images(z, partner_images, params, self.spec)
        if hasattr(self.spec, "high"):
            return finish(mixed, self.spec, self.dtype)
        return tf.cast(mixed, self.dtype)

    def images(self, z, packed, partner):
        return self.kernel(z, partner.of(z), packed)

    def masks(self, masks, packed, partner, ignore_index):
        (params,) = self.unpacked(packed)
        return self.stage.masks(masks, partner.of(masks), params, self.spec)

    def places(self, places, packed):
        raise ValueError(
            f"{self.label} cannot mix keypoints and boxes: two images have two lists of them. "
            f"Leave {self.label} out, or take {', '.join(sorted(places))} out of the batch."
        )

    def targets(self, y, packed, partner):
        (params,) = self.unpacked(packed)
        share = partner.cut(self.stage.share(params, self.spec))
        share = tf.cast(tf.reshape(share, [-1, *[1] * (y.shape.rank - 1)]), y.dtype)
        return share * y + (1.0 - share) * partner.of(y)

    def weights(self, weights, packed, partner):
        return self.targets(weights, packed, partner)


class RowsGroup(Group):
    """One stage on the rows of a table."""

    def run(self, z, packed):
        (params,) = self.unpacked(packed)
        x = self.steps[0].stage.rows(tf.cast(z, tf.float32), params, self.spec)
        return tf.cast(x, self.dtype)


class TargetGroup(Group):
    """One stage on targets."""

    touches_inputs = False

    def build(self, jit):
        pass

    def images(self, z, packed, partner):
        return z

    def targets(self, y, packed, partner):
        return self.steps[0].stage.labels(y)
