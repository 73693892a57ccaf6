"""The refined loss of real models: one number whatever the output's form; a sentence if none."""

import json

import keras
import numpy as np
import pytest

import kreg
from kreg.measuring import clean_evaluator, take
from kreg.measuring.refining import refined

ROWS, CLASSES = 200, 3
X = np.random.default_rng(0).normal(size=(ROWS, CLASSES)).astype("float32")
Y = (X + np.random.default_rng(1).gumbel(size=X.shape)).argmax(axis=1)


def scaled(activation=None, loss="sparse_categorical_crossentropy", units=CLASSES, by=4.0):
    """A model that is `by` times too sure of classes that were drawn of its inputs."""
    layer = keras.layers.Dense(units, activation=activation, use_bias=False)
    model = keras.Sequential([keras.Input((CLASSES,)), layer])
    weight = np.eye(CLASSES) if units == CLASSES else [[-1.0], [1.0], [0.0]]
    layer.set_weights([by * np.array(weight, "float32")])
    model.compile("sgd", loss)
    return model


def measured(model, y=Y, weight=None, rows=ROWS):
    data = (X[:rows], y[:rows]) if weight is None else (X[:rows], y[:rows], weight)
    evaluate, side = clean_evaluator(model), take("validation", data, rows)
    return refined(evaluate(side), evaluate.reader, side.kept), evaluate(side)


def logits(name, **settings):
    return getattr(keras.losses, name)(from_logits=True, **settings)


FORMS = {
    "logits": (lambda: scaled(loss=logits("SparseCategoricalCrossentropy")), Y),
    "probabilities": (lambda: scaled("softmax"), Y),
    "one hot": (lambda: scaled("softmax", "categorical_crossentropy"), np.eye(CLASSES)[Y]),
    "column": (lambda: scaled("softmax"), Y[:, None]),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_form_of_output_and_targets_does_not_matter(form):
    build, y = FORMS[form]
    found, clean = measured(build(), y)
    same, _ = measured(FORMS["logits"][0](), Y)
    assert found.loss == pytest.approx(same.loss, rel=1e-4)
    assert found.temperature == pytest.approx(same.temperature, rel=1e-3) == pytest.approx(4, 0.3)
    assert found.loss < 0.7 * clean.loss
    assert found.examples.mean() == pytest.approx(found.loss, rel=1e-4)


def test_binary_outputs_and_several_labels():
    y = Y[Y < 2]
    for activation, loss in (
        ("sigmoid", "binary_crossentropy"),
        (None, logits("BinaryCrossentropy")),
    ):
        model = scaled(activation, loss, units=1)
        evaluate = clean_evaluator(model)
        side = take("validation", (X[Y < 2], y.astype("float32")), ROWS)
        found = refined(evaluate(side), evaluate.reader)
        assert found.temperature == pytest.approx(4, rel=0.4), activation
    several, clean = measured(
        scaled(None, logits("BinaryCrossentropy")), np.eye(CLASSES)[Y].astype("float32")
    )
    assert several.loss < clean.loss and several.examples.shape == (ROWS,)


def test_saturated_probabilities_are_read_from_the_logits_behind_them():
    found, clean = measured(scaled("softmax", by=400.0))
    assert clean.loss > 20 and 0.5 < found.loss < clean.loss


def test_weights_and_label_smoothing_are_in_it():
    weight = np.where(Y == 0, 3.0, 0.5).astype("float32")
    found, clean = measured(scaled("softmax"), Y, weight)
    assert found.loss < clean.loss
    smooth = logits("CategoricalCrossentropy", label_smoothing=0.1)
    found, clean = measured(scaled(loss=smooth), np.eye(CLASSES)[Y])
    assert found.loss < clean.loss and found.temperature > 4


def test_where_it_means_nothing_a_sentence_says_so():
    focal = scaled("softmax", keras.losses.CategoricalFocalCrossentropy())
    assert "not the plain cross-entropy" in measured(focal, np.eye(CLASSES)[Y])[0]
    assert "29 validation rows" in measured(scaled("softmax"), rows=29)[0]
    assert measured(scaled(loss="mse", units=1), Y.astype("float32"))[0] == ""
    broken = scaled("softmax", by=np.nan)
    assert np.isnan(measured(broken)[0].loss)
    inputs = keras.Input((CLASSES,))
    two = keras.Model(
        inputs, [keras.layers.Dense(CLASSES, "softmax", name=n)(inputs) for n in "ab"]
    )
    two.compile("sgd", ["sparse_categorical_crossentropy"] * 2)
    evaluate = clean_evaluator(two)
    side = take("validation", (X, [Y, Y]), ROWS)
    assert refined(evaluate(side), evaluate.reader).startswith(
        "There is no val_refined_loss: it needs one"
    )


def test_a_real_fit_logs_it_and_keeps_no_scores(tmp_path):
    rng = np.random.default_rng(2)
    x = rng.normal(size=(140, 20)).astype("float32")
    y = (x[:, 0] + rng.normal(size=140) > 0).astype("int32")
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((20,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(2)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.02), loss)
    watch = kreg.Diagnostics((x[:60], y[:60]), (x[60:], y[60:]), verbose=0, probe_training=False)
    history = model.fit(x[:60], y[:60], epochs=20, verbose=0, callbacks=[watch]).history
    refined_loss, clean = history["val_refined_loss"], history["val_clean_loss"]
    assert all(r <= c + 1e-9 for r, c in zip(refined_loss, clean, strict=True))
    assert refined_loss[-1] < 0.8 * clean[-1], "at the end it is far too sure"
    verdict = watch.verdict
    assert verdict.past_best and verdict.removed > 0.5 and "of the rise" in verdict.meaning
    shapes = [np.shape(v) for v in keras.tree.flatten(watch.get_state()["record"])]
    assert all(len(shape) < 2 or shape == (20, 80) for shape in shapes), "one number a row at most"
    assert watch.shared.validation[1].scores is None
    assert json.dumps(watch.document["curves"]["val_refined_loss"])


def test_rows_that_are_all_right_keep_their_clean_loss_and_what_is_restored_by_it():
    """A stopping rule on the refined loss must not take the first epoch without a wrong row."""
    right = X.argmax(axis=1)
    (soft, soft_clean), (sure, _) = (measured(scaled("softmax", by=by), right) for by in (1.0, 4.0))
    assert soft.loss == pytest.approx(soft_clean.loss) and soft.temperature == 1
    assert sure.loss < soft.loss and np.allclose(soft.examples, soft_clean.examples, rtol=1e-4)
    right[0] = (right[0] + 1) % CLASSES
    assert measured(scaled("softmax", by=1.0), right)[0].temperature == 1, "one says as little"
    right[:5] = (X[:5].argmax(axis=1) + 1) % CLASSES
    assert measured(scaled("softmax", by=1.0), right)[0].temperature != 1
