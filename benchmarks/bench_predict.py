"""`kreg predict` beside pandas with a scikit-learn pipeline, and on pictures: speed, memory.

    python benchmarks/bench_predict.py [--rows 1000000] [--pictures 10000] [--side 224]

A table of 24 columns of numbers and 6 of words, gaps in both, as CSV; both programs write a CSV of
class and probabilities. kreg's model is an MLP of one hidden layer of 64, and so is the pipeline's
`MLPClassifier`, behind the median, the standardisation and the one-hot columns that kreg fits, too.
Each program is a process of its own: its processor time and its peak memory are those of the whole
process, start and imports included; "start" is the same with 100 rows. The pictures are JPEG files,
resized to 32 x 32 in the reader, with a small convolutional network.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

NUMBERS, WORDS, LEVELS, FEW = 24, 6, 8, 100
TRAINED_ON = 2_000
QUIET = ["trainer.epochs=3", "trainer.verbose=quiet", "logger=none"]
PEER = """
import sys
import joblib, pandas
rows = pandas.read_csv(sys.argv[2])
model = joblib.load(sys.argv[1])
chances = model.predict_proba(rows)
found = pandas.DataFrame(chances, columns=[f"probability_{c}" for c in model.classes_])
found.insert(0, "prediction", model.classes_[chances.argmax(axis=1)])
found.to_csv(sys.argv[3], index=False)
"""


def table(rows: int, seed: int) -> pd.DataFrame:
    """Numbers and words with gaps; the truth depends on both."""
    draw = np.random.default_rng(seed)
    values = draw.normal(size=(rows, NUMBERS)).round(4)
    words = draw.integers(0, LEVELS, size=(rows, WORDS))
    truth = values[:, 0] + values[:, 1] * values[:, 2] + 0.5 * (words[:, 0] > 3)
    values[draw.random(values.shape) < 0.02] = np.nan
    frame = pd.DataFrame(values, columns=[f"number_{i}" for i in range(NUMBERS)])
    for place in range(WORDS):
        column = pd.Series([f"level {level}" for level in words[:, place]])
        frame[f"word_{place}"] = column.where(draw.random(rows) > 0.02)
    return frame.assign(truth=np.where(truth > 0, "yes", "no"))


def train_ours(frame: pd.DataFrame, folder: Path) -> Path:
    frame.to_csv(folder / "train.csv", index=False)
    run = folder / "run"
    train(run, "data=csv", f"data.path={folder}/train.csv", "data.target=truth", "model=shallow")
    return run


def train(run: Path, *options: str) -> None:
    command = [sys.executable, "-m", "kreg", "train", *options, f"hydra.run.dir={run}", *QUIET]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def train_theirs(frame: pd.DataFrame, folder: Path) -> Path:
    import joblib
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
    )
    network = MLPClassifier((64,), max_iter=3, random_state=0)
    model = make_pipeline(columns, network)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # three epochs are no convergence
        model.fit(frame.drop(columns="truth"), frame["truth"])
    joblib.dump(model, folder / "pipeline.joblib")
    return folder / "pipeline.joblib"


def pictures(folder: Path, count: int, side: int) -> Path:
    """Dark and bright noise, half of each class."""
    draw = np.random.default_rng(0)
    for number in range(count):
        name, level = (("dark", 80), ("bright", 170))[number % 2]
        (folder / name).mkdir(parents=True, exist_ok=True)
        pixels = np.clip(draw.normal(level, 40, (side, side, 3)), 0, 255).astype("uint8")
        Image.fromarray(pixels).save(folder / name / f"{number:06d}.jpg", quality=85)
    return folder


def measured(command: list[str]) -> tuple[float, float]:
    """Processor seconds and peak MiB of a process."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"{command} failed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def report(name: str, rows: int, command: list[str], start: list[str]) -> None:
    """One line: what is beyond the start is told as rows a second."""
    (seconds, memory), (begin, _) = measured(command), measured(start)
    rate = rows / max(seconds - begin, 1e-9)
    print(f"{name:<26} {rows:>10,} {seconds:>8.1f} {begin:>8.1f} {rate:>12,.0f} {memory:>8,.0f}")


def predicting(run: Path, rows: Path, folder: Path) -> list[str]:
    return [sys.executable, "-m", "kreg", "predict", str(run), str(rows), "--out",
            str(folder / "ours.csv")]  # fmt: skip


def of_tables(rows: int, folder: Path) -> None:
    known = table(TRAINED_ON, 0)
    run, pipeline = train_ours(known, folder), train_theirs(known, folder)
    new, few = folder / "new.csv", folder / "few.csv"
    table(rows, 1).drop(columns="truth").to_csv(new, index=False)
    pd.read_csv(new, nrows=FEW).to_csv(few, index=False)
    peer = [sys.executable, "-c", PEER, str(pipeline)]
    out = str(folder / "theirs.csv")
    report("kreg predict", rows, predicting(run, new, folder), predicting(run, few, folder))
    report("pandas + scikit-learn", rows, [*peer, str(new), out], [*peer, str(few), out])


def of_pictures(count: int, side: int, folder: Path) -> None:
    known, new = pictures(folder / "known", 100, side), pictures(folder / "new", count, side)
    few, run = pictures(folder / "few", FEW, side), folder / "pictures"
    train(run, "data=image_folder", f"data.path={known}", "data.size=[32,32]", "model=cnn")
    ours = [predicting(run, where, folder) for where in (new, few)]
    report(f"kreg predict, {side} px", count, *ours)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--side", type=int, default=224)
    asked = parser.parse_args()
    heads = ("rows", "CPU s", "start", "rows/CPU s", "MiB")
    print(f"{'':<26} {heads[0]:>10} {heads[1]:>8} {heads[2]:>8} {heads[3]:>12} {heads[4]:>8}")
    with tempfile.TemporaryDirectory() as folder:
        if asked.rows:
            of_tables(asked.rows, Path(folder))
        if asked.pictures:
            of_pictures(asked.pictures, asked.side, Path(folder))


if __name__ == "__main__":
    main()
