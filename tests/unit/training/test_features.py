"""The columns that a model reads, with weights in the units of the user's own columns."""

import keras
import numpy as np
import pandas as pd
import pytest

from kreg.data import assemble
from kreg.data.table import from_frame
from kreg.models import linear, shallow
from kreg.training import features


def table(target):
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({
        "size": generator.normal(100, 20, 90), "age": generator.uniform(0, 50, 90),
        "color": generator.choice(["red", "blue"], 90),
    })  # fmt: skip
    frame["y"] = target(frame)
    return frame, assemble(from_frame(frame, "y", name="homes"))


def test_the_weights_of_a_regression_are_those_of_the_columns_of_the_file():
    frame, data = table(lambda f: 1000.0 * f["size"] - 500 * f.age + 7000 * (f.color == "red"))
    model = linear(data.input_shape, data.outputs, data.task)
    x = data.train.x.astype(float)
    solved = np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), data.train.y, rcond=None)[0]
    model.layers[-1].set_weights([solved[:-1], solved[-1]])
    found = features.of(model, data)
    told = {row["name"]: row["weight"] for row in found["selected"]}
    assert told["size"] == pytest.approx(1000, rel=1e-3)
    assert told["age"] == pytest.approx(-500, rel=1e-3)
    assert told["color=red"] - told["color=blue"] == pytest.approx(7000, rel=1e-3)
    assert found["linear"] and "for one unit of the column" in found["weight_is"]
    assert [row["name"] for row in found["selected"]][0] == "size"


def test_zeros_leave_and_the_largest_effect_comes_first():
    _, data = table(lambda f: np.where(f["size"] > 100, "large", "small"))
    model = linear(data.input_shape, data.outputs, data.task)
    names = data.feature_names
    kernel = np.zeros((len(names), 1))
    kernel[names.index("age")], kernel[names.index("size")] = -0.5, 0.25
    model.layers[-1].set_weights([kernel, np.zeros(1)])
    found = features.of(model, data)
    assert (found["total"], found["count"]) == (4, 2)
    assert [row["name"] for row in found["selected"]] == ["age", "size"]
    assert "log odds of `small`" in found["weight_is"] and "dropped" not in found


def test_a_weight_for_each_of_three_classes_and_a_length_in_a_network():
    _, data = table(lambda f: np.select([f.age < 10, f.age < 30], ["new", "used"], "old"))
    model = linear(data.input_shape, data.outputs, data.task)
    (first, *_) = features.of(model, data)["selected"]
    assert set(first["weight"]) == {"new", "used", "old"}
    network = shallow(data.input_shape, data.outputs, data.task, width=5)
    kernel = np.array(keras.ops.convert_to_numpy(network.layers[1].kernel))
    kernel[1] = 0
    network.layers[1].set_weights([kernel, np.zeros(5)])
    found = features.of(network, data)
    assert not found["linear"] and found["count"] == len(data.feature_names) - 1
    lengths = sorted(np.linalg.norm(kernel, axis=1), reverse=True)
    np.testing.assert_allclose([r["weight"] for r in found["selected"]], lengths[:-1], rtol=1e-5)
