"""Finished runs: a table with words and gaps, prices of six figures, a folder of pictures."""

import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from kreg.launch.compose import compose_job
from kreg.training import app

QUIET = ["trainer.verbose=quiet", "diagnostics.tensorboard=false"]


def people(rows: int, seed: int) -> pd.DataFrame:
    """Who leaves: numbers, words, zip codes with leading zeros, truths with gaps."""
    draw = np.random.default_rng(seed)
    age, job = draw.normal(40, 12, rows).round(1), draw.choice(["cook", "clerk", "nurse"], rows)
    zips, owner = draw.choice(["01", "02", "10"], rows), draw.random(rows) < 0.5
    chance = 1 / (1 + np.exp(-(age - 40) / 6 - 2 * (job == "nurse") - owner))
    left = np.where(draw.random(rows) < chance, "yes", "no")
    frame = pd.DataFrame({"who": [f"p{seed}-{i:04d}" for i in range(rows)], "age": age,
                          "job": job, "zip": zips, "owner": owner, "left": left})  # fmt: skip
    frame.loc[draw.choice(rows, rows // 10, replace=False), "age"] = np.nan
    frame.loc[draw.choice(rows, rows // 20, replace=False), "job"] = None
    return frame


def homes(rows: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    size, age = draw.normal(100, 20, rows), draw.uniform(0, 50, rows)
    price = 1_000 * size - 500 * age + 150_000 + draw.normal(0, 15_000, rows)
    return pd.DataFrame({"size": size, "age": age, "price": price.round()})


def pictures(folder, count: int, seed: int, side: int = 8) -> None:
    """Dark cats and bright dogs."""
    draw = np.random.default_rng(seed)
    for kind, level in {"cat": 60, "dog": 180}.items():
        (folder / kind).mkdir(parents=True)
        for i in range(count):
            pixels = np.clip(draw.normal(level, 30, (side, side, 3)), 0, 255).astype("uint8")
            Image.fromarray(pixels).save(folder / kind / f"{i:02d}.png")


def train(place, *command: str) -> None:
    app.run(compose_job([*command, *QUIET]), place)


@pytest.fixture(scope="session")
def ground(tmp_path_factory):
    """The folder of the data; the training data of each run are gone when it is there."""
    folder = tmp_path_factory.mktemp("prediction")
    people(300, 0).to_csv(folder / "people.csv", index=False)
    people(120, 1).to_csv(folder / "people_test.csv", index=False)
    homes(300, 0).to_csv(folder / "homes.csv", index=False)
    homes(120, 1).to_csv(folder / "homes_test.csv", index=False)
    pictures(folder / "pictures", 20, 0)
    return folder


def table(ground, name: str, target: str, *more: str):
    run = ground / "runs" / name
    files = [f"data.path={ground}/{name}.csv", f"data.test_path={ground}/{name}_test.csv"]
    train(run, "data=csv", *files, f"data.target={target}", *more)
    (ground / f"{name}.csv").unlink()
    return run


@pytest.fixture(scope="session")
def people_run(ground):
    return table(
        ground, "people", "left", "model=shallow", "model.width=8", "dropout=light",
        "trainer.epochs=6", "trainer.operating_point=0.8",
        "data.types={zip: category}",
    )  # fmt: skip


@pytest.fixture(scope="session")
def homes_run(ground):
    return table(ground, "homes", "price", "model=linear", "trainer.epochs=6")


@pytest.fixture(scope="session")
def pictures_run(ground):
    run = ground / "runs" / "pictures"
    train(run, "data=image_folder", f"data.path={ground}/pictures", "model=shallow",
          "model.width=8", "trainer.steps=400", "stop=none", "data.standardise=channel",
    )  # fmt: skip
    shutil.rmtree(ground / "pictures")
    return run
