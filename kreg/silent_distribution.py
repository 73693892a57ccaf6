"""`keras.distribution` spreads a training under JAX; under TensorFlow it is taken and ignored."""

import keras


def refuse_silent_distribution() -> None:
    """Refuse to go on where a distribution was set that has no effect.

    Raises:
        ValueError: If `keras.distribution.set_distribution` was called under TensorFlow.
    """
    asked = keras.distribution.distribution()
    if asked is None or keras.backend.backend() != "tensorflow":
        return
    raise ValueError(
        f"keras.distribution.set_distribution({type(asked).__name__}) has no effect on the "
        "TensorFlow backend: every variable stays on one device, and Keras does not say so. Use "
        "KERAS_BACKEND=jax, or build the model in the scope of a tf.distribute.MirroredStrategy; "
        "keras.distribution.set_distribution(None) takes it back."
    )
