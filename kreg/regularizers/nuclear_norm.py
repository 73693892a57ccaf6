"""The lasso of singular values: matrices of low rank."""

import math
import warnings
from typing import Any

import keras
from keras import ops

from kreg import check, private_keras
from kreg.regularizers.options import PERIOD
from kreg.regularizers.penalty import Penalty, Strengths, at_least_float32
from kreg.regularizers.prox import Tensor
from kreg.regularizers.singular import (
    decomposition,
    projected,
    projector,
    rank_of,
    shortened,
    singular,
)
from kreg.regularizers.strength import NumberOrSchedule, Strength

SMALL = 64  # up to this smaller side a decomposition costs about as much as a training step
PERIOD_OF_LARGE = 10
STRANGE = 1e-6  # share of a weight's square outside of where the last step has put it
SAME = 1e-5


@keras.saving.register_keras_serializable(package="kreg")
class NuclearNorm(Penalty):
    """`l1 * (sum of the singular values)`: matrices of low rank.

    It acts on matrices: the kernels of dense layers. The proximal map subtracts `step * l1` from
    each singular value and makes zero of what is smaller. The weight is put together from the
    values that are left: its rank is their number, up to the rounding of the product. `rank` counts
    that way, and `kreg.compress` makes two small layers of one whose rank is below
    `inputs * units / (inputs + units)`.

    A decomposition is dear: on two busy cores 1 ms for 64 x 64, 5 ms for 256 x 128, 160 ms for 512
    x 512, under TensorFlow's XLA seconds (`kreg.regularize` keeps XLA away). So it is made every
    `every` steps. In the others the weight moves inside the space that the last one has left, and
    the penalty's pull goes on: the rank never rises between two of them, what pushes out of the
    space is added up for the next one, and the optimum is the same.

    Within a training step the value of the penalty comes from the last decomposition: exact after
    one, a little too small between two. Everywhere else it is exact.

    Args:
        l1: Number >= 0 or `kreg.Schedule`. Defaults to `0.01`.
        every: Whole number >= 1 of steps, or `None` (default): 1 where the smaller side of the
            weight is 64 at most, else 10.

    Raises:
        ValueError: At the first use, if a weight is no matrix.

    Source: Fazel, Matrix rank minimization with applications, 2002; the map: Cai, Candes & Shen,
    A singular value thresholding algorithm for matrix completion, 2010.

    >>> NuclearNorm(0.5).prox([[3.0, 0.0], [0.0, 0.4]]).numpy()
    array([[2.5, 0. ],
           [0. , 0. ]], dtype=float32)
    """

    has_sharp = True
    supports_xla = False
    l1 = Strength()

    def __init__(self, l1: NumberOrSchedule = 0.01, every: int | None = None):
        self.l1 = l1
        self.every = None if every is None else check.integer("every", every, **PERIOD)

    def period(self, shape: tuple[int, ...]) -> int:
        """Steps from one decomposition to the next."""
        return self.every or (1 if min(shape) <= SMALL else PERIOD_OF_LARGE)

    def rank(self, w: Tensor) -> int:
        """How many singular values are not zero: above `max(shape) * eps * largest`.

        >>> NuclearNorm().rank([[1.0, 2.0], [2.0, 4.0]])
        1
        """
        return int(rank_of(at_least_float32(w)))

    def sharp(self, w: Tensor, s: Strengths) -> Tensor:
        if "pull" not in s:
            return s["l1"] * self.norm(w)
        # <u, w> = R(w) for a subgradient u at w; somebody else may have set the weight
        as_left = ops.abs(ops.sum(ops.square(w)) - s["square"]) <= SAME * s["square"]
        return ops.cond(
            as_left,
            lambda: ops.sum(ops.cast(s["pull"], w.dtype) * w),
            lambda: ops.cast(s["l1"], w.dtype) * self.norm(w),
        )

    def norm(self, w: Tensor) -> Tensor:
        """The sum of the singular values, with a gradient that is 0 in directions of value 0."""
        left, values, right = singular(ops.stop_gradient(w))
        slope = left @ right
        return ops.sum(values) + ops.sum(slope * (w - ops.stop_gradient(w)))

    def sharp_prox(self, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        return shortened(z, step * s["l1"])[0]

    def sharp_subgradient(self, w: Tensor, s: Strengths) -> Tensor:
        left, _, right = singular(w)
        return s["l1"] * (left @ right)

    def sharpness(self, s: Strengths) -> Tensor:
        """The strength for a step of 1 in each weight: noise of that size has the norm `reach`."""
        return s["l1"] / s["reach"]

    def strength_max(self, gradient: Tensor) -> float:
        """The largest singular value: the smallest `l1` at which all weights are zero.

        Args:
            gradient: Gradient of the loss at zero weights (and the best bias), a matrix.
        """
        return float(decomposition(ops.convert_to_tensor(gradient))[1][0])

    def averaged(self, average: Tensor, w: Tensor) -> Tensor:
        left, _, right = singular(w)
        return left @ (ops.transpose(left) @ average @ ops.transpose(right)) @ right

    # between two decompositions

    def memory(self, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        """`space`: the projector on what is left; `wait`: steps to go; `square`: of the weight."""
        side = min(shape)
        return {"space": (side, side), "wait": (), "square": ()}

    def at(self, w: Tensor, s: Strengths) -> Strengths:
        if "wait" not in s:
            return s
        reach = math.sqrt(w.shape[0]) + math.sqrt(w.shape[1])
        outside = w - projected(w, s["space"])
        strange = ops.sum(ops.square(outside)) > STRANGE * ops.sum(ops.square(w))
        return {**s, "reach": reach, "due": ops.logical_or(s["wait"] < 0.5, strange)}

    def sharp_offset(self, w: Tensor, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        """`step * u`: what the optimizer keeps of this penalty is the pull `u = (z - w) / step`."""
        return step * z

    def mapped(
        self, z: Tensor, offset: Tensor, step: Tensor, s: Strengths
    ) -> tuple[Tensor, Strengths]:
        warn_of_xla()
        wait = float(self.period(z.shape) - 1)

        def decomposed() -> tuple[Tensor, Tensor, Tensor]:
            w, left, right = shortened(z, step * s["l1"])
            return w, projector(left, right), ops.zeros_like(s["wait"]) + wait

        def moved() -> tuple[Tensor, Tensor, Tensor]:
            return projected(z - offset, s["space"]), s["space"], s["wait"] - 1.0

        w, space, wait = ops.cond(s["due"], decomposed, moved) if wait else decomposed()
        kept = {"hidden": (z - w) / step, "space": space, "wait": wait}
        return w, {**kept, "square": ops.sum(ops.square(at_least_float32(w)))}

    def extras(self, w: Tensor, optimizer: Any | None) -> Strengths:
        """In a training step the pull, from which the value of the penalty follows."""
        if optimizer is None or private_keras.model_in_training() is None:
            return {}
        found: Strengths = optimizer.pull_of(self, w)
        return found

    def takes_activities(self) -> bool:
        return False  # the rank of a batch is no property of the network

    def check_weight(self, shape: tuple[int, ...], name: str) -> None:
        if len(shape) != 2:
            raise check.invalid(
                "regularizer",
                f"a matrix for kreg.NuclearNorm, as the kernel of a dense layer is one: {name} has "
                "no singular values that it could make zero",
                shape,
                "Name the dense layers: `kreg.Rule(kreg.NuclearNorm(), layers=keras.layers.Dense)`,"
                " in a configuration reg.rules=[{layers: ..., kind: nuclear}].",
            )

    def passes_over(self, shape: tuple[int, ...]) -> str:
        """A head of one output, say, has no rank that could be lower."""
        alone = len(shape) == 2 and min(shape) == 1
        return "its only singular value is zero when all of its weights are" if alone else ""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "every": self.every}


def warn_of_xla() -> None:
    """Say what a decomposition under XLA costs: the weight's layer was made with the penalty."""
    model = private_keras.model_in_step()
    if keras.backend.backend() == "tensorflow" and model is not None and model.jit_compile:
        warnings.warn(
            f"The model {model.name!r} trains with `jit_compile=True` and kreg.NuclearNorm: XLA "
            "takes seconds for one decomposition of a matrix on a processor. Compile with "
            "`jit_compile=False`, or put the penalty on with `kreg.regularize`, which sees to it.",
            stacklevel=2,
        )
