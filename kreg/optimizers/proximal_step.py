"""The proximal step, mixed into Keras's own optimizers.

The inner optimizer does not move the weight w but a hidden z, with the gradient

    g(w) + u,   u = (z - w) / lam,   w = prox_{lam R}(z),

and the model holds w (the normal map: Robinson 1992; Milzarek & Qiu, arXiv 2305.05828). At a
fixed point u = -g(w), and u is a subgradient of R at w by the definition of the proximal map: the
true optimum, whatever metric or momentum the inner optimizer has. Plain thresholding after the
step solves another problem as soon as there is momentum, and loses its zeros under mini-batches.

Only z is stored, and only its place where w = 0 is read. Elsewhere z - w follows from w, so that
weights may be set, loaded, decayed or constrained between two steps. The price is counted in passes
over memory: one more array to read and to write, and no division outside of scalars.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import keras
from keras import ops

from kreg import check, private_keras, schedules
from kreg.optimizers import averages, in_the_loss
from kreg.optimizers.penalised_weights import PenalisedWeight, PenalisedWeights
from kreg.optimizers.step_number import StepNumber
from kreg.optimizers.weight_rules import ALL, WeightRules, with_rules
from kreg.regularizers import Penalty, penalty_table
from kreg.regularizers.penalty import Strengths
from kreg.regularizers.prox import Tensor

TINY = 1e-30
NUMBERS = ("weight_decay", "ema_momentum")
FILED = ("penalties", "followed")  # of each weight: its penalty; its rate, and whether it decays


# a mixin: type checkers read it as the optimizer that it is put before
if TYPE_CHECKING:
    Base: TypeAlias = keras.Optimizer
else:
    Base = object


class Proximal(Base):
    """Mixin for a Keras optimizer: exact zeros for the penalties of `kreg.regularizers`.

    Put it before the optimizer: `class Mine(Proximal, MyOptimizer)`. Without a kreg penalty on any
    weight, the optimizer does exactly what its Keras parent does.

    `fit` and every `train_step` of a Keras model need nothing more. A training loop without a model
    around it should call `optimizer.build(model.trainable_variables)` before its first loss: only
    then does that loss know that the penalty's step is taken care of.

    Gradient accumulation under a `tf.distribute` strategy raises an error of TensorFlow, as it does
    with Keras's own optimizers. Under JAX, `val_loss` holds the strengths that were in force when
    the validation step was traced; the training loss and the step follow every change.

    Args:
        rates: Factors > 0 on the learning rate by patterns of weight names: `{"bias": 0.1,
            "backbone/*": 0.01}`. The last one that names a weight counts. A factor is in all that
            the learning rate is in: the step, the decay, the proximal step. Defaults to `None`.
        ema_momentum: Keras's, or a `kreg.Schedule`. Defaults to `0.99`.
        decay_on: The weights that `weight_decay` acts on: `"all"`, `"kernels"` (no biases, no
            weights of one axis: scales and norms), or patterns of names. Defaults to `"all"`.

    Raises:
        ValueError: For `ema_overwrite_frequency`, which would put averages in the place of zeros.
            If a pattern names no weight, when the optimizer is built.
    """

    # Clipping and SGD's momentum are no step numbers: Keras asks in Python whether they are zero.
    weight_decay = StepNumber()
    ema_momentum = StepNumber()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__signature__ = with_rules(cls.__mro__[2], Proximal)

    def __init__(
        self,
        *args: Any,
        rates: Mapping[str, float] | None = None,
        decay_on: str | Sequence[str] = ALL,
        **kwargs: Any,
    ):
        momentum = kwargs.get("ema_momentum")
        if moves := isinstance(momentum, dict | schedules.Schedule):
            del kwargs["ema_momentum"]  # Keras compares it with numbers
        super().__init__(*args, **kwargs)
        if moves:
            self.ema_momentum = momentum
        self.rules = WeightRules(rates, decay_on)
        if self.ema_overwrite_frequency is not None:
            raise check.invalid(
                "ema_overwrite_frequency",
                "None: an average of weights has no exact zeros to put in their place",
                self.ema_overwrite_frequency,
                "Keep `use_ema=True`; the average, with its zeros, is written at the end of `fit`.",
            )
        self._penalised = PenalisedWeights()
        self._saved: dict[str, Any] = {}  # `FILED`, of a file that is being loaded

    def build(self, variables: Sequence[keras.Variable]) -> None:
        if self.built:
            return
        filed, self._saved = (self._saved if private_keras.being_loaded() else {}), {}
        penalty_table.restore(filed.get("penalties", []), variables)
        self.rules.take_up(self, variables, filed.get("followed"))
        super().build(variables)
        self.refresh()

    def refresh(self) -> None:
        """Take up penalties that were attached to or removed from weights since `build`.

        The state of all other weights stays. A training step that is compiled already has to be
        compiled again: `model.make_train_function(force=True)`; `kreg.regularize` does both.
        """
        if self.built:
            self._penalised.update(self, private_keras.trained_weights(self))

    def apply(
        self, grads: Iterable[Tensor], trainable_variables: Iterable[keras.Variable] | None = None
    ) -> None:
        if trainable_variables is not None and not self.built:
            trainable_variables = list(trainable_variables)
            with keras.name_scope(self.name):
                self.build(trainable_variables)
        self._note_learning_rate()
        super().apply(grads, trainable_variables)
        step = ops.cast(self.iterations, "float32")
        for variable, schedule in self._penalised.scheduled():
            variable.assign(schedule.at_step(step, ops))

    def hold_numbers(self) -> None:
        """Let steps that are compiled from now on read weight decay and the like from variables.

        Setting them, as `take_numbers` does, then changes the next step without a retrace.
        """
        for name in NUMBERS:
            getattr(Proximal, name).hold(self)

    def take_numbers(self, other: "Proximal") -> None:
        """The weight decay and the like of another optimizer, from the next step on."""
        for name, value in other.numbers().items():
            if isinstance(self.numbers()[name], int | float):
                setattr(self, name, value)

    def numbers(self) -> dict[str, float | schedules.Schedule | None]:
        """Weight decay and the like as they were set; `None` for what is not in use."""
        return {name: getattr(Proximal, name).number(self) for name in NUMBERS}

    def get_config(self) -> dict[str, Any]:
        """Keras's configuration, and for `load_model` what each trained weight has: `FILED`."""
        config = super().get_config()
        config |= {n: schedules.serialize(v) for n, v in self.numbers().items() if n in config}
        trained = private_keras.trained_weights(self) if self.built else []
        filed = {"penalties": penalty_table.written(trained), "followed": self.rules.followed()}
        return config | self.rules.to_config() | {name: one for name, one in filed.items() if one}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "Proximal":
        """An optimizer with these settings; the rest is for a model that is being loaded."""
        settings = {name: value for name, value in config.items() if name not in FILED}
        made: Proximal = super().from_config(settings, custom_objects)
        made._saved = {name: config[name] for name in FILED if name in config}
        return made

    def update_step(self, gradient: Tensor, variable: keras.Variable, learning_rate: Any) -> None:
        index = private_keras.index_of(self, variable)
        factor = self.rules.factors.get(index, 1.0)
        if factor != 1.0:
            learning_rate = learning_rate * factor
            self.rules.decay(self, index, variable, learning_rate)
        weight = self._penalised.by_index.get(index)
        if weight is None:
            return super().update_step(gradient, variable, learning_rate)
        w = ops.convert_to_tensor(variable)
        s = weight.penalty.at(w, self._settings(weight, w))
        gradient = ops.cast(ops.convert_to_tensor(gradient), w.dtype)
        if weight.penalty.has_smooth:
            gradient = gradient + weight.penalty.smooth_gradient(w, s)
        if weight.hidden is None:
            return super().update_step(gradient, variable, learning_rate)
        penalty, lam = weight.penalty, self._width(weight, s, w.dtype, factor)
        offset = penalty.sharp_offset(w, ops.convert_to_tensor(weight.hidden), lam, s)
        super().update_step(gradient + offset * (1.0 / lam), variable, learning_rate)
        z = ops.convert_to_tensor(variable) + offset  # the step of w is the step of z
        w, kept = penalty.mapped(z, offset, lam, s)
        for name, value in kept.items():
            self.assign(weight.kept(name), value)
        self.assign(variable, w)

    def _settings(self, weight: PenalisedWeight, w: Tensor) -> Strengths:
        """The strengths, and the start of a weight whose penalty asks for it."""
        strengths = {**weight.values(w.dtype), **weight.remembered()}
        if weight.start is None:
            return strengths
        start = weight.known_start(w)
        self.assign(weight.start, start)
        self.assign(weight.started, ops.ones_like(ops.convert_to_tensor(weight.started)))
        return {**strengths, "start": start}

    def _note_learning_rate(self) -> None:
        """Keep the largest learning rate so far: a warm-up starts at 0, a decay ends there."""
        peak = self._penalised.peak
        if peak is not None:
            rate = ops.cast(ops.convert_to_tensor(self.learning_rate), "float32")
            peak.assign(ops.maximum(ops.convert_to_tensor(peak), rate))

    def _width(self, weight: PenalisedWeight, s: Strengths, dtype: str, factor: float) -> Tensor:
        """`lam`: the wanted width, but at most half of what the map of a penalty allows.

        The width follows the steps of this weight: those of the optimizer times its factor.
        """
        own = weight.penalty.own_step()
        if own is not None:
            return ops.cast(own, dtype)
        wanted = factor * self._wanted_width(weight, s, dtype)
        widest = weight.penalty.widest()
        return ops.minimum(wanted, widest / 2) if math.isfinite(widest) else wanted

    def _wanted_width(self, weight: PenalisedWeight, s: Strengths, dtype: str) -> Tensor:
        """`lam` for which the dead zone `lam * l1` is as wide as one step of the optimizer.

        An adaptive optimizer moves a weight by about the learning rate whatever the gradient is.
        The optimum does not depend on `lam`: a wide zone is calm, a narrow one quick and noisy.
        """
        peak = ops.maximum(ops.cast(self._penalised.peak, dtype), TINY)
        height = weight.penalty.sharpness(s)
        return ops.where(height > 0, peak / ops.maximum(height, TINY), peak)

    def finalize_variable_values(self, var_list: Sequence[keras.Variable]) -> None:
        """Write the moving average into the weights, if there is one, and keep zeros and caps."""
        write = super().finalize_variable_values
        if not self.use_ema:
            return write(var_list)
        averages.written(write, private_keras.trained_weights(self), var_list, self._penalised)

    # what a penalty asks of the optimizer that trains it

    def takes_step_of(self, penalty: Penalty) -> bool:
        """Whether this optimizer trains a weight with the penalty (if not built yet: will)."""
        return not self.built or self._penalised.strengths_of(penalty) is not None

    def strengths_of(self, penalty: Penalty) -> Strengths | None:
        """The current strengths of a penalty as float32 scalars; `None` if it is on no weight."""
        return in_the_loss.strengths_of(self._penalised, penalty)

    def start_of(self, penalty: Penalty, w: Tensor) -> Tensor:
        """The start of the weight `w` for a penalty that measures the distance to it."""
        return in_the_loss.start_of(
            self._penalised, penalty, w, private_keras.trained_weights(self)
        )

    def pull_of(self, penalty: Penalty, w: Tensor) -> Strengths:
        """What the last step has kept of the pull of a penalty on the weight `w`, if it is known.

        `pull` is a subgradient at the weight whose squares have the sum `square`.
        """
        trained = private_keras.trained_weights(self) if self.built else []
        return in_the_loss.pull_of(self._penalised, penalty, w, trained)

    def push_strengths(self) -> None:
        """Copy the penalties' strengths into the variables that the compiled step reads."""
        self._penalised.push(int(ops.convert_to_numpy(self.iterations)))

    # for the user

    def strengths(self) -> dict[str, dict[str, float]]:
        """The strengths in force now: path of the weight -> name of the strength -> number."""
        return self._penalised.in_force(private_keras.trained_weights(self))

    def set_strengths(self, penalty: Penalty | None = None, **strengths: float) -> None:
        """Change strengths between two fits, without a new trace.

        `optimizer.set_strengths(l1=0.1)` sets `l1` of all penalties that have one, as
        `penalty.l1 = 0.1` does for one penalty. Their configuration follows.

        Args:
            penalty: Change this penalty only. Defaults to all.
            **strengths: Numbers >= 0 by name: `l1`, `l2`, `group`.

        Raises:
            ValueError: If no penalty of this optimizer has a strength of that name.
        """
        self._penalised.set(penalty, strengths)

    # saving: in an order that does not depend on when each penalty was attached

    def save_own_variables(self, store: Any) -> None:
        for index, variable in enumerate(self._penalised.last(self.variables)):
            store[str(index)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        if len(store.keys()) != len(self.variables):
            return super().load_own_variables(store)  # Keras says why it does not load
        for index, variable in enumerate(self._penalised.last(self.variables)):
            variable.assign(store[str(index)])
        self.push_strengths()  # a constant strength is what the penalty says, not what was saved
