"""Predictions with the noise on: what a model does not know."""

import contextlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from kreg import check, private_keras
from kreg.layers import arguments
from kreg.layers.noise_summary import WHAT_COUNTS, noise_layers, strength

OUTPUTS = ("probabilities", "logits", "values")
TINY = 1e-12
SEED_STATE = "seed_generator_state"

Array = NDArray[np.float32]


@dataclass(frozen=True)
class MonteCarlo:
    """What `mc_predict` returns: NumPy arrays in the order of the inputs.

    Args:
        mean: `(n, outputs)`: the predictive mean; for a classifier the mean probabilities.
        std: `(n, outputs)`: the standard deviation over the samples (with `samples - 1`).
        entropy: `(n,)` in nats: total uncertainty of a classifier, else `None`.
        mutual_information: `(n,)` in nats: the part of it that comes from the weights, else `None`.
        samples: `(n, samples, outputs)` where they were asked for, else `None`.
    """

    mean: Array
    std: Array
    entropy: Array | None = None
    mutual_information: Array | None = None
    samples: Array | None = None


def mc_predict(
    model: keras.Model,
    x: Any,
    samples: int = 50,
    *,
    batch_size: int = 32,
    seed: int = 0,
    output: str = "auto",
    keep_samples: bool = False,
    also: tuple[type[keras.layers.Layer], ...] = (),
    verbose: str | int = "auto",
) -> MonteCarlo:
    """Predict `samples` times with only the noise layers on, and say how much the answers differ.

    Works on any built Keras model with one output, trained with kreg or not. BatchNormalization,
    augmentation and everything else stay in inference mode, and no state of the model moves: not
    its seeds, nor its statistics, nor its schedules. Noise layers are those of `kreg.layers`;
    `keras.layers.Dropout`, `SpatialDropout*`, `GaussianDropout`, `AlphaDropout`, `GaussianNoise`;
    attention layers and RNNs with `dropout` > 0; and what `also` names.
    Source: Gal & Ghahramani, Dropout as a Bayesian Approximation, 2016; the split of the entropy:
    Depeweg et al., 2018.

    Args:
        model: A built `keras.Model`. Not to be used by another thread meanwhile.
        x: What `model.predict` takes: array, structure of arrays, dataset.
        samples: Whole number >= 2. Defaults to `50`.
        batch_size: Whole number >= 1. Defaults to `32`.
        seed: Whole number in [0, 2**31). The same seed, data and batch size give the same result;
            under PyTorch not where Keras's own `Dropout` was made without a seed, which draws from
            torch's global generator (`keras.utils.set_random_seed` fixes that one).
        output: What the model returns: `"probabilities"` or `"logits"` of classes in the last axis
            (of one class if that axis has length 1), `"values"` for a regression, or `"auto"`: by
            the activation of the last layer and the `from_logits` of the compiled loss.
        keep_samples: Also return every sample. Defaults to `False`.
        also: Layer classes of your own that act as noise when called with `training=True`.
        verbose: As in `model.predict`: the progress bar.

    Raises:
        ValueError: If the model has no noise layer that acts, or an argument is out of range.

    >>> layers = [keras.Input((3,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
    >>> result = mc_predict(keras.Sequential(layers), np.ones((4, 3)), samples=10, verbose=0)
    >>> result.mean.shape, result.std.shape, result.entropy
    ((4, 1), (4, 1), None)
    """
    check.integer("samples", samples, low=2)
    check.integer("batch_size", batch_size, low=1)
    kind = check.choice("output", output, ("auto", *OUTPUTS))
    sampler = Sampler(
        model,
        active_noise(model, also),
        samples=samples,
        seed=arguments.seed(seed),
        output=output_of(model) if kind == "auto" else kind,
        keep_samples=check.flag("keep_samples", keep_samples),
    )
    batch = batch_size if hasattr(keras.tree.flatten(x)[0], "shape") else None
    return MonteCarlo(**sampler.predict(x, batch_size=batch, verbose=verbose))


def active_noise(
    model: keras.Model, also: tuple[type[keras.layers.Layer], ...] = ()
) -> list[keras.layers.Layer]:
    """The layers to switch on, or a sentence that says what counts as one."""
    active = [layer for layer in noise_layers(model) if strength(layer)]
    active += [
        layer for layer in private_keras.all_layers(model) if also and isinstance(layer, also)
    ]
    if not active:
        raise ValueError(
            f"Model {model.name!r} has no noise layer with a rate above 0, so all samples would be "
            f"equal. What counts as one: {WHAT_COUNTS}. Name your own classes with `also=`, or add "
            "noise with `kreg.with_dropout(model, rate)`."
        )
    return active


def output_of(model: keras.Model) -> str:
    """What the model returns, read off its last activation and its compiled loss."""
    last = getattr(model.layers[-1], "activation", None) if model.layers else None
    if getattr(last, "__name__", "") in ("softmax", "sigmoid"):
        return "probabilities"
    return "logits" if getattr(getattr(model, "loss", None), "from_logits", False) else "values"


@contextlib.contextmanager
def switched_on(layers: Sequence[keras.layers.Layer]) -> Iterator[None]:
    """Within the block these layers, and they alone, run as in training."""
    before = [(layer, vars(layer).get("call")) for layer in layers]
    try:
        for layer in layers:
            vars(layer)["call"] = in_training(layer.call)
        yield
    finally:
        for layer, call in before:
            if call is None:
                del vars(layer)["call"]
            else:
                vars(layer)["call"] = call


def in_training(call: Callable[..., Any]) -> Callable[..., Any]:
    """`call` with `training=True`, whatever it is given."""
    signature = inspect.signature(call)

    def forced(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.arguments["training"] = True
        return call(*bound.args, **bound.kwargs)

    return forced


class Sampler(keras.Model):
    """A model whose output is the statistics of many noisy passes through another; for `predict`.

    Keras's own `predict` brings batches, compilation and the progress bar on every backend.
    """

    def __init__(
        self,
        model: keras.Model,
        noise: Sequence[keras.layers.Layer],
        *,
        samples: int,
        seed: int | None,
        output: str,
        keep_samples: bool,
    ):
        super().__init__(dtype="float32", autocast=False)
        self.model = model
        self.sources = noise
        self.samples = samples
        self.output_kind = output
        self.keep_samples = keep_samples
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Any, training: bool | None = False) -> dict[str, keras.KerasTensor]:
        states = [v for v in self.model.non_trainable_variables if v.name == SEED_STATE]
        shape = (self.samples, len(states), 2)
        keys = keras.random.randint(
            shape, 0, arguments.SEED_LIMIT, dtype="int32", seed=self.seed_generator
        )
        with switched_on(self.sources):
            draws = ops.map(lambda key: self.one_pass(inputs, states, key), keys)
        return statistics(draws, self.output_kind, self.keep_samples)

    def one_pass(
        self, inputs: Any, states: Sequence[keras.Variable], key: keras.KerasTensor
    ) -> keras.KerasTensor:
        """One noisy prediction, with a seed of its own for each generator; nothing is updated."""
        at = {id(state): i for i, state in enumerate(states)}
        fixed = [
            ops.cast(key[at[id(v)]], v.dtype) if id(v) in at else v.value
            for v in self.model.non_trainable_variables
        ]
        trainable = [v.value for v in self.model.trainable_variables]
        outputs, _ = self.model.stateless_call(trainable, fixed, inputs, training=False)
        if keras.tree.is_nested(outputs):
            raise ValueError(
                f"`mc_predict` needs a model with one output. {self.model.name!r} returns several: "
                "make a `keras.Model` of its inputs and the output in question."
            )
        return probabilities(ops.cast(outputs, "float32"), self.output_kind)


def probabilities(outputs: keras.KerasTensor, kind: str) -> keras.KerasTensor:
    """`outputs`, turned from logits into probabilities where they are logits."""
    if kind != "logits":
        return outputs
    return ops.sigmoid(outputs) if outputs.shape[-1] == 1 else ops.softmax(outputs, axis=-1)


def entropy(p: keras.KerasTensor) -> keras.KerasTensor:
    """`-sum p log p` in nats over the last axis; of a Bernoulli variable if it has length 1."""
    if p.shape[-1] == 1:
        p = ops.concatenate([p, 1.0 - p], axis=-1)
    return -ops.sum(p * ops.log(ops.maximum(p, TINY)), axis=-1)


def statistics(draws: keras.KerasTensor, kind: str, keep: bool) -> dict[str, keras.KerasTensor]:
    """The fields of `MonteCarlo` for `draws` of shape `(samples, batch, ...)`."""
    count = draws.shape[0]
    mean = ops.mean(draws, axis=0)
    variance = ops.sum(ops.square(draws - mean), axis=0) / (count - 1)
    result = {"mean": mean, "std": ops.sqrt(variance)}
    if kind != "values":
        total = entropy(mean)
        # the difference is >= 0 by concavity; rounding may say otherwise
        within = ops.mean(entropy(draws), axis=0)
        result |= {"entropy": total, "mutual_information": ops.maximum(total - within, 0.0)}
    return result | ({"samples": ops.moveaxis(draws, 0, 1)} if keep else {})
