"""Opt-in probes after training. Weak evidence: none of them predicts generalisation reliably.

Dziugaite et al. 2020 found no measure of this kind that beats a coin flip in every environment;
Andriushchenko et al. 2023 the same for sharpness. They say something about one model, not which of
two is better.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import keras
import numpy as np
from keras import ops

from kreg.gradients import Gradient
from kreg.measuring.clean_loss import CleanEvaluator
from kreg.measuring.measurement import Measurement
from kreg.measuring.rows import Rows

Probe: TypeAlias = Callable[[keras.Model, CleanEvaluator, Rows | None], dict[str, Any]]

NOISE = 0.01
DRAWS = 5
BATCHES = 16
EPOCHS = 5


def sharpness(model: keras.Model, clean: CleanEvaluator, rows: Rows | None) -> dict[str, Any]:
    """`mean_k L(w + e_k) / L(w) - 1`, `e_k` Gaussian with `||e|| = 0.01 ||w||` in each weight.

    Source: Jiang et al. 2020 (sharpness measures), with random directions.
    """
    rows = _needed(rows)
    base, weights = _loss(clean(rows)), [np.array(value) for value in model.get_weights()]
    rng = np.random.default_rng(0)
    try:
        losses = []
        for _ in range(DRAWS):
            model.set_weights([_shaken(value, rng) for value in weights])
            losses.append(_loss(clean(rows)))
    finally:
        model.set_weights(weights)
    value = float(np.mean(losses) / base - 1) if base else float("nan")
    return _row("sharpness", value, "relative rise of the loss under 1 % noise on the weights")


def gradient_noise(model: keras.Model, clean: CleanEvaluator, rows: Rows | None) -> dict[str, Any]:
    """`B = tr(Sigma) / |G|^2` from the gradients of 16 batches: the noise scale in rows.

    Batches much larger than B waste examples. Source: McCandlish et al. 2018.
    """
    rows = _needed(rows)
    size = max(len(rows) // BATCHES, 1)
    gradient = Gradient(
        lambda x, y, weight: model.compute_loss(x, y, model(x, training=False), weight),
        model.trainable_variables,
    )
    gradients = np.stack([_gradient(gradient, rows, i, size) for i in range(len(rows) // size)])
    spread = float(gradients.var(axis=0, ddof=1).sum()) * size  # of one example
    # the squared mean contains the noise of the mean
    signal = float(np.square(gradients.mean(axis=0)).sum()) - spread / (size * len(gradients))
    value = spread / signal if signal > 0 else float("inf")
    return _row("gradient noise scale", value, "rows; infinite where the gradient is all noise")


def random_labels(model: keras.Model, clean: CleanEvaluator, rows: Rows | None) -> dict[str, Any]:
    """Clean training loss after 5 epochs on shuffled labels, over that on the true ones.

    Near 1 the capacity is far above the data: the model learns noise as fast as truth. Both
    trainings start from fresh copies; the model itself is not touched. Source: Zhang et al. 2017.
    """
    rows = _needed(rows)
    order = np.random.default_rng(0).permutation(len(rows))
    shuffled = keras.tree.map_structure(lambda y: y[order], rows.y)
    noise, truth = (_fresh_fit(model, Rows(rows.x, y, rows.weight)) for y in (shuffled, rows.y))
    note = f"loss after {EPOCHS} epochs, shuffled over true labels; near 1: capacity to spare"
    return _row("random labels", noise / truth, note)


PROBES: dict[str, Probe] = {
    "sharpness": sharpness,
    "gradient_noise": gradient_noise,
    "random_labels": random_labels,
}


def _needed(rows: Rows | None) -> Rows:
    if rows is None:
        raise ValueError("it needs training rows: pass `train=(x, y)` to kreg.Diagnostics")
    return rows


def _loss(measured: Measurement) -> float:
    if measured.loss is None:
        raise ValueError("it needs a model with a compiled loss")
    return measured.loss


def _row(name: str, value: float, note: str) -> dict[str, Any]:
    return {"name": name, "value": value, "note": f"{note} (weak evidence)"}


def _shaken(value: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if not np.issubdtype(value.dtype, np.floating) or not value.size:
        return value
    noise = rng.normal(size=value.shape)
    scale = NOISE * np.linalg.norm(value) / np.maximum(np.linalg.norm(noise), 1e-12)
    shaken: np.ndarray = (value + scale * noise).astype(value.dtype)
    return shaken


def _gradient(gradient: Gradient, rows: Rows, i: int, size: int) -> np.ndarray:
    """The gradient on the i-th batch, flat."""
    part = slice(i * size, (i + 1) * size)
    x, y, weight = (
        keras.tree.map_structure(lambda a: None if a is None else a[part], p)
        for p in (rows.x, rows.y, rows.weight)
    )
    found = gradient(x, y, weight)
    return np.concatenate([np.ravel(ops.convert_to_numpy(g)) for g in found if g is not None])


def _fresh_fit(model: keras.Model, rows: Rows) -> float:
    """Clean loss of a fresh copy after a few epochs."""
    state = np.random.get_state()
    twin = keras.models.clone_model(model)
    twin.compile(keras.optimizers.Adam(1e-3), loss=model.loss)
    twin.fit(rows.x, rows.y, sample_weight=rows.weight, epochs=EPOCHS, verbose=0)
    np.random.set_state(state)
    return _loss(CleanEvaluator(twin)(rows))
