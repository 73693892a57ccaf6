"""`reg.weights=features`: exact zeros in the scales of RealMLP, and the columns that are left."""

import keras
import numpy as np
import pytest

import kreg
from kreg import models, surgery
from kreg.config.validate import ConfigError
from kreg.factories import reg
from kreg.launch.compose import compose_job
from kreg.regularizers.options import L1Options
from kreg.runs import RunDirectory
from kreg.surgery import selected_features
from kreg.training import app

ROWS = 240
RNG = np.random.default_rng(5)


def table(columns=12):
    """A label by the signs of the first two columns, madelon's way; the others are noise."""
    x = np.random.default_rng(5).normal(size=(ROWS, columns)).astype("float32")
    return x, ((x[:, 0] > 0) ^ (x[:, 1] > 0)).astype("int32")


def network(x, **options):
    keras.utils.set_random_seed(0)
    return models.realmlp(
        (x.shape[1],), 1, "binary", **{"width": 32, "depth": 2, "rows": x} | options
    )


def test_the_penalty_goes_to_the_scales_and_the_next_kernel_cannot_undo_it():
    x, _ = table()
    model = network(x)
    kreg.regularize(model, reg.rules(L1Options(l1=0.1, weights="features"), model=model))
    penalties = {w.path: w.regularizer for w in model.weights if w.regularizer is not None}
    assert list(penalties) == ["features/kernel", "hidden_1/kernel"]
    assert penalties["features/kernel"].l1 == 0.1
    cap = penalties["hidden_1/kernel"]
    assert (cap.max_value, cap.axis) == (pytest.approx(np.sqrt(32)), -2)


def test_columns_without_a_scale_are_not_read_and_compress_takes_them_out():
    x, _ = table(5)
    model = network(x)
    model.get_layer("features").set_weights([np.array([1.0, 0.0, 2.0, 0.0, -1.0])])
    model.get_layer("head").set_weights([RNG.normal(size=(32, 1)), np.ones(1)])
    assert selected_features(model, list("abcde")) == ["a", "c", "e"]
    small, report = surgery.compress(model, x, select_inputs=True)
    assert small.input_shape == (None, 3)
    kept = keras.ops.convert_to_numpy(small(x[:, [0, 2, 4]]))
    np.testing.assert_allclose(kept, keras.ops.convert_to_numpy(model(x)), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_two_columns_of_twelve_are_found(tmp_path):
    """Whatever the noise columns say by chance: the two that make the label come first."""
    x, y = table()
    names = [f"noise_{i}" for i in range(12)]
    names[:2] = ["left", "right"]
    lines = [",".join([*names, "y"])]
    lines += [",".join([*map(str, row), f"c{label}"]) for row, label in zip(x, y, strict=True)]
    (tmp_path / "table.csv").write_text("\n".join(lines))
    words = ["recipe=realmlp", "data=csv", f"data.path={tmp_path / 'table.csv'}", "data.target=y"]
    growing = "reg.l1={kind: linear, start: 0.0, end: 0.01, duration: 200, unit: epoch}"
    words += ["reg=l1", "reg.weights=features", growing, "model.width=64", "diagnostics=off"]
    words += ["stop=none"]  # the zeros are in the last weights
    config = compose_job([*words, "trainer.epochs=200", "trainer.batch_size=64"])
    app.run(config, tmp_path / "run")
    result = RunDirectory(tmp_path / "run").result
    found = result["features"]["selected"]
    assert {row["name"] for row in found[:2]} == {"left", "right"} and 2 < len(found) < 12
    assert found[1]["weight"] > 3 * found[2]["weight"]
    assert result["features"]["total"] == 12
    assert result["features"]["weight_is"].startswith("the column's learned scale")


@pytest.mark.parametrize(
    "words", [["model=shallow"], ["model=realmlp", "model.form=full"]], ids=["other", "full"]
)
def test_a_model_without_one_scale_a_column_is_refused(words):
    with pytest.raises(ConfigError, match="reg.weights=features needs a learned scale"):
        compose_job(["data=wine", "reg=l1", "reg.weights=features", *words])
