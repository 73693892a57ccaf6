"""The best k input features of a network: a path of group lassos from weak to strong."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import keras
import numpy as np
from keras import ops

from kreg import check
from kreg.regularizers import GroupLasso, Penalty
from kreg.surgery.compression_path import check_optimizer, restart
from kreg.surgery.features import Selection, selected_features
from kreg.surgery.refit import compile_like
from kreg.surgery.regularization import regularize
from kreg.surgery.rules import LayerChoice, Rule, weights_of
from kreg.weight_names import is_kernel

Data: TypeAlias = tuple[np.ndarray, np.ndarray]  # inputs and targets
SHARE = 0.1  # of the loss that the first penalty has: too weak to remove anything
COARSE = 1.5  # from strength to strength while the start is looked for
LEARNING = 0.97  # a loss below this share of the best asks for more steps at the same strength
LONGEST = 100  # looks; far beyond every path that ends


def select_features(
    model: keras.Model,
    x: Any,
    y: Any,
    *,
    features: int,
    layers: LayerChoice = None,
    validation_data: Data | None = None,
    adaptive: float = 1.0,
    growth: float = 1.25,
    steps: int = 150,
    batch_size: int = 64,
    seed: int = 0,
) -> Selection:
    """Choose at most `features` of the inputs of a network by training with a group lasso.

    First, a plain group lasso on the rows of the layer that reads the features, from weak to
    strong, each strength started from the weights before it and kept while the validation loss
    falls. Where that loss is lowest is the start: what a network has learned by heart says nothing
    of its inputs.
    Then, from its weights and on all rows, an adaptive group lasso (see `kreg.GroupLasso`) that
    becomes stronger until no more than `features` are in use. Where the last strength removes too
    many, the largest of those that it removed are taken back.

    Args:
        model: A built Functional or Sequential `keras.Model` with one input, compiled with an
            optimizer of `kreg.optimizers`, trained or not. It is not changed: a copy is trained.
        x: Inputs, an array `(rows, ..., features)`.
        y: Targets, an array.
        features: Whole number >= 1: how many to choose.
        layers: Pattern of names of the layers that read the features. Defaults to the first layer
            that has a kernel.
        validation_data: `(x, y)` for the choice of the start. Defaults to a random fifth of the
            rows, which the second part trains on as well.
        adaptive: Number >= 0, as in `kreg.GroupLasso`. 0 is the plain group lasso throughout.
        growth: Number > 1 by which the strength grows in the second part.
        steps: Whole number >= 1 of optimizer steps from one look at the model to the next: at each
            strength, in the first part as often as they help. Defaults to `150`.
        batch_size: Whole number >= 1.
        seed: Of the batches, and of the validation rows.

    Returns:
        A `Selection`: `features`, `order` (a ranking), `names(...)`.

    Raises:
        ValueError: If the optimizer does not reach exact zeros, or a layer does not read the
            features one by one.

    Sources: the path, Lemhadri, Ruan, Abraham & Tibshirani, LassoNet, 2021; a first fit whose
    norms weigh the groups of the second: Dinh & Ho, Consistent feature selection for analytic deep
    neural networks, 2020.
    """
    x, y = np.asarray(x), np.asarray(y)
    check_model(model)
    check.integer("features", features, low=1, high=x.shape[-1])
    check.number("growth", growth, low=1, low_open=True)
    work = Work(
        model,
        layers or first_layer(model),
        check.integer("steps", steps, low=1),
        check.integer("batch_size", batch_size, low=1),
        np.random.default_rng(seed),
    )
    if validation_data is None:
        train, held_out = split(x, y, work.rng)
    else:
        train, held_out = (x, y), validation_data
    weights, strength = best_start(work, train, held_out, features)
    return narrow(work, (x, y), weights, GroupLasso(strength, adaptive=adaptive), features, growth)


@dataclass
class Work:
    """A model to copy, and how its copies are trained."""

    model: keras.Model
    layers: LayerChoice
    steps: int
    batch_size: int
    rng: np.random.Generator

    def copy(self, weights: list[np.ndarray], penalty: Penalty) -> keras.Model:
        """A compiled copy whose features carry the penalty."""
        copied = keras.models.clone_model(self.model)
        copied.set_weights(weights)
        compile_like(self.model, copied)
        return regularize(copied, Rule(penalty, layers=self.layers))

    def train(self, model: keras.Model, x: Any, y: Any) -> None:
        """So many steps on shuffled batches in one epoch, the learning rate from its beginning."""
        size = min(self.batch_size, len(x))
        passes = -(-self.steps * size // len(x))
        order = np.concatenate([self.rng.permutation(len(x)) for _ in range(passes)])
        order = order[: self.steps * size]
        restart(model.optimizer)
        model.fit(x[order], y[order], batch_size=size, shuffle=False, verbose=0)

    def kernels(self, model: keras.Model) -> list[keras.Variable]:
        """The weights that read the features."""
        rule = Rule(None, layers=self.layers)
        rows = [w for layer, w in weights_of(model) if rule.takes_layer(layer)]
        kernels = [w for w in rows if is_kernel(w)]
        if any(w.shape[-2] != model.input_shape[-1] for w in kernels):
            names = dict.fromkeys(layer.name for layer, _ in weights_of(model))
            advice = f"Name those that do; the model has {', '.join(names)}."
            expected = "layers whose kernels have a row for each feature"
            raise check.invalid("layers", expected, self.layers, advice)
        return kernels

    def norms(self, model: keras.Model) -> np.ndarray:
        """The norm of all weights that read each feature; 0 for a feature that is not in use."""
        rows = [np.moveaxis(w.numpy(), -2, 0) for w in self.kernels(model)]
        squares = sum(np.square(r.reshape(len(r), -1)).sum(axis=1) for r in rows)
        used = np.isin(np.arange(model.input_shape[-1]), np.asarray(selected_features(model)))
        return used * np.sqrt(squares)


def check_model(model: keras.Model) -> None:
    check_optimizer(model)
    if len(getattr(model, "inputs", None) or ()) != 1:
        raise check.invalid("model", "a Functional or Sequential model with one input", model)


def first_layer(model: keras.Model) -> str:
    return next((layer.name for layer, w in weights_of(model) if is_kernel(w)), "*")


def split(x: Any, y: Any, rng: np.random.Generator) -> tuple[Data, Data]:
    """Four fifths of the rows, and the rest."""
    order = rng.permutation(len(x))
    count = max(len(x) // 5, 1)
    return (x[order[count:]], y[order[count:]]), (x[order[:count]], y[order[:count]])


def best_start(
    work: Work, train: Data, held_out: Data, features: int
) -> tuple[list[np.ndarray], float]:
    """Weights and strength of the plain path where the validation loss is lowest."""
    penalty = GroupLasso(0.0)
    model = work.copy(work.model.get_weights(), penalty)
    penalty.l1 = first_strength(work, model, train)
    best, rounds = (np.inf, None, None), 0
    while rounds < LONGEST:
        rounds += 1
        work.train(model, *train)
        loss = data_loss(model, *held_out)
        learning = loss < LEARNING * best[0]
        best = min(best, (loss, penalty.l1, model.get_weights()), key=lambda found: found[0])
        if np.count_nonzero(work.norms(model)) <= features or not np.isfinite(loss):
            break
        penalty.l1 *= 1.0 if learning else COARSE
    _, strength, weights = best
    if weights is None:
        raise ValueError("The validation loss is not finite from the start. Check `x` and `y`.")
    return weights, strength


def first_strength(work: Work, model: keras.Model, train: Data) -> float:
    """The strength at which the penalty is a tenth of the loss."""
    plain = GroupLasso(1.0)
    size = sum(float(ops.convert_to_numpy(plain.value(w))) for w in work.kernels(model))
    return SHARE * data_loss(model, *train) / max(size, 1e-12)


def data_loss(model: keras.Model, x: Any, y: Any) -> float:
    """The loss in inference mode, without penalties."""
    total = model.evaluate(x, y, verbose=0, return_dict=True)["loss"]
    penalised = [w for w in model.trainable_weights if w.regularizer is not None]
    return total - sum(float(ops.convert_to_numpy(w.regularizer(w))) for w in penalised)


def narrow(
    work: Work,
    data: Data,
    weights: list[np.ndarray],
    penalty: GroupLasso,
    features: int,
    growth: float,
) -> Selection:
    """Strengthen the penalty until no more than `features` are in use."""
    model = work.copy(weights, penalty)
    norms = work.norms(model)
    strengths: list[float] = []
    counts: list[int] = []
    last_seen = np.where(norms > 0, norms / max(norms.max(), 1e-30), -1.0)
    while np.count_nonzero(norms) > features:
        if len(counts) == LONGEST:
            raise ValueError(
                f"After {LONGEST} strengths {counts[-1]} features are in use. Name the layers that "
                "read them with `layers=`, or let `steps` or the learning rate be larger."
            )
        strengths.append(penalty.l1)
        work.train(model, *data)
        norms = work.norms(model)
        counts.append(int(np.count_nonzero(norms)))
        # whole part: when a feature was last in use; behind the point: how large it was then
        now = len(counts) + norms / max(2 * norms.max(), 1e-30)
        last_seen = np.where(norms > 0, now, last_seen)
        penalty.l1 *= growth
    order = np.argsort(-last_seen, kind="stable")[: np.count_nonzero(last_seen >= 0)]
    return Selection(order, features, len(norms), tuple(strengths), tuple(counts))
