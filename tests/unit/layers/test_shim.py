import keras

from kreg.layers import shim


def test_the_private_walk_still_sees_inside_wrappers_attributes_and_nested_models():
    inner = keras.Sequential([keras.Input((3, 4)), keras.layers.Dropout(0.1, name="deep")])
    inputs = keras.Input((3, 4))
    attended = keras.layers.MultiHeadAttention(1, 2, dropout=0.2)(inputs, inputs)
    x = keras.layers.TimeDistributed(keras.layers.GaussianNoise(0.1, name="wrapped"))(attended)
    model = keras.Model(inputs, keras.layers.Bidirectional(keras.layers.LSTM(2))(inner(x)))
    found = shim.all_layers(model)
    names = {layer.name for layer in found}
    assert {"deep", "wrapped"} <= names
    kinds = [type(layer) for layer in found]
    assert kinds.count(keras.layers.LSTM) >= 2
    assert kinds.count(keras.layers.Dropout) == 2, "the attention's inner Dropout, and `deep`"
