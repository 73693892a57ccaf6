"""Shared by all tests: a quiet TensorFlow, and Keras state that does not leak between tests."""

import functools
import gc
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import hypothesis
import pytest

# the same examples in every run; `--hypothesis-profile=default` goes looking for new ones
hypothesis.settings.register_profile("fixed", derandomize=True)
hypothesis.settings.load_profile("fixed")


def freeze():
    """What is left after a collection lives until the end: no later collection looks at it."""
    gc.collect()
    gc.freeze()


@functools.cache
def freeze_imports():
    """Once, for what the imported modules hold.

    Each run of kreg starts with a collection, and most of its time went to such objects.
    """
    freeze()
    gc.set_threshold(20_000, 10, 10)  # a traced graph is a hundred thousand objects


@functools.cache
def leave_untuned():
    """No thread tunes the data sets of the tests: deleting an iterator may wait for it a minute.

    A file's last test waited for up to 143 seconds. What `kreg.data.stream` makes has none anyway.
    """
    import tensorflow as tf

    begin = tf.data.Dataset.__iter__

    def untuned(dataset):
        options = tf.data.Options()
        options.autotune.enabled = False
        return begin(dataset.with_options(options))

    tf.data.Dataset.__iter__ = untuned


@pytest.fixture(autouse=True, scope="module")
def let_go():
    """The graphs of a file's tests go with it: those of thousands of tests took half a minute."""
    yield
    if "keras" in sys.modules:
        freeze()


def allow_any_order():
    """After a run with `trainer.deterministic=true` TensorFlow compiles nothing by XLA."""
    if "tensorflow" in sys.modules:
        from tensorflow.python.framework import config

        config.disable_op_determinism()


@pytest.fixture(autouse=True)
def fresh_keras():
    """Float32 policy, empty name registry and a fixed seed, wherever Keras is in use."""
    yield
    if "keras" in sys.modules:
        import keras

        keras.config.set_dtype_policy("float32")
        allow_any_order()
        keras.utils.clear_session(free_memory=False)  # a collection costs 0.5 s a test
        freeze_imports()
    if "tensorflow" in sys.modules:
        leave_untuned()


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """The user's own cache is left alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def traces(monkeypatch):
    """One entry for each time that a training step is written down."""
    from keras import Model

    found, original = [], Model.compute_loss

    def counting(self, *args, training=True, **kwargs):
        found.append(training)
        return original(self, *args, training=training, **kwargs)

    monkeypatch.setattr(Model, "compute_loss", counting)
    return found
