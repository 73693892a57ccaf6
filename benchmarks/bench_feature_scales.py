"""Columns that a network drops while it learns: an L1 penalty on RealMLP's learned scales.

    KREG_DATA=... python benchmarks/bench_feature_scales.py [madelon isolet mice_protein leukemia]

`recipe=realmlp reg=l1 reg.weights=features stop=none`, with a strength that grows from 0 to each of
`STRENGTHS` (before anything is learned, a constant one takes every column). The one with the least
clean loss on validation rows counts. Beside it stand the recipe without a penalty, and the recipe
on as many columns as `kreg.select_features` chooses of the training rows. Test rows: the source's
own of madelon and leukemia, a stratified fifth of the others. Printed are columns that are read,
test errors in per cent, and processor seconds; a line of JSON a fit in `--results`.

Madelon, 500 columns: all 39.2 %, 188 columns 19.8 %, 15 columns 21.3 % (chosen), 1 column 37.8 %;
the 15 columns of `select_features` 9.5 %. mice_protein, 77 columns: all, 42 columns (chosen) and 32
0.5 %, 24 columns 1.9 %. isolet, 617 columns: all 2.2 %, 106 columns (chosen) 4.2 %, 77 columns 5.1
%, 54 columns 6.1 %; the 106 columns of `select_features` 6.4 %. The strengths begin where the
steps' rates times strengths add up to what a scale begins with, 1, on madelon (of 3e-3: to 0.3).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

ROOT = Path(__file__).parents[1]
FOLDERS = {
    "madelon": "madelon",
    "isolet": "isolet1560",
    "mice_protein": "mice_protein",
    "leukemia": "leukemia_golub",
}
STRENGTHS = (1e-2, 3e-2, 1e-1)
PENALTY = ("reg=l1", "reg.weights=features")
Rows = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # x, y, test x, test y


def load(name: str) -> Rows:
    """Training and test rows, gaps filled with the training rows' means."""
    from sklearn.model_selection import train_test_split

    with np.load(Path(os.environ["KREG_DATA"]) / FOLDERS[name] / "data.npz") as file:
        found = {key.lower(): file[key] for key in file.files}
    if "x_train" in found:
        x, y, x_test, y_test = (found[k] for k in ("x_train", "y_train", "x_test", "y_test"))
    else:
        x, x_test, y, y_test = train_test_split(
            found["x"], found["y"], test_size=0.2, random_state=0, stratify=found["y"]
        )
    means = np.nanmean(x.astype(float), axis=0)
    x, x_test = (np.where(np.isnan(part), means, part.astype(float)) for part in (x, x_test))
    return x, y, x_test, y_test


def fit(rows: Rows, *words: str) -> dict[str, Any]:
    """The program on these rows: what it says in `result.json`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "rows.npz")
        arrays = dict(zip(("x_train", "y_train", "x_test", "y_test"), rows, strict=True))
        # columns without names are not told
        names = np.array([f"column {number}" for number in range(rows[0].shape[1])])
        np.savez(file, **arrays, feature_names=names)
        data = ["data=npz", f"data.path={file}", "data.task=classification"]
        own = ["recipe=realmlp", "stop=none", "trainer.verbose=quiet", "diagnostics=off"]
        command = [sys.executable, str(ROOT / "train.py"), *data, *own, *words]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed: {done.stderr[-2000:]}")
        (path,) = Path(folder, "logs").glob("*/runs/*/result.json")
        found: dict[str, Any] = json.loads(path.read_text())
        return found


def chosen(rows: Rows, count: int) -> np.ndarray:
    """The columns of `kreg.select_features`, a third of them hidden units."""
    import keras

    import kreg

    x, y = rows[:2]
    y = np.unique(y, return_inverse=True)[1]
    deviation = x.std(axis=0)
    x = ((x - x.mean(axis=0)) / np.where(deviation > 0, deviation, 1)).astype("float32")
    keras.utils.set_random_seed(0)
    units = max(min(x.shape[1] // 3, 256), 2)
    layers = [keras.layers.Dense(units, "relu"), keras.layers.Dense(int(y.max()) + 1)]
    model = keras.Sequential([keras.Input((x.shape[1],)), *layers])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(kreg.optimizers.Adam(1e-3), loss)
    return np.asarray(kreg.select_features(model, x, y, features=count).first(count))


def read(found: dict[str, Any]) -> int:
    """How many columns a network with a penalty on them reads."""
    return int(found["features"]["count"])


def told(name: str, what: str, features: int, found: dict[str, Any], results: Path | None) -> None:
    error = 100 * (1 - found["metrics"]["test_clean_accuracy"])
    row = {"set": name, "what": what, "features": features, "error": round(error, 2)}
    row |= {"val_loss": found["metrics"]["val_clean_loss"], "seconds": found["seconds"]}
    print(json.dumps(row), flush=True)
    if results:
        with results.open("a") as file:
            file.write(json.dumps(row) + "\n")


def growing(l1: float) -> str:
    """A strength that is reached in the last epoch of the recipe."""
    return f"{{kind: linear, start: 0.0, end: {l1}, duration: 256, unit: epoch}}"


def measure(name: str, results: Path | None) -> None:
    rows = load(name)
    columns = rows[0].shape[1]
    told(name, "all", columns, fit(rows), results)
    fits = {l1: fit(rows, *PENALTY, f"reg.l1={growing(l1)}") for l1 in STRENGTHS}
    for l1, found in fits.items():
        told(name, f"l1={l1:g}", read(found), found, results)
    best = min(fits, key=lambda l1: fits[l1]["metrics"]["val_clean_loss"])
    count = read(fits[best])
    print(f"{name}: l1={best:g} has the least validation loss, {count} columns", flush=True)
    if 0 < count < columns:
        began = time.process_time()
        kept = chosen(rows, count)
        took = time.process_time() - began
        found = fit((rows[0][:, kept], rows[1], rows[2][:, kept], rows[3]))
        told(name, f"select_features ({took:.0f} s more)", count, found, results)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=list(FOLDERS))
    parser.add_argument("--results", type=Path)
    given = parser.parse_args()
    for name in given.sets:
        measure(name, given.results)


if __name__ == "__main__":
    main()
