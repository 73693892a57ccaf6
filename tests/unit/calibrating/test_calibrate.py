"""`kreg.calibrate`: a stock layer, the same classes, a smaller loss; and `calibrate=true`."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest

import kreg
from kreg.launch.compose import compose_job
from kreg.pages import Report
from kreg.runs import RunDirectory, summary
from kreg.training import app

ROWS, CLASSES = 300, 3
X = np.random.default_rng(0).normal(size=(ROWS, CLASSES)).astype("float32")
Y = (X + np.random.default_rng(1).gumbel(size=X.shape)).argmax(axis=1)
BINARY = (Y > 0).astype("float32")


def sure(last, units=CLASSES, by=4.0, loss="sparse_categorical_crossentropy", sequential=False):
    """A model that is far too sure; `last` makes its last layers of scores."""
    first = keras.layers.Dense(units, use_bias=False, name="scores", activation=last[0])
    weight = np.eye(CLASSES) if units == CLASSES else [[-1.0], [1.0], [1.0]]
    inputs = keras.Input((CLASSES,))
    layers = [first, *last[1:]]
    if sequential:
        model = keras.Sequential([inputs, *layers])
    else:
        x = inputs
        for layer in layers:
            x = layer(x)
        model = keras.Model(inputs, x)
    first.set_weights([by * np.array(weight, "float32")])
    model.compile(kreg.optimizers.Adam(), loss)
    return model


def logits(name="SparseCategoricalCrossentropy"):
    return getattr(keras.losses, name)(from_logits=True)


MODELS = {
    "logits": lambda: (sure([None], loss=logits()), Y),
    "sequential logits": lambda: (sure([None], loss=logits(), sequential=True), Y),
    "softmax": lambda: (sure(["softmax"]), Y),
    "sequential softmax": lambda: (sure(["softmax"], sequential=True), Y),
    "Softmax layer": lambda: (sure([None, keras.layers.Softmax()]), Y),
    "Activation layer": lambda: (sure([None, keras.layers.Activation("softmax")]), Y),
    "one hot": lambda: (sure(["softmax"], loss="categorical_crossentropy"), np.eye(CLASSES)[Y]),
    "sigmoid": lambda: (sure(["sigmoid"], 1, loss="binary_crossentropy"), BINARY),
    "binary logits": lambda: (sure([None], 1, loss=logits("BinaryCrossentropy")), BINARY),
}


def decided(outputs, logit):
    threshold = 0.0 if logit else 0.5
    return outputs.argmax(axis=1) if outputs.shape[1] > 1 else outputs[:, 0] > threshold


@pytest.mark.parametrize("kind", MODELS)
def test_the_loss_falls_and_no_class_changes(kind):
    model, y = MODELS[kind]()
    before = model.predict(X, verbose=0)
    calibrated, found = kreg.calibrate(model, X, y)
    after = calibrated.predict(X, verbose=0)
    np.testing.assert_allclose(calibrated(X, training=False), after, rtol=1e-5)  # called alike
    logit = "logits" in kind
    np.testing.assert_array_equal(decided(before, logit), decided(after, logit))
    assert found.changed == 0 and found.temperature > 2
    np.testing.assert_array_equal(model.predict(X, verbose=0), before)
    calibrated.compile(loss=model.loss)
    losses = [float(one.evaluate(X, y, verbose=0)) for one in (model, calibrated)]
    assert losses == pytest.approx(list(found.loss), rel=1e-3) and losses[1] < 0.8 * losses[0]
    assert found.ece[1] < 0.5 * found.ece[0]
    assert sum(type(layer) is keras.layers.Rescaling for layer in calibrated.layers) == 1


@pytest.mark.parametrize("kind", ["softmax", "binary logits"])
def test_it_is_saved_stripped_and_calibrated_again_like_any_model(kind, tmp_path):
    model, y = MODELS[kind]()
    calibrated, _ = kreg.calibrate(model, X, y)
    stripped = kreg.strip(calibrated)
    stripped.save(tmp_path / "production.keras")
    assert "kreg" not in json.dumps(stripped.get_config())
    again = keras.saving.load_model(tmp_path / "production.keras")
    expected = calibrated.predict(X, verbose=0)
    np.testing.assert_allclose(again.predict(X, verbose=0), expected, rtol=1e-5)
    calibrated.compile(loss=model.loss)
    _, second = kreg.calibrate(calibrated, X, y)
    assert second.temperature == pytest.approx(1, abs=1e-3)


def test_a_vector_is_at_least_as_good_and_learns_an_offset():
    shifted = np.concatenate([X[Y == 0], X[Y != 0][:40]])
    y = np.concatenate([Y[Y == 0], Y[Y != 0][:40]])
    model = sure([None], loss=logits())
    _, one = kreg.calibrate(model, shifted, y)
    made, several = kreg.calibrate(model, shifted, y, method="vector")
    assert several.loss[1] < one.loss[1] and several.temperature is None
    layer = made.layers[-1]
    assert layer.offset[0] > max(layer.offset[1:]), "the class that is more frequent here"
    made.compile(loss=model.loss)
    assert float(made.evaluate(shifted, y, verbose=0)) == pytest.approx(several.loss[1], rel=1e-3)


def test_label_smoothing_does_not_smooth_the_temperature():
    smooth = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.3)
    _, plain = kreg.calibrate(sure([None], loss=logits()), X, Y)
    _, found = kreg.calibrate(sure([None], loss=smooth), X, np.eye(CLASSES)[Y])
    assert found.temperature == pytest.approx(plain.temperature, rel=1e-4)


def test_what_cannot_be_calibrated_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="a cross-entropy"):
        kreg.calibrate(sure([None], 1, loss="mse"), X, BINARY)
    bare = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="not compiled"):
        kreg.calibrate(bare, X, Y)
    hidden = sure(["softmax", keras.layers.Reshape((CLASSES,))])
    with pytest.raises(ValueError, match="last layer 'reshape"):
        kreg.calibrate(hidden, X, Y)
    with pytest.raises(ValueError, match="finite"):
        kreg.calibrate(sure([None], by=np.nan, loss=logits()), X, Y)
    with pytest.raises(ValueError, match="'temperature', 'vector'|temperature.*vector"):
        kreg.calibrate(sure(["softmax"]), X, Y, method="isotonic")


@pytest.mark.parametrize("name", ["softmax", "one hot", "sigmoid", "binary logits"])
def test_rows_that_are_all_right_leave_the_model_as_sure_as_it_is(name):
    """Their loss falls for ever as the temperature goes to 0, and says nothing of other rows."""
    model, _ = MODELS[name]()
    told = model.predict(X, verbose=0)
    y = decided(told, "logits" in name).astype(int)
    y = np.eye(CLASSES)[y] if name == "one hot" else y
    with pytest.warns(UserWarning, match="None of the 300 rows is wrong"):
        calibrated, found = kreg.calibrate(model, X, y)
    assert found.temperature == 1.0 and found.loss[0] == found.loss[1]
    np.testing.assert_allclose(calibrated.predict(X, verbose=0), told, rtol=1e-5)
    weights = np.ones(ROWS)
    other = y.copy()
    other[:5] = np.roll(y[:5], 1, axis=-1) if name == "one hot" else (y[:5] + 1) % 2
    assert kreg.calibrate(model, X, other)[1].temperature != 1.0  # five wrong rows are enough
    weights[:5] = 0.0
    with pytest.warns(UserWarning, match="None of the 300 rows is wrong"):
        kreg.calibrate(model, X, other, weights)


def test_a_few_wrong_rows_make_a_model_less_sure_and_never_surer():
    """How often it errs they tell to 1 over the root of their number."""
    right = X.argmax(axis=1)
    far = np.argsort(np.abs(np.diff(np.sort(X, axis=1)[:, -2:])).ravel())
    for count, told in ((1, "1 of the 300 rows is wrong"), (4, "4 of the 300 rows are wrong")):
        y = right.copy()
        y[far[:count]] = np.argsort(X, axis=1)[far[:count], -2]  # wrong by a hair
        calm = sure([None], by=2.0, loss=logits())
        with pytest.warns(UserWarning, match=told):
            assert kreg.calibrate(calm, X, y)[1].temperature == 1.0
        with pytest.warns(UserWarning, match=told):
            assert kreg.calibrate(calm, X, y, method="vector")[1].changed == 0
        y = right.copy()
        y[far[-count:]] = np.argsort(X, axis=1)[far[-count:], 0]  # and surely wrong
        assert kreg.calibrate(sure([None], by=40.0, loss=logits()), X, y)[1].temperature > 1.5
    y[far[:5]] = np.argsort(X, axis=1)[far[:5], -2]
    y[far[-4:]] = right[far[-4:]]
    assert kreg.calibrate(calm, X, y)[1].temperature < 0.8


# the command line

RUN = ["model=wide", "reg=none", "trainer.epochs=12", "trainer.verbose=quiet", "stop=none"]
BARE = ["logger=none", "diagnostics.probe_training=false"]


def run(folder, *words):
    app.run(compose_job([*RUN, *BARE, *words]), folder)
    return RunDirectory(folder).result


def test_calibrate_true_keeps_the_calibrated_model_and_writes_what_changed(tmp_path):
    small = ["data=digits", "data.train_size=60", "optimizer.learning_rate=0.01"]
    result = run(tmp_path / "run", *small, "calibrate=true")
    found = result["calibration"]
    assert found["rows"] == 270 and found["temperature"] > 0
    before, after = found["validation"]["loss"]
    assert (
        after <= before and found["validation"]["accuracy"][0] == found["validation"]["accuracy"][1]
    )
    kept = result["calibrated_metrics"]  # `metrics` has the same names, of the model as trained
    assert kept.keys() <= result["metrics"].keys() and "clean_loss" in kept
    for name, side in (("val", "validation"), ("test", "test")):
        assert kept[f"{name}_clean_loss"] == pytest.approx(found[side]["loss"][1], rel=1e-4)
        assert kept[f"{name}_clean_accuracy"] == pytest.approx(found[side]["accuracy"][1])
    model = keras.saving.load_model(tmp_path / "run" / "best.keras")
    assert isinstance(model.layers[-1], keras.layers.Rescaling)
    assert model.layers[-1].scale == pytest.approx(1 / found["temperature"])
    document = json.loads((tmp_path / "run" / "report.json").read_text())
    assert document["calibrated"]["test"]["after"]["bins"]
    page = (tmp_path / "run" / "report.html").read_text()
    assert "divided by a temperature" in page and "of the model as trained; best.keras" in page
    assert "test, calibrated" in page
    assert "temperature" in Report(document).markdown()
    told = dict(summary.lines(result, tmp_path / "run"))
    assert told["calibrated"].startswith("temperature")
    assert all(line["id"] != "calibrate" for line in document["advice"])


def test_a_regression_says_why_it_is_not_calibrated(tmp_path):
    result = run(tmp_path / "run", "data=diabetes", "data.train_size=40", "calibrate=true")
    assert result["calibration"] is None and result["calibrated_metrics"] is None
    assert any("calibrate=true changes nothing" in text for text in result["warnings"])


def test_validation_rows_that_are_all_right_are_a_sentence(tmp_path):
    rows = "".join(f"{side * 5 + i / 100},{side}\n" for i in range(100) for side in (0, 1))
    (tmp_path / "apart.csv").write_text("x,y\n" + rows)
    words = ["data=csv", f"data.path={tmp_path / 'apart.csv'}", "data.target=y", "calibrate=true"]
    result = run(tmp_path / "run", *words, "data.types={y: category}")
    assert result["metrics"]["val_clean_accuracy"] == 1.0 and result["calibration"] is None
    assert any("None of the" in text and "is wrong" in text for text in result["warnings"])


@pytest.mark.slow
def test_plain_keras_alone_loads_what_was_kept(tmp_path):
    run(tmp_path / "run", "data=breast_cancer", "calibrate=true", "optimizer.learning_rate=0.01")
    program = (
        "import sys, keras; model = keras.saving.load_model(sys.argv[1], compile=False); "
        "assert 'kreg' not in sys.modules; print(model.layers[-1].name)"
    )
    place = str(tmp_path / "run" / "best.keras")
    done = subprocess.run([sys.executable, "-c", program, place], capture_output=True, text=True)
    assert done.stdout.strip() == "calibration", done.stderr
