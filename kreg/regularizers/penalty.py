"""What every penalty is: a drop-in Keras regularizer that knows its mathematics."""

import math
import weakref
from typing import Any, TypeAlias

import keras
from keras import ops

from kreg import check, private_keras, schedules
from kreg.regularizers.prox import Tensor
from kreg.regularizers.strength import Strength, at_step
from kreg.schedules import Schedule

Strengths: TypeAlias = dict[str, Any]  # by name: numbers, or scalar tensors inside a step
HALF = ("float16", "bfloat16")


class Penalty(keras.Regularizer):
    """`R(w) = smooth(w) + sharp(w)`: a part with a gradient, and one with kinks that makes zeros.

    Under any stock Keras optimizer a penalty is an ordinary regularizer: its (sub)gradient is
    part of the loss's gradient. An optimizer of `kreg.optimizers` binds it: the value stays in
    the reported loss, its gradient vanishes, and the optimizer takes the penalty's step itself.

    A new penalty defines `smooth`, `smooth_gradient` or `sharp`, `sharp_prox`, `sharp_subgradient`,
    each a function of the weight and of `s`, the dictionary of current strengths.
    """

    has_smooth = False
    has_sharp = False
    needs_start = False
    supports_xla = True
    needs_proximal = ""  # what only a kreg optimizer can do for it, if it is nothing without one
    # which sets `Constrained` may put around it: `NonNegative`, `Box`, `MaxNorm`; it says why
    with_cone = False
    with_box = False
    with_cap = False

    def optimizers(self) -> list[Any]:
        """The living kreg optimizers that train a weight with this penalty, the newest last."""
        alive = [reference() for reference in self.__dict__.get("_optimizers", ())]
        return [optimizer for optimizer in alive if optimizer is not None]

    def bind(self, optimizer: keras.Optimizer) -> None:
        """Called by a kreg optimizer when it is built on a weight that has this penalty."""
        others = [o for o in self.optimizers() if o is not optimizer]
        self._optimizers = [weakref.ref(o) for o in (*others, optimizer)]

    def unbind(self, optimizer: keras.Optimizer) -> None:
        """Called by a kreg optimizer that no longer trains a weight with this penalty."""
        self._optimizers = [weakref.ref(o) for o in self.optimizers() if o is not optimizer]

    def optimizer_in_step(self) -> Any | None:
        """The kreg optimizer that takes the step of the penalty being evaluated, or `None`."""
        model = private_keras.model_in_step()
        if model is None:
            return (self.optimizers() or [None])[-1]
        proximal = [o for o in private_keras.optimizers_of(model) if hasattr(o, "takes_step_of")]
        return next((o for o in proximal if o.takes_step_of(self)), None)

    def trained_by(self, model: keras.Model) -> bool:
        """Whether a training step of this model has asked for the penalty's value."""
        return model in self.__dict__.get("_trained_by", ())

    def __call__(self, w: Tensor) -> Tensor:
        """The penalty of a weight as a float32 scalar (float64 for a float64 weight).

        What is no weight in the step of a model are activities: no optimizer takes their step.

        Raises:
            ValueError: If it is an `activity_regularizer`, and says something of weights alone.
        """
        is_weight = isinstance(w, keras.Variable) or private_keras.asks_for_weights()
        if not is_weight and not self.takes_activities():
            self.refuse_activities()
        if not is_weight and private_keras.model_in_step() is not None:
            activities = at_least_float32(w)
            return self.total(activities, {**self.strengths(), **self.extras(activities, None)})
        training = private_keras.model_in_training()
        if training is not None:
            self.__dict__.setdefault("_trained_by", weakref.WeakSet()).add(training)
        optimizer = self.optimizer_in_step()
        strengths = (optimizer and optimizer.strengths_of(self)) or self.strengths()
        weight = at_least_float32(w)
        value = self.total(weight, {**strengths, **self.extras(w, optimizer)})
        return value if optimizer is None else ops.stop_gradient(value)

    def takes_activities(self) -> bool:
        """Whether the penalty means something of activities, whose step no optimizer takes."""
        return not self.needs_proximal

    def refuse_activities(self) -> None:
        """Keras tells a regularizer nothing of its place: the layer that calls it is asked."""
        layer = private_keras.layer_with_activity(self)
        if layer is not None:
            raise check.invalid(
                "activity_regularizer",
                f"a penalty of what the layer {layer.name!r} puts out, which "
                f"kreg.{type(self).__name__} is not: it is about weights alone",
                self,
                "Give it to the layer as `kernel_regularizer`. For sparse activities take "
                "`kreg.layers.ActivityPenalty(l1=1e-3)`.",
            )

    def extras(self, w: Tensor, optimizer: Any | None) -> Strengths:
        """Further entries of `s` that the optimizer knows: where a weight started.

        Raises:
            ValueError: When a model trains with an optimizer without which the penalty is nothing.
        """
        if self.needs_proximal and optimizer is None and private_keras.model_in_step() is not None:
            raise ValueError(
                f"`kreg.{type(self).__name__}` needs an optimizer {self.needs_proximal}. Compile "
                "with one of `kreg.optimizers`, or convert yours with `kreg.optimizers.proximal`."
            )
        if not self.needs_start:
            return {}
        return {"start": w if optimizer is None else optimizer.start_of(self, w)}

    def strengths(self) -> dict[str, float]:
        """The strengths as numbers: constants, and the first values of schedules."""
        return {name: at_step(getattr(self, name)) for name in self.strength_names()}

    def strength_names(self) -> list[str]:
        """The names of the strengths, in the order of definition, the parents' first."""
        defined = {n: v for c in reversed(type(self).__mro__) for n, v in vars(c).items()}
        return [name for name, value in defined.items() if isinstance(value, Strength)]

    def schedules(self) -> dict[str, Schedule]:
        """The strengths that change with time."""
        values = {name: getattr(self, name) for name in self.strength_names()}
        return {k: v for k, v in values.items() if isinstance(v, Schedule)}

    # the parts, for the optimizers

    def at(self, w: Tensor, s: Strengths) -> Strengths:
        """What the parts take for `s` at the weight w: more than strengths, if they need it."""
        return s

    def smooth(self, w: Tensor, s: Strengths) -> Tensor:
        return 0.0

    def smooth_gradient(self, w: Tensor, s: Strengths) -> Tensor:
        return ops.zeros_like(w)

    def sharp(self, w: Tensor, s: Strengths) -> Tensor:
        return 0.0

    def sharp_prox(self, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        return z

    def sharp_subgradient(self, w: Tensor, s: Strengths) -> Tensor:
        return ops.zeros_like(w)

    def sharp_offset(self, w: Tensor, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        """`z - w` for the z with `w = sharp_prox(z, step)`: given by w except at a kink.

        Args:
            w: The weight.
            z: A former z; only its elements where `w` is 0 count.
            step: As in `prox`.
            s: The strengths.
        """
        scaled = {name: step * strength for name, strength in s.items()}
        return ops.where(w == 0, z, self.sharp_subgradient(w, scaled))

    def memory(self, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        """What the map of a weight keeps from step to step beside z: shapes by name; 0 at first."""
        return {}

    def mapped(
        self, z: Tensor, offset: Tensor, step: Tensor, s: Strengths
    ) -> tuple[Tensor, Strengths]:
        """`w = sharp_prox(z)`, and what the optimizer keeps: `hidden`, and `memory` by its names.

        Args:
            z: The point that the optimizer has moved.
            offset: What `sharp_offset` has said before it was moved.
            step: As in `prox`.
            s: The strengths, and what was kept.
        """
        return self.sharp_prox(z, step, s), {"hidden": z}

    def sharpness(self, s: Strengths) -> Tensor:
        """The height of the kink at zero, per element: what sets the width of the dead zone."""
        return 0.0

    def widest(self) -> float:
        """The step below which the proximal map is unique: finite where `R` is not convex."""
        return math.inf

    def own_step(self) -> float | None:
        """The step of the proximal map where the penalty chooses it; else the optimizer does."""
        return None

    def averaged(self, average: Tensor, w: Tensor) -> Tensor:
        """What is kept of an average of weights that ends at w: its zeros."""
        return average * ops.cast(w != 0, average.dtype)

    def total(self, w: Tensor, s: Strengths) -> Tensor:
        s = self.at(w, s)
        return self.smooth(w, s) + self.sharp(w, s)

    def check_weight(self, shape: tuple[int, ...], name: str) -> None:
        """Refuse a weight that this penalty cannot act on; called before training."""

    def passes_over(self, shape: tuple[int, ...]) -> str:
        """Why a rule that names no layers leaves a weight out; empty where it takes it."""
        return ""

    # the mathematics, for everyone

    def value(self, w: Tensor) -> Tensor:
        """`R(w)` at the strengths of step 0."""
        w = ops.convert_to_tensor(w)
        return self.total(w, self.strengths())

    def prox(self, w: Tensor, step: float = 1.0) -> Tensor:
        """`argmin_u step * R(u) + ||u - w||^2 / 2`, at the strengths of step 0.

        Args:
            w: Array of any shape.
            step: Number > 0. Defaults to `1.0`.
        """
        w = ops.convert_to_tensor(w)
        return self.sharp_prox(w, step, self.at(w, self.strengths()))

    def subgradient(self, w: Tensor) -> Tensor:
        """An element of the subdifferential of `R` at `w`: 0 at a kink."""
        w = ops.convert_to_tensor(w)
        s = self.at(w, self.strengths())
        return self.smooth_gradient(w, s) + self.sharp_subgradient(w, s)

    def get_config(self) -> dict[str, Any]:
        return {n: schedules.serialize(getattr(self, n)) for n in self.strength_names()}

    def __reduce__(self) -> tuple[Any, ...]:
        # no optimizer trains with a copy yet
        return type(self).from_config, (self.get_config(),)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Penalty) or type(other) is not type(self):
            return False
        return self.get_config() == other.get_config()

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        fields = ", ".join(f"{k}={v!r}" for k, v in self.get_config().items())
        return f"{type(self).__name__}({fields})"


def at_least_float32(w: Tensor) -> Tensor:
    """The weight as a tensor in which sums are accurate, whatever the dtype policy."""
    w = ops.convert_to_tensor(w)
    return ops.cast(w, "float32") if keras.backend.standardize_dtype(w.dtype) in HALF else w
