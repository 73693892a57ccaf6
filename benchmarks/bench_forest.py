"""`model=forest` beside scikit-learn's forests on six UCI sets.

    KREG_DATA=... python benchmarks/bench_forest.py [--seeds 3] [--epochs 150]

Balanced test accuracy in per cent, mean over seeds of the split and the start. The soft forest is
kreg's default (32 trees of depth 5, temperature 0.5) under Adam and plain cross-entropy, at the
epoch of the lowest validation loss. RandomForest has 500 trees and reads
training and validation rows together, HistGradientBoosting its defaults on the same rows; nothing
is tuned for any. The last columns show what depth does: training minus test accuracy of soft
forests of depth 2, 5 and 8 after all epochs, without early stopping.
"""

import argparse

import keras
import numpy as np
import uci
from rich.console import Console
from rich.table import Table
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import balanced_accuracy_score

from kreg import models

DEPTHS = (2, 5, 8)


def soft_forest(table: uci.Table, seed: int, epochs: int, depth: int, stop: bool) -> keras.Model:
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    model = models.forest(table.train[0].shape[1:], table.classes, "classification", depth=depth)
    model.compile(
        keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    early = keras.callbacks.EarlyStopping(patience=20, restore_best_weights=True)
    model.fit(
        *table.train,
        validation_data=table.validation,
        epochs=epochs,
        batch_size=128,
        verbose=0,
        callbacks=[early] if stop else [],
    )
    return model


def score(model, rows) -> float:
    x, y = rows
    predicted = model.predict(x, verbose=0) if isinstance(model, keras.Model) else model.predict(x)
    if predicted.ndim == 2:
        predicted = predicted.argmax(axis=1)
    return 100 * balanced_accuracy_score(y, predicted)


def compare(name: str, seed: int, epochs: int) -> list[float]:
    table = uci.load(name, seed)
    both = [np.concatenate(pair) for pair in zip(table.train, table.validation, strict=True)]
    rivals = (
        RandomForestClassifier(500, random_state=seed, n_jobs=1),
        HistGradientBoostingClassifier(random_state=seed),
    )
    scores = [score(soft_forest(table, seed, epochs, 5, stop=True), table.test)]
    scores += [score(rival.fit(*both), table.test) for rival in rivals]
    for depth in DEPTHS:
        model = soft_forest(table, seed, epochs, depth, stop=False)
        scores.append(score(model, table.train) - score(model, table.test))
    return scores


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=150)
    arguments = parser.parse_args()
    report = Table("set", "kreg forest", "RandomForest", "HistGradientBoosting", "kreg - RF")
    for depth in DEPTHS:
        report.add_column(f"train-test gap, depth {depth}")
    within = 0
    for name in uci.SETS:
        runs = [compare(name, seed, arguments.epochs) for seed in range(arguments.seeds)]
        ours, forest, boosting, *gaps = np.mean(runs, axis=0)
        within += ours >= forest - 1
        cells = [ours, forest, boosting, ours - forest, *gaps]
        report.add_row(name, *(f"{cell:.1f}" for cell in cells))
        print(name, [round(float(cell), 1) for cell in cells], flush=True)
    Console(width=140).print(report)
    print(f"within one point of RandomForest, or better: {within} of {len(uci.SETS)} sets")


if __name__ == "__main__":
    main()
