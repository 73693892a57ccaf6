"""A program without kreg: loads what `kreg export` wrote by its own runtime, and answers rows.

    python reload.py FORMAT MODEL ROWS.npz OUT.npy

Words come as arrays of unicode. The names of the rows are those of the model's inputs.
"""

import sys

import numpy as np


def by_keras(path, rows):
    import keras
    import tensorflow as tf

    model = keras.models.load_model(path)
    given = {name: tf.constant(column) for name, column in rows.items()}
    return model(given if len(given) > 1 else next(iter(given.values())))


def by_tensorflow(path, rows):
    import tensorflow as tf

    serve = tf.saved_model.load(path).signatures["serving_default"]
    known = serve.structured_input_signature[1]
    assert known.keys() == rows.keys()
    given = {name: tf.constant(column, known[name].dtype) for name, column in rows.items()}
    (found,) = serve(**given).values()
    return found


def by_litert(path, rows):
    import tensorflow as tf

    runner = tf.lite.Interpreter(path).get_signature_runner()
    (found,) = runner(**rows).values()
    return found


def by_onnx(path, rows):
    import onnxruntime

    return onnxruntime.InferenceSession(path).run(None, rows)[0]


RUNTIMES = {"keras": by_keras, "savedmodel": by_tensorflow, "litert": by_litert, "onnx": by_onnx}

if __name__ == "__main__":
    sys.modules["kreg"] = None  # an import of it fails
    to, model, given, out = sys.argv[1:]
    with np.load(given) as archive:
        found = RUNTIMES[to](model, dict(archive))
    np.save(out, np.asarray(found))
