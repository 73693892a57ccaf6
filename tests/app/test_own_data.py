"""A new user's path: a table with strings and gaps, and a folder of images, by one command each."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.app import here


def train(folder, *arguments) -> dict:
    """The result of `python train.py ...` run in `folder`."""
    assert here.train(folder, *arguments, "trainer.verbose=quiet") == 0
    (path,) = (folder / "logs").glob("*/runs/*/result.json")
    return json.loads(path.read_text())


def write_adult(path, rows=None) -> None:
    """The Adult census data as the CSV that a user would have: strings, and `?` for unknown."""
    archive = np.load(Path(os.environ["KREG_DATA"], "uci_classification", "adult.npz"))
    x = np.concatenate([archive["X_train"], archive["X_test"]])[:rows]
    y = np.concatenate([archive["y_train"], archive["y_test"]])[:rows]
    columns = {}
    for i, name in enumerate(archive["feature_names"].astype(str)):
        levels = json.loads(archive["categories"][i])
        coded = levels is not None
        columns[name] = [levels[v] if v >= 0 else "?" for v in x[:, i]] if coded else x[:, i]
    columns["income"] = archive["class_names"].astype(str)[y]
    pd.DataFrame(columns).to_csv(path, index=False)


def write_images(folder, rows=30) -> None:
    """Two classes of 8 x 8 colour images: dark above, or dark below."""
    from PIL import Image

    generator = np.random.default_rng(0)
    for label, name in enumerate(("dark above", "dark below")):
        (folder / name).mkdir(parents=True)
        for i in range(rows):
            pixels = generator.integers(100, 255, (8, 8, 3), np.uint8)
            pixels[4 * label : 4 * label + 4] //= 3
            Image.fromarray(pixels).save(folder / name / f"{i}.png")


def test_an_image_folder_is_trained_by_one_command(tmp_path):
    write_images(tmp_path / "photos")
    result = train(
        tmp_path, "data=image_folder", "data.path=photos", "model=shallow", "trainer.epochs=6",
        "augment=light",
    )  # fmt: skip
    assert result["status"] == "done"
    assert result["metrics"]["test_clean_accuracy"] >= 0.9
    speed = result["pictures"]
    assert 0 < speed["share"] <= 1 and speed["input_per_second"] > 0
    (page,) = tmp_path.glob("logs/*/runs/*/report.html")
    assert speed["told"] in page.read_text() and speed["told"].startswith(
        f"{speed['per_second']:,.0f} a second in training"
    )


def test_a_table_with_strings_and_gaps_is_trained_by_one_command(tmp_path):
    generator = np.random.default_rng(0)
    town = generator.choice(["Ulm", "Bonn", "Kiel", "?"], 400)
    size = generator.normal(100, 20, 400)
    rich = (town == "Bonn") | (size > 120)
    frame = pd.DataFrame({"size": np.where(size < 70, np.nan, size), "town": town})
    frame.assign(rich=np.where(rich, "yes", "no")).to_csv(tmp_path / "own.csv", index=False)
    result = train(
        tmp_path, "data=csv", "data.path=own.csv", "data.target=rich", "model=shallow",
        "trainer.epochs=15",
    )  # fmt: skip
    assert result["metrics"]["test_clean_accuracy"] >= 0.85


@pytest.mark.slow
def test_a_table_and_no_word_on_the_model_is_tabm(tmp_path):
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(120, 3)), columns=["u", "v", "w"])
    frame.assign(y=np.where(frame["u"] > 0, "yes", "no")).to_csv(tmp_path / "t.csv", index=False)
    words = ["data=csv", "data.path=t.csv", "data.target=y", "trainer.epochs=1", "dropout=none"]
    assert train(tmp_path, *words)["status"] == "done"
    (record,) = (tmp_path / "logs").glob("*/runs/*/config.json")
    chosen = json.loads(record.read_text())
    assert [chosen[group]["kind"] for group in ("model", "reg", "dropout")] == [
        "tabm", "none", "none",
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif("KREG_DATA" not in os.environ, reason="needs KREG_DATA")
def test_adult_as_a_csv_with_its_strings(tmp_path):
    write_adult(tmp_path / "adult.csv")
    result = train(
        tmp_path, "data=csv", "data.path=adult.csv", "data.target=income", "trainer.epochs=5",
        "trainer.batch_size=256", "model=deep",
    )  # fmt: skip
    assert result["metrics"]["test_clean_accuracy"] >= 0.84
