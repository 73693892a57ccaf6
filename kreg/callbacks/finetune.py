"""Finetune: the head first, then all layers, in one `fit`."""

import warnings
from collections.abc import Sequence
from typing import Any, TypeAlias

import keras

from kreg import check, private_keras
from kreg.callbacks.own_rates import take_rates
from kreg.callbacks.shared_values import shared
from kreg.measuring.keras_numbers import Logs

THAW = "From here on all layers are trained{norms}; until here the head alone."
FROZEN = (
    " {} is frozen already, and layers that are frozen before stay so. Set `trainable = True` of "
    "what shall be trained, then compile: kreg freezes it until then."
)
KEPT = ", batch normalisations in inference mode"
TOO_SHORT = (
    "The head alone is trained for {} epochs, and this fit ends after {}: no other layer is "
    "trained in it. Say `epochs` of fit larger, or that of kreg.finetune smaller."
)
Flags: TypeAlias = list[tuple[keras.layers.Layer, bool]]  # and whether it is trained


class Finetune(keras.callbacks.Callback):
    """Train the head alone for some epochs, then all layers; nothing is compiled anew by hand.

    What is frozen has no gradient, feels no penalty and no weight decay, and its batch
    normalisations stay in inference mode: their averages do not move. The optimizer has a place for
    every weight from the start, so that a training that was interrupted goes on bit for bit on
    either side of the change. `kreg.L2SP` measures from the weights at which a layer was thawed.
    With `layer_decay` the layers learn at rates of their own: the last one below the head at this
    share of the head's rate, each earlier one at this share of the next one's, none below `lowest`.
    Sources: Howard & Ruder, Universal language model fine-tuning, 2018 (gradual unfreezing, rates
    by layer); Howard & Gugger, fastai, 2020 (a hundredth at least); the
    guide of Keras on transfer learning (normalisations in inference mode).

    Args:
        epochs: Whole number >= 1 of epochs that train the head alone, counted as in `fit`; `None`
            for all of them. Defaults to `None`.
        head: Name, or names, of the layers that make up the head. Defaults to `None`: the last
            layer that has weights.
        rate: Number in (0, 1] by which the learning rate is multiplied when all layers are trained.
            Defaults to `1`. The optimizer's rate must be a number, not a schedule, if it is not 1.
        layer_decay: Number in (0, 1]: the share of the next layer's rate that a layer gets. Below 1
            an optimizer of Keras, which has one rate, is replaced by the one of `kreg.optimizers`
            that takes the same steps, and a warning says so. Defaults to `1`: one rate for all.
        lowest: Number in (0, 1]: the smallest share of the head's rate. Defaults to `0.01`.
        norms: Whether batch normalisations are trained, too, when all layers are. Defaults to
            `False`: they stay in inference mode.

    After training the layers are as the last epoch had them: with `epochs=None` all but the head
    are frozen.

    Raises:
        ValueError: At the start of training: for a name that no layer has, a model that is all
            head, a schedule that cannot be multiplied, an optimizer that cannot have rates
            by layer, or was built without them.

    >>> Finetune(epochs=3, rate=0.1).epochs
    3
    """

    def __init__(
        self,
        epochs: int | None = None,
        head: str | Sequence[str] | None = None,
        *,
        rate: float = 1.0,
        layer_decay: float = 1.0,
        lowest: float = 0.01,
        norms: bool = False,
    ) -> None:
        super().__init__()
        self.epochs = epochs if epochs is None else check.integer("epochs", epochs, low=1)
        self.head = names(head)
        self.rate = check.number("rate", rate, low=0, high=1, low_open=True)
        self.layer_decay = check.number("layer_decay", layer_decay, low=0, high=1, low_open=True)
        self.lowest = check.number("lowest", lowest, low=0, high=1, low_open=True)
        self.norms = check.flag("norms", norms)
        self.lowered = self.thawed = False
        self._below: Flags | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.thawed = False
        below = self._settled(self.model)
        self._check_rate()
        self._check_length()
        shared(self.model).alone = self.epochs or 0
        self._build(self.model, below)
        freeze(below)
        if keras.backend.backend() == "jax":
            private_keras.takes_parts(under_loss_scaling(self.model), self.model)
        retrace(self.model)

    def prepare(self, model: keras.Model) -> None:
        """Build the optimizer of a model with the rates of its layers, before `fit` is called.

        JAX and PyTorch build it before they ask any callback. `kreg.finetune` does this for a model
        that is compiled.

        Args:
            model: Built and compiled; it is the one that is to be trained.
        """
        self._build(model, self._settled(model))

    def _settled(self, model: keras.Model) -> Flags:
        """What is below the head, and what of it is trained, as it was when first asked."""
        if self._below is None:
            self._below = below_the_head(model, self.head)
        return self._below

    def _build(self, model: keras.Model, below: Flags) -> None:
        """Give the optimizer a place for every weight that it is to train."""
        if self.epochs is not None:
            put_back(below, self.norms)
            self._take_rates(model, below)
        else:
            freeze(below)
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self.epochs is None or epoch < self.epochs:
            self.lowered = False
        elif not self.thawed:
            put_back(self._below or [], self.norms)
            self.thawed = True
            retrace(self.model)
            if not self.lowered:  # a `fit` that goes on behind the thaw finds it done
                self._lower(epoch)

    def _lower(self, epoch: int) -> None:
        """Lower the rate, once in a training, and say that another model is trained from here."""
        self.lowered = True
        if self.rate != 1:
            self.model.optimizer.learning_rate = self.rate * float(self._rate())
        text = THAW.format(norms="" if self.norms else KEPT)
        shared(self.model).events.append({"epoch": epoch + 1, "kind": "thaw", "text": text})

    def _rate(self) -> Any:
        return keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)

    def _check_rate(self) -> None:
        config = under_loss_scaling(self.model).get_config().get("learning_rate")
        if self.rate != 1 and self.epochs is not None and isinstance(config, dict):
            raise check.invalid(
                "rate", "1 where the learning rate is a schedule: it says all rates", self.rate
            )

    def _check_length(self) -> None:
        """Say where this `fit` ends before all layers are trained; a later one may go on."""
        epochs = self.params.get("epochs")
        if self.epochs is not None and epochs is not None and epochs <= self.epochs:
            text = TOO_SHORT.format(self.epochs, epochs)
            warnings.warn(text, UserWarning, stacklevel=2)

    def on_train_end(self, logs: Logs | None = None) -> None:
        shared(self.model).alone = 0

    def _take_rates(self, model: keras.Model, below: Flags) -> None:
        """Give the layers their shares of the rate, which begin to count when they are trained."""
        if self.layer_decay == 1:
            return
        rates = rates_by_depth(below, self.layer_decay, self.lowest)
        take_rates(model, rates, self.layer_decay)

    def get_state(self) -> dict[str, Any]:
        """Whether the learning rate has been lowered: the optimizer's state holds the lower one."""
        return {"lowered": self.lowered}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from `get_state`."""
        self.lowered = bool(state["lowered"])


def names(head: str | Sequence[str] | None) -> tuple[str, ...] | None:
    """One name or several as several."""
    return (head,) if isinstance(head, str) else head if head is None else tuple(head)


def below_the_head(model: keras.Model, head: str | Sequence[str] | None = None) -> Flags:
    """All layers but the head, from the first to the last, and whether each is trained.

    Outer ones come before those inside them.
    """
    own = [layer for layer in model.layers if layer.weights]
    if not own:
        raise ValueError(
            f"The model {model.name!r} has no weights yet: nobody knows its head. Call it on a "
            "batch, or `model.build(input_shape)`, first."
        )
    known = [layer.name for layer in own]
    asked = names(head) or ()
    for name in asked:
        check.choice("head", name, known)
    chosen = set(asked or known[-1:])
    rest = [layer for layer in own if layer.name not in chosen]
    if not any(layer.trainable_variables for layer in rest):
        frozen = ", ".join(repr(layer.name) for layer in rest)
        raise ValueError(
            f"There is nothing to freeze in the model {model.name!r}: of its layers with weights, "
            f"{', '.join(map(repr, known))}, none that is trained stands outside the head."
            + (FROZEN.format(frozen) if rest else "")
        )
    return [
        (part, part.trainable) for layer in rest for part in private_keras.layers_in_order(layer)
    ]


def rates_by_depth(below: Flags, decay: float, lowest: float) -> dict[str, float]:
    """Path of each trained weight below the head -> its share of the head's rate.

    The i-th layer down from the head, i = 1, 2, ..., gets `max(decay ** i, lowest)`.
    """
    deep = [layer for layer, _ in below if layer.trainable and private_keras.own_weights(layer)]
    found = {
        weight.path: max(decay**i, lowest)
        for i, layer in enumerate(reversed(deep), 1)
        for weight in private_keras.own_weights(layer)
    }
    return dict(sorted(found.items(), key=lambda row: row[0].count("/")))  # a short one ends others


def under_loss_scaling(model: keras.Model) -> Any:
    """The optimizer; in mixed precision of float16 the one inside."""
    return getattr(model.optimizer, "inner_optimizer", model.optimizer)


def freeze(layers: Flags) -> None:
    for layer, _ in layers:
        layer.trainable = False


def put_back(layers: Flags, norms: bool) -> None:
    """Train again what was trained before; batch normalisations only if they are wanted."""
    for layer, trained in layers:  # setting it sets it for all inside, which come after
        is_norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = trained and (norms or not is_norm)


def retrace(model: keras.Model) -> None:
    """Compile the training step anew: it knows which weights were trained when it was traced."""
    model.make_train_function(force=True)
