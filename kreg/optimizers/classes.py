"""Keras's optimizers with the proximal step. Arguments, state and behaviour are those of Keras."""

import keras
from keras import ops

from kreg.optimizers.penalised_weights import PenalisedWeight
from kreg.optimizers.proximal_step import TINY, Proximal
from kreg.regularizers.penalty import Strengths
from kreg.regularizers.prox import Tensor

register = keras.saving.register_keras_serializable(package="kreg")


@register
class SGD(Proximal, keras.optimizers.SGD):
    """`keras.optimizers.SGD`, with exact zeros for kreg penalties."""

    def _wanted_width(self, weight: PenalisedWeight, s: Strengths, dtype: str) -> Tensor:
        # the step is linear in the gradient: ten steps' worth of averaging in the dead zone
        rate = ops.maximum(ops.cast(self._penalised.peak, dtype), TINY)
        return 10.0 * rate / (1.0 - self.momentum)


@register
class Adam(Proximal, keras.optimizers.Adam):
    """`keras.optimizers.Adam`, with exact zeros for kreg penalties."""


@register
class AdamW(Proximal, keras.optimizers.AdamW):
    """`keras.optimizers.AdamW`, with exact zeros for kreg penalties."""


@register
class RMSprop(Proximal, keras.optimizers.RMSprop):
    """`keras.optimizers.RMSprop`, with exact zeros for kreg penalties."""


@register
class Adagrad(Proximal, keras.optimizers.Adagrad):
    """`keras.optimizers.Adagrad`, with exact zeros for kreg penalties."""


@register
class Adamax(Proximal, keras.optimizers.Adamax):
    """`keras.optimizers.Adamax`, with exact zeros for kreg penalties."""


@register
class Nadam(Proximal, keras.optimizers.Nadam):
    """`keras.optimizers.Nadam`, with exact zeros for kreg penalties."""


@register
class Adafactor(Proximal, keras.optimizers.Adafactor):
    """`keras.optimizers.Adafactor`, with exact zeros for kreg penalties."""


@register
class Lamb(Proximal, keras.optimizers.Lamb):
    """`keras.optimizers.Lamb`, with exact zeros for kreg penalties."""


@register
class Lion(Proximal, keras.optimizers.Lion):
    """`keras.optimizers.Lion`, with exact zeros for kreg penalties."""


@register
class Muon(Proximal, keras.optimizers.Muon):
    """`keras.optimizers.Muon`, with exact zeros for kreg penalties."""


CLASSES = (
    SGD, Adam, AdamW, RMSprop, Adagrad, Adamax, Nadam, Adafactor, Lamb, Lion, Muon,
)  # fmt: skip
