"""Trainings at the edge: too short, too slow, nothing to learn from, ended by a clock."""

import numpy as np
import pytest
import tensorflow as tf

import kreg
from kreg.diagnostics import criteria
from tests.verdicts.known import LOGITS, command, digits, fitted, network, numbers


def test_a_budget_that_is_too_short_is_kept_and_told(tmp_path):
    found = command("data=wine model=linear reg=none trainer.steps=4")(tmp_path)
    assert found["verdict"]["epoch"] == 1 and found["verdict"]["state"] == "TOO EARLY"
    assert found["verdict"]["tone"] == "unknown"


def test_a_rate_of_almost_zero_is_under_trained_and_the_rate_is_named(tmp_path):
    words = "data=wine model=linear reg=none optimizer.learning_rate=1e-12 trainer.epochs=12"
    found = command(f"{words} optimizer.schedule=constant stop=none")(tmp_path)
    assert found["verdict"]["state"] == "UNDER-TRAINED"
    assert "The learning rate was 1e-12 to the end" in found["advice"][0]["text"]


def test_a_loss_of_zero_is_no_success_where_the_targets_are_all_the_same():
    (x, y), (a, b) = numbers()
    model = network(5, 1)
    model.layers[-1].kernel.assign(np.zeros((32, 1)))
    found = fitted(model, "mse", (x, 0 * y), (a, 0 * b))
    assert found["verdict"]["tone"] != "good"
    assert "All training targets are the same" in found["advice"][0]["text"]


def test_rows_without_a_length_are_measured():
    (x, y), validation = digits(200)

    def endless():
        while True:
            yield from zip(np.split(x, 10), np.split(y, 10), strict=True)

    types = (tf.TensorSpec((20, 64), tf.float32), tf.TensorSpec((20,), tf.int64))
    rows = tf.data.Dataset.from_generator(endless, output_signature=types)
    model = network(64, 10)
    model.compile("adam", LOGITS, metrics=["accuracy"])
    watch = kreg.Diagnostics(rows, validation, verbose=0)
    model.fit(rows, steps_per_epoch=10, epochs=9, shuffle=False, verbose=0, callbacks=[watch])
    assert watch.verdict.state == "UNDER-TRAINED"  # 90 steps
    assert watch.verdict.epoch == 9


def test_pictures_that_do_not_vary_have_a_scale(tmp_path):
    x = np.full((60, 4, 4, 3), 7, "uint8")
    np.savez(tmp_path / "own.npz", x=x, y=np.arange(60) % 2)
    words = f"data=npz data.path={tmp_path / 'own.npz'} data.standardise=channel model=shallow"
    found = command(f"{words} model.width=4 trainer.epochs=10")(tmp_path)
    assert found["verdict"]["state"] == "GUESSING"
    assert "No input varies" in found["advice"][0]["text"]


def test_a_bound_in_time_says_that_it_was_the_time():
    (x, y), (a, b) = numbers()
    model = network(5, 1)
    model.compile("sgd", "mse")
    rule = criteria.Budget(seconds=1e-9)
    watch = kreg.Diagnostics((x, y), (a, b), verbose=0)
    stop = kreg.EarlyStopping(criterion=rule, verbose=0)
    model.fit(x, y, epochs=9, verbose=0, callbacks=[watch, stop])
    assert stop.stop_reason == "seconds" and "1e-09 seconds is used up" in stop.sentence
    assert any("seconds is used up" in event["text"] for event in watch.document["events"])
    assert watch.verdict.state == "TOO EARLY"


@pytest.mark.parametrize("word", ["0", "-1"])
def test_a_rate_that_cannot_train_is_refused(word):
    from kreg.config.validate import ConfigError
    from kreg.launch.compose import compose_job

    with pytest.raises(ConfigError, match=r"optimizer.learning_rate"):
        compose_job([f"optimizer.learning_rate={word}"])
