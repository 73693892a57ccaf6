"""A learning rate whose course is fixed and whose height is a variable."""

from typing import Any

import keras

from kreg.untracked import UntrackedNumbers


@keras.saving.register_keras_serializable(package="kreg")
class Scaled(keras.optimizers.schedules.LearningRateSchedule):
    """`rate(step) = height * course(step)`.

    The compiled step reads the height from a variable: trainings that differ only in it can share
    one step.

    Args:
        height: Number > 0.
        course: A `keras.optimizers.schedules.LearningRateSchedule` of height 1.

    >>> halved = keras.optimizers.schedules.ExponentialDecay(1.0, 10, 0.5)
    >>> float(Scaled(0.25, halved)(10))
    0.125
    """

    def __init__(self, height: float, course: keras.optimizers.schedules.LearningRateSchedule):
        self.height = float(height)
        self.course = course
        self.numbers = UntrackedNumbers(self.height)

    def set_height(self, height: float) -> None:
        """Take another height, from the next step on, without a retrace."""
        self.height = float(height)
        self.numbers.assign(self.height)

    def __call__(self, step: Any) -> Any:
        return self.numbers.read()[0] * self.course(step)

    def get_config(self) -> dict[str, Any]:
        course = keras.optimizers.schedules.serialize(self.course)
        return {"height": self.height, "course": course}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Scaled":
        course = keras.optimizers.schedules.deserialize(config["course"])
        return cls(config["height"], course)
