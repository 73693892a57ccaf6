"""Which way is better, by the names of Keras's metrics and of kreg's measurements."""

import contextlib
import inspect

import keras
import pytest

from kreg.config.root import OBJECTIVES
from kreg.metric_names import direction, known_direction

ARGUMENTS = ({}, {"num_classes": 3}, {"num_classes": 3, "target_class_ids": [0]}, *(
    {name: 0.5} for name in ("precision", "recall", "sensitivity", "specificity")
))  # fmt: skip


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("val_clean_loss", "min"),
        ("val_mse", "min"),
        ("hinge", "min"),
        ("gap", "min"),
        ("val_kind_loss", "min"),
        ("acc", "max"),
        ("val_sparse_top_k_categorical_accuracy", "max"),
        ("f1_score", "max"),
        ("auc", "max"),
        ("cosine_similarity", "max"),
        ("val_AUC", "max"),
        ("val_clean_F1Score", "max"),
        ("val_MSE", "min"),
    ],
)
def test_directions(name, way):
    assert direction(name) == way


def test_a_name_that_tells_nothing_asks_for_the_mode():
    assert known_direction("val_thing") is None
    assert known_direction("top_1_error") is None  # words of both kinds
    assert direction("val_thing", "max") == "max"
    with pytest.raises(ValueError, match="does not tell which way is better"):
        direction("val_thing")


def test_a_mode_against_a_loss_is_refused():
    with pytest.raises(ValueError, match="Expected 'min' for `val_clean_loss`"):
        direction("val_clean_loss", "max")


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_of_a_sweep_has_a_direction(name):
    larger = name.endswith("accuracy") or name == "sparsity"
    assert direction(name) == ("max" if larger else "min")


def metrics():
    """One of each of Keras's metrics."""
    for _, kind in inspect.getmembers(keras.metrics, inspect.isclass):
        for arguments in ARGUMENTS:
            with contextlib.suppress(TypeError, ValueError):
                yield kind(**arguments)
                break


def test_as_keras_finds_it_for_each_of_its_metrics():
    ways = {"up": "max", "down": "min"}
    told = {m.name: ways[m._direction] for m in metrics() if hasattr(m, "_direction")}
    assert len(told) > 30
    assert {name: known_direction(f"val_{name}") for name in told} == told


def test_a_class_tells_as_much_as_the_metric_that_it_names():
    """`metrics=["AUC"]` is logged as `AUC`, `metrics=[keras.metrics.AUC()]` as `auc`."""
    names = {type(metric).__name__: metric.name for metric in metrics()}
    assert len(names) > 40
    assert {k: known_direction(k) for k in names} == {
        k: known_direction(v) for k, v in names.items()
    }
