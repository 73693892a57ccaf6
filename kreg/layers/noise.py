"""What all noise layers have in common: when they act, their rate, their clock, their state."""

import keras
from keras import ops

from kreg.layers import arguments
from kreg.schedules import Schedule

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

    def __init__(self, rate, *, seed=None, **kwargs):
        super().__init__(**kwargs)
        self._rate = arguments.rate(rate)
        self.seed = arguments.seed(seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed, name=f"{self.name}_noise")
        self.supports_masking = True
        self.clock = self._make_clock() if isinstance(self._rate, Schedule) else None
        if type(self).build is keras.layers.Layer.build:
            self.built = True

    def _make_clock(self):
        self._rate.require_steps_per_epoch()
        return self.add_weight(
            shape=(), initializer="zeros", dtype="int", trainable=False, name="step"
        )

    @property
    def rate(self) -> "float | Schedule":
        """The constant or the schedule. Set a number in [0, 1) before the model is compiled.

        A compiled training step has read a constant once for all: use a `kreg.Schedule` for what
        is to change during training.
        """
        return self._rate

    @rate.setter
    def rate(self, value):
        value = arguments.rate(value)
        if isinstance(value, Schedule) and self.clock is None:
            raise ValueError(
                f"Layer {self.name!r} was made with a constant rate and has no step counter. "
                "Make a new layer with the schedule: `Dropout(rate=schedule)`."
            )
        self._rate = value

    @property
    def current_rate(self) -> float:
        """The rate of the next training call, as a Python float."""
        if not isinstance(self._rate, Schedule):
            return self._rate
        return self._rate.at_step(int(ops.convert_to_numpy(self.clock.value)))

    def next_rate(self):
        """The rate of this training call, a float or a float32 scalar tensor; moves the clock."""
        if not isinstance(self._rate, Schedule):
            return self._rate
        rate = self._rate.at_step(ops.cast(self.clock.value, "float32"), ops)
        self.clock.assign(self.clock.value + 1)
        return rate

    def call(self, inputs, training=False):
        if not training or self._rate == 0.0:
            return inputs
        return self.noise(inputs, self.next_rate())

    def noise(self, inputs, rate):
        """The noisy input.

        Args:
            inputs: Tensor.
            rate: Python float in (0, 1), or float32 scalar tensor in [0, 1).
        """
        raise NotImplementedError

    def uniform(self, shape):
        """Uniform float32 numbers in [0, 1).

        Always float32: half precision has 128 (bfloat16) or 1024 (float16) values in [0, 1), and
        a threshold of 0.005 would really drop 0.0078 or 0.0059.
        """
        return keras.random.uniform(shape, dtype="float32", seed=self.seed_generator)

    def compute_output_shape(self, input_shape):
        return input_shape

    def save_own_variables(self, store):
        super().save_own_variables(store)
        store[SEED_KEY] = self.seed_generator.state

    def load_own_variables(self, store):
        # files written by Keras's own layers have no such key: the fresh seed stays
        values = {key: store[key] for key in store.keys()}  # noqa: SIM118 (an HDF5 entry)
        state = values.pop(SEED_KEY, None)
        super().load_own_variables(values)
        if state is not None:
            self.seed_generator.state.assign(state)

    def get_config(self):
        rate = self._rate.get_config() if isinstance(self._rate, Schedule) else self._rate
        return {**super().get_config(), "rate": rate, "seed": self.seed}
