"""The rows of the layer table: nested models, what regularizes a layer, how a part is told."""

import keras
import numpy as np
import pytest

import kreg
from kreg import weight_names
from kreg.measuring.layer_numbers import describe, layer_rows, leaves


def test_the_layer_table_reads_nested_models():
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, name="inside")])
    inputs = keras.Input((4,))
    hidden = keras.layers.Dropout(0.5)(inner(inputs))
    norm = keras.layers.BatchNormalization(name="norm")(hidden)
    constraint = keras.constraints.MaxNorm(2.0)
    outputs = keras.layers.Dense(1, kernel_constraint=constraint, name="out")(norm)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.AdamW(weight_decay=0.01), "mse")
    rows = {row["name"]: row for row in layer_rows(model, {}, {}, {})}
    assert list(rows) == ["inside", "norm", "out"]
    assert rows["inside"]["regularization"] == "weight decay(0.01), Dropout(0.5) after"
    assert "MaxNorm(2) on kernel" in rows["out"]["regularization"]
    assert rows["norm"]["params"] == 20 and "norm" not in rows["norm"]
    assert [layer.name for layer in leaves(model)][1] == "inside"


def test_the_clock_of_a_schedule_is_no_parameter():
    ramp = kreg.schedules.Linear(0.0, 0.5, duration=10)
    told = []
    for rate in (0.25, ramp):
        parts = [keras.layers.Dense(5, name="hidden"), kreg.Dropout(rate), keras.layers.Dense(1)]
        model = keras.Sequential([keras.Input((4,)), *parts])
        model.compile("sgd", "mse")
        rows = layer_rows(model, {}, {}, {})
        told.append((weight_names.parameters(model), [(r["type"], r["params"]) for r in rows]))
    assert told[0] == told[1] == (31, [("Dense", 25), ("Dense", 6)])
    assert model.count_params() == 32, "Keras counts it"


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (keras.layers.Dropout(0.25), "Dropout(0.25)"),
        (keras.regularizers.L1L2(0.0, 0.5), "L1L2(0, l2=0.5)"),
        (kreg.GroupLasso(0.5), "GroupLasso(0.5)"),
        (kreg.GroupLasso(0.5, axis=-1, adaptive=1), "GroupLasso(0.5, axis=-1, adaptive=1)"),
        (keras.constraints.NonNeg(), "NonNeg()"),
    ],
)
def test_a_part_is_told_by_what_is_not_a_default(part, told):
    assert describe(part) == told


def test_a_penalty_of_singular_values_has_its_rank_beside_it():
    layer = keras.layers.Dense(4, kernel_regularizer=kreg.NuclearNorm(0.01), name="low")
    model = keras.Sequential([keras.Input((3,)), layer])
    layer.kernel.assign(np.outer([1.0, 2.0, 3.0], np.ones(4)))
    model.compile(kreg.optimizers.Adam(), "mse")
    (row,) = layer_rows(model, {}, {}, {})
    assert row["regularization"] == "NuclearNorm(0.01) on kernel (rank 1 of 3)"
    assert (row["rank"], row["full_rank"]) == (1, 3)
