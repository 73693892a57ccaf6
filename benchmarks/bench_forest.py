"""`model=forest` beside scikit-learn's forests on six UCI sets.

    KREG_DATA=... python benchmarks/bench_forest.py [--sets phoneme car] [--seeds 3] [--file F]

Balanced test accuracy in per cent, mean over seeds of the split and the start. Everybody reads the
same rows, training and validation together. The soft forest is kreg's default under Adam, plain
cross-entropy and a rate that falls from 0.01 along a cosine to zero in 80 epochs; RandomForest has
500 trees, HistGradientBoosting its defaults. Nothing is tuned for a set: the forest's start and the
80 epochs were chosen once, on validation rows of other seeds. The last columns show what depth
does: training minus test accuracy of soft forests of 16 trees and depth 2, 5 and 8 after 30 epochs.

A row is printed as soon as it is there. `--file` keeps each finished set and seed, and a second
start with the same file goes on after the last one.
"""

import argparse
import json
import math
import time
from pathlib import Path

import keras
import numpy as np
import uci
from rich.console import Console
from rich.table import Table
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import balanced_accuracy_score

from kreg import models

DEPTHS = (2, 5, 8)
GAP = {"trees": 16, "epochs": 30}
EPOCHS = 80
BATCH = 128
COLUMNS = ("kreg", "forest", "boosting", "seconds", *(f"gap_{depth}" for depth in DEPTHS))
TITLES = ("kreg forest", "RandomForest", "HistGradientBoosting", "seconds, kreg")


def soft_forest(rows, classes: int, seed: int, epochs: int = EPOCHS, **dials) -> keras.Model:
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    model = models.forest(rows[0].shape[1:], classes, "classification", **dials)
    steps = epochs * math.ceil(len(rows[0]) / BATCH)
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, steps)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(*rows, epochs=epochs, batch_size=BATCH, verbose=0)
    return model


def score(model, rows) -> float:
    x, y = rows
    if isinstance(model, keras.Model):
        predicted = model.predict(x, batch_size=1024, verbose=0).argmax(axis=1)
    else:
        predicted = model.predict(x)
    return 100 * balanced_accuracy_score(y, predicted)


def compare(name: str, seed: int) -> dict:
    """Everything that the table says about one split."""
    table = uci.load(name, seed)
    both = [np.concatenate(pair) for pair in zip(table.train, table.validation, strict=True)]
    began = time.perf_counter()
    model = soft_forest(both, table.classes, seed)
    found = {"seconds": time.perf_counter() - began, "kreg": score(model, table.test)}
    rivals = {
        "forest": RandomForestClassifier(500, random_state=seed, n_jobs=1),
        "boosting": HistGradientBoostingClassifier(random_state=seed),
    }
    found |= {key: score(rival.fit(*both), table.test) for key, rival in rivals.items()}
    for depth in DEPTHS:
        model = soft_forest(table.train, table.classes, seed, depth=depth, **GAP)
        found[f"gap_{depth}"] = score(model, table.train) - score(model, table.test)
    return found


def kept(file: Path | None) -> dict:
    """Finished sets and seeds of an earlier start: `{(name, seed): numbers}`."""
    lines = file.read_text().splitlines() if file and file.exists() else []
    rows = [json.loads(line) for line in lines]
    return {(row["set"], row["seed"]): row for row in rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", default=uci.SETS, choices=uci.SETS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--file", type=Path, help="keeps what is finished, a line each")
    arguments = parser.parse_args()
    done, within = kept(arguments.file), 0
    report = Table("set", *TITLES, "kreg - RF", *(f"gap, depth {depth}" for depth in DEPTHS))
    for name in arguments.sets:
        runs = []
        for seed in range(arguments.seeds):
            key = (name, seed)
            run = done.get(key) or compare(*key)
            if arguments.file and key not in done:
                line = {"set": name, "seed": seed, **run}
                with arguments.file.open("a") as file:
                    file.write(json.dumps(line) + "\n")
            runs.append([run[column] for column in COLUMNS])
        ours, forest, *rest = np.mean(runs, axis=0)
        within += ours >= forest - 1
        cells = [ours, forest, *rest[:2], ours - forest, *rest[2:]]
        report.add_row(name, *(f"{cell:.1f}" for cell in cells))
        print(name, [round(float(cell), 1) for cell in cells], flush=True)
    Console(width=140).print(report)
    print(f"within one point of RandomForest, or better: {within} of {len(arguments.sets)} sets")


if __name__ == "__main__":
    main()
