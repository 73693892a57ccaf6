import keras
import numpy as np

from kreg import layers
from kreg.schedules import Linear


def example():
    inputs = keras.Input((6, 4))
    x = layers.Dropout(Linear(0.0, 0.4, duration=4), name="ramp")(inputs)
    x = layers.ConcreteDropout(0.3, name="learned")(x)
    x = keras.layers.GaussianNoise(0.2, name="gauss")(x)
    x = keras.layers.Dropout(0.0, name="off")(x)
    x = keras.layers.Dense(4, name="dense")(x)
    x = keras.layers.GRU(2, dropout=0.1, recurrent_dropout=0.25, name="gru")(x)
    x = keras.Sequential([keras.Input((2,)), layers.Dropout(0.5, name="inner")], name="part")(x)
    return keras.Model(inputs, x)


def test_rows_name_every_source_of_noise_and_its_present_rate():
    rows = {row.layer: row for row in layers.inventory(example())}
    assert {name: round(row.rate, 6) for name, row in rows.items()} == {
        "ramp": 0.0,
        "learned": 0.3,
        "gauss": 0.2,
        "gru": 0.25,
        "inner": 0.5,
    }
    assert {name for name, row in rows.items() if row.changes} == {"ramp", "learned"}
    assert rows["gru"].kind == "GRU"


def test_rates_that_move_are_ready_for_a_log():
    model = example()
    model(np.ones((1, 6, 4)), training=True)
    rates = layers.noise_rates(model)
    assert set(rates) == {"rate/ramp", "rate/learned"}
    assert abs(rates["rate/ramp"] - 0.1) < 1e-9 and isinstance(rates["rate/ramp"], float)


def test_a_model_without_noise_has_no_rows():
    assert layers.inventory(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])) == []
