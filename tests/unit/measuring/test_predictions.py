"""What a loss tells about the task, and how predictions are read."""

import keras
import pytest

from kreg.measuring.predictions import prediction_reader


@pytest.mark.parametrize(
    ("loss", "task", "kind"),
    [
        ("sparse_categorical_crossentropy", "classification", "sparse"),
        (keras.losses.CategoricalCrossentropy(from_logits=True), "classification", "one_hot"),
        ("binary_crossentropy", "binary", "binary"),
        ("mse", "regression", None),
        ({"a": "mse"}, None, None),
        (lambda y, p: p, None, None),
    ],
)
def test_what_a_loss_says_about_the_task(loss, task, kind):
    class Compiled:
        pass

    Compiled.loss = loss
    found = prediction_reader(Compiled)
    assert (found.task, found.kind) == (task, kind)
    assert found.from_logits == isinstance(loss, keras.losses.CategoricalCrossentropy)
