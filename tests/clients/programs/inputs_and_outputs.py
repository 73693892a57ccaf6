"""Three inputs and two outputs, after Keras's guide functional_api: losses and weights by name."""

import keras
import numpy as np

import kreg

rng = np.random.default_rng(0)
inputs = {
    "title": rng.integers(0, 20, (96, 5)).astype("int32"),
    "body": rng.integers(0, 20, (96, 9)).astype("int32"),
    "tags": rng.integers(0, 2, (96, 3)).astype("float32"),
}
targets = {
    "priority": rng.random((96, 1)).astype("float32"),
    "department": np.eye(4, dtype="float32")[rng.integers(0, 4, 96)],
}


def rows(part):
    return tuple(
        {name: values[part] for name, values in side.items()} for side in (inputs, targets)
    )


train_rows, val_rows = rows(slice(48)), rows(slice(48, None))


def make_model():
    title, body = keras.Input((None,), name="title"), keras.Input((None,), name="body")
    tags = keras.Input((3,), name="tags")
    embed = keras.layers.Embedding(20, 6)
    words = keras.layers.GlobalAveragePooling1D()
    x = keras.layers.concatenate([words(embed(title)), words(embed(body)), tags])
    priority = keras.layers.Dense(1, name="priority")(x)
    department = keras.layers.Dense(4, name="department")(x)
    model = keras.Model(
        {"title": title, "body": body, "tags": tags},
        {"priority": priority, "department": department},
    )
    kreg.regularize(model, kreg.L1(1e-3))
    model.compile(
        kreg.optimizers.RMSprop(1e-2),
        loss={
            "priority": keras.losses.BinaryCrossentropy(from_logits=True),
            "department": keras.losses.CategoricalCrossentropy(from_logits=True),
        },
        loss_weights={"priority": 1.0, "department": 0.2},
    )
    return model


def train(callbacks):
    model = make_model()
    model.fit(
        *train_rows,
        validation_data=val_rows,
        epochs=3,
        batch_size=24,
        callbacks=callbacks,
        verbose=0,
    )
    return model


def callbacks():
    return [kreg.Diagnostics(train=train_rows, validation=val_rows), kreg.EarlyStopping(patience=3)]


def by_hand(model):
    def loss(x, y):
        found = {name: np.asarray(value) for name, value in model(x, training=False).items()}
        z, t = found["priority"], y["priority"]
        priority = (np.logaddexp(0, z) - t * z).mean()
        scores = found["department"]
        logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return priority - 0.2 * (y["department"] * logs).sum(axis=1).mean()

    return {"clean_loss": loss(*train_rows), "val_clean_loss": loss(*val_rows)}


def sample():
    return {name: values[:4] for name, values in inputs.items()}
