"""Feature selection: the selectors find the features that matter, and a very small run."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from kreg.papers import feature_selection as experiment
from kreg.papers import feature_selection_data as tables

DATA = os.environ.get("KREG_DATA")
USEFUL = 4
OURS = "kreg.select_features"


@pytest.fixture
def data_dir(tmp_path):
    folder = tmp_path / "data" / "mice_protein"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 300)
    x = rng.normal(size=(300, 20))
    x[:, :USEFUL] += 2.5 * rng.normal(size=(3, USEFUL))[y]
    x[5, 7] = np.nan
    np.savez(folder / "data.npz", X=x, y=y + 1)
    return tmp_path / "data"


@pytest.mark.slow
def test_a_small_run_chooses_the_features_that_matter(data_dir, tmp_path, capsys):
    quick = {"steps": 1000, "path_steps": 20, "selectors": ["all features", OURS]}
    result = experiment.run(
        tmp_path, datasets=["mice"], data_dir=data_dir, features=USEFUL, **quick
    )
    by = {row["selector"]: row for row in result["rows"]}
    ours, whole = by[OURS], by["all features"]
    assert ours["features"] <= USEFUL and whole["features"] == 20
    assert ours["accuracy"] > 85, "chance is a third"
    assert by[tables.NETWORK] == {
        "data": "mice", "selector": tables.NETWORK, "accuracy": 95.8, "features": 50,
        "published": True,
    }  # fmt: skip
    assert json.loads((tmp_path / "feature_selection.json").read_text()) == result
    assert "unconfirmed" in capsys.readouterr().out


@pytest.mark.parametrize("choose", list(experiment.SELECTORS.values())[1:4])
def test_selectors_of_scikit_learn_keep_to_the_number(choose, data_dir):
    data = tables.load(data_dir, "mice", seed=0)
    chosen = choose(data, USEFUL, 0, 1)
    assert len(chosen) <= USEFUL and np.isin(chosen, range(USEFUL)).sum() >= 3


def test_rows_are_filled_and_scaled_by_the_training_rows(data_dir):
    data = tables.load(data_dir, "mice", seed=0)
    assert data.x.shape == (240, 20) and data.x_test.shape == (60, 20)
    assert np.isfinite(data.x).all() and np.isfinite(data.x_test).all()
    np.testing.assert_allclose([data.x.min(), data.x.max()], [0, 1], atol=1e-6)
    assert (data.hidden, data.classes, data.y.min()) == (6, 3, 0)


@pytest.mark.skipif(not DATA, reason="KREG_DATA is not set")
def test_the_sets_have_the_published_shapes():
    shapes = {name: tables.read(Path(DATA), name)[0].shape for name in tables.PUBLISHED}
    assert shapes == {"mice": (1080, 77), "isolet": (1560, 617), "mnist": (10_000, 784)}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"features": 0}, "features"),
        ({"datasets": ["coil"]}, "datasets"),
        ({"selectors": ["luck"]}, "selectors"),
    ],
)
def test_bad_arguments_are_sentences(arguments, named, tmp_path):
    with pytest.raises(ValueError, match=f"`{named}`"):
        experiment.run(tmp_path, data_dir=tmp_path, **arguments)


def test_missing_data_are_told_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.delenv("KREG_DATA", raising=False)
    with pytest.raises(ValueError, match="Set KREG_DATA"):
        experiment.run(tmp_path)
