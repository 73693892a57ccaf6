"""The dropout grid of Gal and Ghahramani: its data, its judgement, and a very small run."""

import json

import keras
import numpy as np
import pytest

from kreg.papers import gal_ghahramani as grid
from kreg.papers import gal_ghahramani_data as tables
from kreg.papers.gal_ghahramani import StackedDense

ROWS = 60


@pytest.fixture
def data_dir(tmp_path):
    folder = tmp_path / "data" / "uci_regression"
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    x = random.normal(3, 2, size=(ROWS, 3))
    x[:, 2] = 7.0  # a constant column
    np.savez(folder / "concrete.npz", X=x, y=10 * x[:, 0] + 5, n_train=54, n_splits=20)
    cells = {key: [[0.1, 0.05, 2.0, 0.5, 20]] for key in (
        "validation_MC_rmse_mean", "validation_rmse_mean", "validation_ll_mean",
    )}  # fmt: skip
    (folder / "reference_results.json").write_text(json.dumps([{"dataset": "concrete", **cells}]))
    return tmp_path / "data"


def test_splits_are_the_published_recipe_and_standardized_on_their_training_rows(data_dir):
    data = tables.load(data_dir / tables.FOLDER, "concrete", 3)
    assert data.x.shape == (43, 3, 3) and data.x_validation.shape == (11, 3, 3)
    np.testing.assert_allclose(data.x.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(data.x.std(axis=0)[:, :2], 1, rtol=1e-5)
    assert np.array_equal(data.x[..., 2], np.zeros((43, 3)))
    np.random.seed(1)
    first = np.random.choice(range(ROWS), ROWS, replace=False)
    with np.load(data_dir / "uci_regression" / "concrete.npz") as file:
        np.testing.assert_allclose(data.y_validation[:, 0], file["y"][first[43:54]])
        restored = data.y[:, 0] * data.scale[0] + data.shift[0]
        np.testing.assert_allclose(restored, file["y"][first[:43]], rtol=1e-5)


def test_stacked_networks_are_trained_as_if_each_were_alone():
    keras.utils.set_random_seed(1)
    x = np.random.default_rng(0).normal(size=(2, 8, 3)).astype("float32")
    layer = StackedDense(2, 4, 0.5, "relu")
    outputs = np.asarray(layer(x))
    kernel, bias = layer.kernel.numpy(), layer.bias.numpy()
    for i in range(2):
        alone = np.maximum(x[i] @ kernel[i] + bias[i], 0)
        np.testing.assert_allclose(outputs[i], alone, rtol=1e-5, atol=1e-6)
    assert float(layer.losses[0]) == pytest.approx(0.5 * (kernel**2).sum(), rel=1e-5)
    assert np.abs(kernel).max() <= (6 / 7) ** 0.5


def test_the_log_likelihood_is_that_of_the_mixture():
    errors = np.random.default_rng(0).normal(size=(5, 7, 2))
    density = np.sqrt(0.3 / (2 * np.pi)) * np.exp(-0.15 * errors**2)
    expected = np.log(density.mean(axis=1)).mean(axis=0)
    np.testing.assert_allclose(grid.log_likelihood(errors, 0.3), expected)


def test_a_small_run_learns_and_writes_its_table(data_dir, tmp_path, capsys):
    result = grid.run(
        tmp_path,
        data_dir=data_dir,
        datasets=("concrete",),
        rates=(0.1,),
        epochs={"concrete": 300},
        samples=20,
        splits=2,
    )
    (row,) = result["rows"]
    assert row["epochs"] == 300 and row["published"]["mc_rmse"] == [2.0, 0.5]
    assert row["mc_rmse"][0] < 10, "a constant prediction has an RMSE of about 20"
    assert row["mc_rmse"][0] < row["rmse"][0], "the mean of the passes beats one pass"
    assert json.loads((tmp_path / "gal_ghahramani.json").read_text())["rows"] == [row]
    assert "of 1 cells within two published standard errors" in capsys.readouterr().out


def test_missing_data_are_told_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.delenv("KREG_DATA", raising=False)
    with pytest.raises(ValueError, match="Set KREG_DATA"):
        grid.run(tmp_path)
    with pytest.raises(ValueError, match="Set KREG_DATA"):
        grid.run(tmp_path, data_dir=tmp_path / "nowhere")
