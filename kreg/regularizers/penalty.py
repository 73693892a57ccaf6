"""What every penalty is: a drop-in Keras regularizer that knows its mathematics."""

import weakref

import keras
from keras import ops

from kreg import schedules
from kreg.regularizers import training
from kreg.regularizers.strength import Strength, now


class Penalty(keras.Regularizer):
    """`R(w) = smooth(w) + sharp(w)`: a part with a gradient, and one with kinks that makes zeros.

    Under any stock Keras optimizer a penalty is an ordinary regularizer: its (sub)gradient is
    part of the loss's gradient. An optimizer of `kreg.optimizers` claims it: the value stays in
    the reported loss, its gradient vanishes, and the optimizer takes the penalty's step itself.

    A new penalty defines `smooth`, `smooth_gradient` or `sharp`, `sharp_prox`, `sharp_subgradient`,
    each a function of the weight and of `s`, the dictionary of current strengths.
    """

    has_smooth = False
    has_sharp = False
    needs_start = False

    def owners(self) -> list:
        """The living optimizers that claimed this penalty, oldest first."""
        alive = [reference() for reference in self.__dict__.get("_owners", ())]
        return [optimizer for optimizer in alive if optimizer is not None]

    def claim(self, optimizer) -> None:
        """Called by a kreg optimizer when it is built on a weight that has this penalty."""
        others = [o for o in self.owners() if o is not optimizer]
        self._owners = [weakref.ref(o) for o in (*others, optimizer)]

    def release(self, optimizer) -> None:
        """Called by a kreg optimizer that no longer trains a weight with this penalty."""
        self._owners = [weakref.ref(o) for o in self.owners() if o is not optimizer]

    def owner(self):
        """The kreg optimizer that takes the step of the penalty being evaluated, or `None`."""
        model = training.model_in_training()
        if model is None:
            return (self.owners() or [None])[-1]
        proximal = [o for o in training.optimizers_of(model) if hasattr(o, "takes_step_of")]
        return next((o for o in proximal if o.takes_step_of(self)), None)

    def __call__(self, w):
        """The penalty of a weight as a float32 scalar (float64 for a float64 weight)."""
        owner = self.owner()
        strengths = (owner and owner.strengths_of(self)) or self.strengths()
        weight = at_least_float32(w)
        value = self.total(weight, strengths, *self.extras(w, owner))
        return value if owner is None else ops.stop_gradient(value)

    def extras(self, w, owner) -> tuple:
        """Further arrays that the formulas need; L2SP's start."""
        return ()

    def strengths(self) -> dict[str, float]:
        """The strengths as numbers: constants, and the first values of schedules."""
        return {name: now(getattr(self, name)) for name in self.strength_names()}

    @classmethod
    def strength_names(cls) -> list[str]:
        """The names of the strengths, in the order of definition, the parents' first."""
        defined = {n: v for c in reversed(cls.__mro__) for n, v in vars(c).items()}
        return [name for name, value in defined.items() if isinstance(value, Strength)]

    def schedules(self) -> dict:
        """The strengths that change with time."""
        values = {name: getattr(self, name) for name in self.strength_names()}
        return {k: v for k, v in values.items() if isinstance(v, schedules.Schedule)}

    # the parts, for the optimizers

    def at(self, w, s):
        """What the parts take for `s` at the weight w: more than strengths, if they need it."""
        return s

    def smooth(self, w, s):
        return 0.0

    def smooth_gradient(self, w, s):
        return ops.zeros_like(w)

    def sharp(self, w, s):
        return 0.0

    def sharp_prox(self, z, step, s):
        return z

    def sharp_subgradient(self, w, s):
        return ops.zeros_like(w)

    def sharp_offset(self, w, z, step, s):
        """`z - w` for the z with `w = sharp_prox(z, step)`: given by w except at a kink.

        Args:
            w: The weight.
            z: A former z; only its elements where `w` is 0 count.
            step: As in `prox`.
            s: The strengths.
        """
        scaled = {name: step * strength for name, strength in s.items()}
        return ops.where(w == 0, z, self.sharp_subgradient(w, scaled))

    def sharpness(self, s):
        """The height of the kink at zero, per element: what sets the width of the dead zone."""
        return 0.0

    def total(self, w, s, *extras):
        s = self.at(w, s)
        return self.smooth(w, s, *extras) + self.sharp(w, s)

    def check_weight(self, shape, name: str) -> None:
        """Refuse a weight that this penalty cannot act on; called before training."""

    # the mathematics, for everyone

    def value(self, w):
        """`R(w)` at the strengths of step 0."""
        w = ops.convert_to_tensor(w)
        return self.total(w, self.strengths())

    def prox(self, w, step: float = 1.0):
        """`argmin_u step * R(u) + ||u - w||^2 / 2`, at the strengths of step 0.

        Args:
            w: Array of any shape.
            step: Number > 0. Defaults to `1.0`.
        """
        w = ops.convert_to_tensor(w)
        return self.sharp_prox(w, step, self.at(w, self.strengths()))

    def subgradient(self, w):
        """An element of the subdifferential of `R` at `w`: 0 at a kink."""
        w = ops.convert_to_tensor(w)
        s = self.at(w, self.strengths())
        return self.smooth_gradient(w, s) + self.sharp_subgradient(w, s)

    def get_config(self) -> dict:
        return {n: schedules.serialize(getattr(self, n)) for n in self.strength_names()}

    def __reduce__(self):
        # a copy is not claimed by anyone
        return type(self).from_config, (self.get_config(),)

    def __eq__(self, other):
        return type(self) is type(other) and self.get_config() == other.get_config()

    __hash__ = object.__hash__

    def __repr__(self):
        fields = ", ".join(f"{k}={v!r}" for k, v in self.get_config().items())
        return f"{type(self).__name__}({fields})"


def at_least_float32(w):
    """The weight as a tensor in which sums are accurate, whatever the dtype policy."""
    w = ops.convert_to_tensor(w)
    return ops.cast(w, "float32") if keras.backend.standardize_dtype(w.dtype) in HALF else w


HALF = ("float16", "bfloat16")
