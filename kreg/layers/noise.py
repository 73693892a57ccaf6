"""What all noise layers have in common: when they act, their rate, their clock, their state."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import keras
from keras import ops

from kreg.layers import arguments
from kreg.layers.arguments import Rate, Shape
from kreg.schedules import Schedule
from kreg.untracked import UntrackedNumbers

Number: TypeAlias = float | keras.KerasTensor  # a Python float, or a float32 scalar tensor

SEED_KEY = "seed_generator_state"


class Noise(keras.layers.Layer):
    """A layer that changes its input in training only; a subclass says how in `noise`.

    The identity where `training` is false or absent, and where the rate is the constant 0. The seed
    generator exists in any case, under a name made of the layer's own, so that state trees are
    complete and their keys stable. Its state is saved with the layer's weights (in `.keras` and
    `.weights.h5` files): a loaded model goes on with the masks that the saved one would have drawn.

    A scheduled rate is computed inside the compiled step, without a retrace, from a step counter
    that is a non-trainable weight of the layer and moves by one in each training call.

    Args:
        rate: Number in [0, 1), a `kreg.Schedule` or its configuration.
        seed: `None` or a whole number in [0, 2**31). Two layers with the same seed draw the same
            numbers at the same step; leave it `None` (a random one, fixed by
            `keras.utils.set_random_seed`) or give each layer its own.
        **kwargs: `name`, `dtype`, `trainable`.
    """

    first_shape: Shape = ()

    def __init__(self, rate: Rate, *, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._rate = arguments.rate(rate)
        self.seed = arguments.seed(seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed, name=f"{self.name}_noise")
        self.supports_masking = True
        self.clock: keras.Variable = self._make_clock()  # `None` where the rate is constant
        self.held: UntrackedNumbers | None = None
        if type(self).build is keras.layers.Layer.build:
            self.built = True

    def _make_clock(self) -> keras.Variable | None:
        if not isinstance(self._rate, Schedule):
            return None
        self._rate.require_steps_per_epoch()
        return self.add_weight(
            shape=(), initializer="zeros", dtype="int", trainable=False, name="step"
        )

    @property
    def rate(self) -> float | Schedule:
        """The constant or the schedule. Set a number in [0, 1) before the model is compiled.

        A compiled training step has read a constant once for all: use a `kreg.Schedule` for what
        is to change during training, or `hold_rate` for what is to change between two trainings.
        """
        return self._rate

    @rate.setter
    def rate(self, value: Rate) -> None:
        self.set_rate(value)

    def set_rate(self, value: Rate) -> None:
        """Set `rate`, also to the number that it has.

        Keras leaves out an assignment of the very object that an attribute has. Compiled steps may
        have been given another number since.
        """
        value = arguments.rate(value)
        if isinstance(value, Schedule) and self.clock is None:
            raise ValueError(
                f"Layer {self.name!r} was made with a constant rate and has no step counter. "
                "Make a new layer with the schedule: `Dropout(rate=schedule)`."
            )
        self._rate = value
        if self.held is not None:
            self.held.assign(*self.numbers(value, self.first_shape))

    def hold_rate(self) -> None:
        """Let steps that are compiled from now on read a constant rate above 0 from a variable.

        Setting `rate` to another number then changes the next step without a retrace. Not under
        JAX, see `kreg.untracked`; what is not built, or takes maps of any size, is not held.
        """
        constant = not isinstance(self._rate, Schedule) and self._rate > 0
        if constant and self.built and self.held is None:
            self.held = UntrackedNumbers(*self.numbers(self._rate, self.first_shape))

    @property
    def is_held(self) -> bool:
        """Whether a compiled step notices that `rate` was set."""
        return self.held is not None

    @property
    def current_rate(self) -> float:
        """The rate of the next training call, as a Python float."""
        if not isinstance(self._rate, Schedule):
            return self._rate
        return self._rate.at_step(int(ops.convert_to_numpy(self.clock.value)))

    def next_rate(self) -> Number:
        """The rate of this training call, a float or a float32 scalar tensor; moves the clock."""
        if not isinstance(self._rate, Schedule):
            return self._rate
        rate = self._rate.at_step(ops.cast(self.clock.value, "float32"), ops)
        self.clock.assign(self.clock.value + 1)
        return rate

    def next_numbers(self, shape: Shape) -> Sequence[Number]:
        """The numbers of this training call; moves the clock."""
        if self.held is not None:
            return self.held.read()
        return self.numbers(self.next_rate(), shape)

    def is_off(self, training: bool | None) -> bool:
        """Whether a call changes nothing."""
        return not training or (self.held is None and self._rate == 0.0)

    def call(self, inputs: keras.KerasTensor, training: bool | None = False) -> keras.KerasTensor:
        if self.is_off(training):
            return inputs
        return self.noise(inputs, *self.next_numbers(inputs.shape))

    def numbers(self, rate: Number, shape: Shape) -> tuple[Number, ...]:
        """All that `noise` needs to know of the rate; by default the rate itself.

        What follows from a constant rate is computed here, once, in Python.

        Args:
            rate: Python float in (0, 1), or float32 scalar tensor in [0, 1).
            shape: The shape of the input; of a held rate that of the first one, if the layer
                keeps it as `first_shape`.
        """
        return (rate,)

    def noise(self, *args: Any, **kwargs: Any) -> keras.KerasTensor:
        """The noisy input; a subclass has `noise(self, inputs, ...)` with names for its numbers.

        Args:
            inputs: Tensor.
            *numbers: What `numbers` returned, or the same as float32 scalar tensors.
        """
        raise NotImplementedError

    def uniform(self, shape: Shape) -> keras.KerasTensor:
        """Uniform float32 numbers in [0, 1).

        Always float32: half precision has 128 (bfloat16) or 1024 (float16) values in [0, 1), and
        a threshold of 0.005 would really drop 0.0078 or 0.0059.
        """
        return keras.random.uniform(shape, dtype="float32", seed=self.seed_generator)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def save_own_variables(self, store: Any) -> None:
        super().save_own_variables(store)
        store[SEED_KEY] = self.seed_generator.state

    def load_own_variables(self, store: Any) -> None:
        # files written by Keras's own layers have no such key: the fresh seed stays
        values = {key: store[key] for key in store.keys()}  # noqa: SIM118 (an HDF5 entry)
        state = values.pop(SEED_KEY, None)
        super().load_own_variables(values)
        if state is not None:
            self.seed_generator.state.assign(state)

    def get_config(self) -> dict[str, Any]:
        rate = self._rate.get_config() if isinstance(self._rate, Schedule) else self._rate
        return {**super().get_config(), "rate": rate, "seed": self.seed}
