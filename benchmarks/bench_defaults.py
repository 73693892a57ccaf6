"""kreg's defaults beside converged references: no option but data, model and a penalty's strength.

    python benchmarks/bench_defaults.py
    python benchmarks/bench_defaults.py --seeds 1 --only wine,diabetes --longer 2

`model=linear` with an L2 penalty stands beside scikit-learn's converged solver of the same
objective on the same rows; `model=deep` beside the same network trained ten times as long. `ratio`
is kreg's validation loss over the reference's: the aim is at most 1.02, at 30 CPU seconds a row.
Both sides of `deep` are the best epoch of the run. Wine, breast cancer, diabetes, digits, a
synthetic table, and two folders of small pictures that this script makes.
"""

import argparse
import csv
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
QUIET = ["trainer.verbose=quiet", "diagnostics.tensorboard=false"]
L2 = 0.01
SETS = {
    "wine": ["data=wine"],
    "breast_cancer": ["data=breast_cancer"],
    "diabetes": ["data=diabetes"],
    "digits": ["data=digits"],
    "synthetic": ["data=synthetic"],
    "brightness": None,
    "stripes": None,
}
LINEAR = ["model=linear", "reg=l2", f"reg.l2={L2}"]


def pictures(kind: str, folder: Path) -> list[str]:
    """80 noisy pictures in two classes: of two brightnesses, or with stripes of two directions."""
    import keras

    rng = np.random.default_rng(0)
    stripe = np.where(np.arange(16) % 4 < 2, 90, 150)
    means = {"brightness": (59, 170), "stripes": (stripe[:, None, None], stripe[None, :, None])}
    for label, mean in enumerate(means[kind]):
        (folder / str(label)).mkdir(parents=True)
        for i in range(40):
            x = np.clip(mean + rng.normal(0, 60, (16, 16, 3)), 0, 255)
            keras.utils.save_img(folder / str(label) / f"{i}.png", x, scale=False)
    return ["data=image_folder", f"data.path={folder}"]


def train(words: list[str]) -> tuple[float, float, float, str]:
    """`(final clean validation loss, best one of any epoch, CPU seconds, verdict)`."""
    from kreg.launch.compose import compose_job
    from kreg.training import app

    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        app.run(compose_job([*QUIET, *words]), Path(folder))
        seconds = time.process_time() - began
        result = json.loads((Path(folder) / "result.json").read_text())
        with open(Path(folder) / "history.csv", newline="") as file:
            losses = [float(row["val_clean_loss"]) for row in csv.DictReader(file)]
    return result["metrics"]["val_clean_loss"], min(losses), seconds, result["verdict"]


def converged(words: list[str]) -> float:
    """The validation loss of scikit-learn's solver of the objective of `LINEAR`."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.metrics import log_loss, mean_squared_error

    from kreg.launch.compose import compose_job
    from kreg.training import plan, start

    config = compose_job([*QUIET, *words, *LINEAR])
    start.prepare(config.trainer, config.seed)
    made = plan.make(config)
    scale = getattr(made.model.layers[1], "scale", 1.0)
    train, held = made.data.train.in_memory(), made.data.validation.in_memory()
    (x, y), n = (train.flat() * scale, train.y), len(train)
    if made.data.task == "regression":
        fitted = Ridge(alpha=L2 * n).fit(x, y.ravel())
        return float(mean_squared_error(held.y.ravel(), fitted.predict(held.flat() * scale)))
    # two classes have one vector of weights, more have one each
    fitted = LogisticRegression(C=1 / (2 * L2 * n), tol=1e-8, max_iter=20_000).fit(x, y)
    return float(log_loss(held.y, fitted.predict_proba(held.flat() * scale)))


def linear(words: list[str], longer: int) -> tuple[float, float, float, str]:
    loss, _, seconds, verdict = train([*words, *LINEAR])
    return loss, converged(words), seconds, verdict


def deep(words: list[str], longer: int) -> tuple[float, float, float, str]:
    steps = f"trainer.steps={2_400 * longer}"
    _, best, seconds, verdict = train([*words, "model=deep"])
    return best, train([*words, "model=deep", steps, "stop=none"])[1], seconds, verdict


MODELS = {"linear": linear, "deep": deep}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default=",".join(SETS), help="data sets, with commas")
    parser.add_argument("--models", default=",".join(MODELS), help="models, with commas")
    parser.add_argument("--longer", type=int, default=10, help="times the steps of the reference")
    arguments = parser.parse_args()
    table = Table("data", "model", "val loss", "reference", "ratio", "cpu s", "verdicts")
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.only.split(","):
            words = SETS[name] or pictures(name, Path(folder) / name)
            for model in arguments.models.split(","):
                runs = [
                    MODELS[model]([*words, f"seed={seed}"], arguments.longer)
                    for seed in range(arguments.seeds)
                ]
                loss, reference, seconds = np.array([run[:3] for run in runs]).mean(axis=0)
                numbers = (f"{loss:.4f}", f"{reference:.4f}", f"{loss / reference:.3f}")
                said = ", ".join(sorted({run[3] for run in runs}))
                row = [name, model, *numbers, f"{seconds:.1f}", said]
                table.add_row(*row)
                print(*row, sep="  ", flush=True)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
