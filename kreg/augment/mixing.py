"""Stages that blend two records of a batch, and label smoothing.

The partner of record i is record n - 1 - i of its batch: random, because batches are shuffled, and
free, because nothing is gathered. So the draw of a mixing stage belongs to the record, and the
partner to the batch: mixed images change with the composition of the batch, all others do not.
"""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from kreg import check
from kreg.augment import ranges
from kreg.augment.engine.batch import per_record
from kreg.augment.engine.input_spec import ImageSpec, Spec
from kreg.augment.erasing import placed, rectangle, segment
from kreg.augment.options import ALPHA, SMOOTHING
from kreg.augment.stage import Mixing, Params, S, Targets

TABLE = 1024
PER = ("sample", "batch")


def beta_quantiles(alpha: float) -> NDArray[np.float32]:
    """1024 quantiles of Beta(alpha, alpha): one uniform number becomes one draw between them."""
    from scipy.special import betaincinv

    quantiles: NDArray[np.float64] = betaincinv(alpha, alpha, (np.arange(TABLE) + 0.5) / TABLE)
    return quantiles.astype(np.float32)


def interpolated(table: tf.Tensor, u: tf.Tensor) -> tf.Tensor:
    position = u * (TABLE - 1.0)
    below = tf.cast(position, tf.int32)
    weight = position - tf.cast(below, tf.float32)
    above = tf.minimum(below + 1, TABLE - 1)
    return tf.gather(table, below) * (1.0 - weight) + tf.gather(table, above) * weight


@dataclass(eq=False)
class Partnered(Mixing[S]):
    """What MixUp and CutMix share.

    Args:
        alpha: Number > 0: the share of each record is drawn from Beta(alpha, alpha).
        p: Number or epoch schedule in [0, 1]: the probability that a record is mixed.
        per: `"sample"` draws a share for each record; `"batch"` takes the first record's for all.
    """

    alpha: float = 0.2
    p: ranges.BoundSetting = ranges.fraction(1.0)
    per: str = "sample"

    def __post_init__(self) -> None:
        self.alpha = check.number("alpha", self.alpha, **ALPHA)
        check.choice("per", self.per, PER)
        self.quantiles = beta_quantiles(self.alpha)

    def drawn_share(self, u: tf.Tensor, epoch: tf.Tensor) -> tf.Tensor:
        """Each record's own share, 1 where it is not mixed."""
        share = interpolated(tf.constant(self.quantiles), u[:, 0])
        return tf.where(ranges.toss(u[:, 1], self.p, epoch), share, 1.0)

    def shared(self, u: tf.Tensor) -> tf.Tensor:
        return tf.repeat(u[:1], tf.shape(u)[0], axis=0) if self.per == "batch" else u


@dataclass(eq=False)
class MixUp(Partnered[Spec]):
    """`share * z + (1 - share) * partner`, targets alike (Zhang et al., 2018); images and tables.

    The arguments are those of `Partnered`; `alpha` defaults to `0.2`.
    """

    columns = 2
    neutral = {"share": 1.0}

    def draw(self, u: tf.Tensor, epoch: tf.Tensor, spec: Spec) -> Params:
        return {"share": self.drawn_share(self.shared(u), epoch)}

    def images(self, z: tf.Tensor, partner: tf.Tensor, params: Params, spec: Spec) -> tf.Tensor:
        share = per_record(params["share"], z.shape.rank)
        return share * tf.cast(z, tf.float32) + (1.0 - share) * tf.cast(partner, tf.float32)

    def masks(self, masks: tf.Tensor, partner: tf.Tensor, params: Params, spec: Spec) -> tf.Tensor:
        if not masks.dtype.is_floating:
            raise ValueError(
                "MixUp cannot mix masks of class ids. Pass one-hot masks as floating point, of "
                "shape (batch, height, width, classes), or use CutMix."
            )
        share = per_record(params["share"], 4)
        return share * masks + (1.0 - share) * partner

    def share(self, params: Params, spec: Spec) -> tf.Tensor:
        return params["share"]


@dataclass(eq=False)
class CutMix(Partnered[ImageSpec]):
    """Paste a rectangle of the partner (Yun et al., 2019).

    The weight of the own target is the true share of own pixels after rounding and placing, so that
    labels and pixels never disagree. The arguments are those of `Partnered`; `alpha` defaults to
    `1.0`.
    """

    alpha: float = 1.0

    domain = "image"
    columns = 4
    neutral = {"height": 0.0, "width": 0.0, "top": 0.0, "left": 0.0}

    def draw(self, u: tf.Tensor, epoch: tf.Tensor, spec: ImageSpec) -> Params:
        u = self.shared(u)
        side = tf.sqrt(1.0 - self.drawn_share(u, epoch))
        height, width = tf.round(side * spec.height), tf.round(side * spec.width)
        return {
            "height": height,
            "width": width,
            "top": placed(u[:, 2], height, spec.height),
            "left": placed(u[:, 3], width, spec.width),
        }

    def pasted(self, params: Params, spec: ImageSpec) -> tf.Tensor:
        rows = segment(params["top"], params["height"], spec.height)
        columns = segment(params["left"], params["width"], spec.width)
        return rectangle(rows, columns)

    def images(
        self, z: tf.Tensor, partner: tf.Tensor, params: Params, spec: ImageSpec
    ) -> tf.Tensor:
        z, partner = tf.cast(z, tf.float32), tf.cast(partner, tf.float32)
        return tf.where(self.pasted(params, spec) > 0, partner, z)

    def masks(
        self, masks: tf.Tensor, partner: tf.Tensor, params: Params, spec: ImageSpec
    ) -> tf.Tensor:
        return tf.where(self.pasted(params, spec) > 0, partner, masks)

    def share(self, params: Params, spec: ImageSpec) -> tf.Tensor:
        return 1.0 - params["height"] * params["width"] / (spec.height * spec.width)


@dataclass(eq=False)
class LabelSmoothing(Targets):
    """`(1 - s) * y + s / classes`. Do not smooth in the loss as well: it would count twice
    (`Pipeline.check_loss` refuses that).

    Args:
        smoothing: Number in [0, 1). Defaults to `0.1`.
    """

    smoothing: float = 0.1

    def __post_init__(self) -> None:
        self.smoothing = check.number("smoothing", self.smoothing, **SMOOTHING)

    def labels(self, y: tf.Tensor) -> tf.Tensor:
        classes = y.shape[1] if y.shape.rank == 2 and y.shape[1] > 1 else 2
        return (1.0 - self.smoothing) * y + self.smoothing / classes
