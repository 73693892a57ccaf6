"""One record, one epoch, one result: in any batch, thread, order, shard, process or resume."""

import inspect
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from kreg import augment
from kreg.schedules import Linear

RECORDS = 80


def stages():
    return [
        augment.RandomCrop(12, 12, padding=2),
        augment.RandomFlip(),
        augment.RandomRotation(0.05),
        augment.ColorJitter(0.2, 0.2, 0.2),
        augment.GaussianNoise(0.05),
        augment.RandomErasing(),
    ]


@pytest.fixture(scope="module")
def pipeline():
    return augment.Pipeline(stages(), seed=11)


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(3).integers(0, 256, (RECORDS, 12, 12, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def expected(pipeline, x):
    """Epochs 0 and 1 of all records, as one batch."""
    every = np.arange(RECORDS)
    return [pipeline(x, every, index=every, epoch=e)[0].numpy() for e in (0, 1)]


@pytest.fixture(scope="module")
def records(x):
    return tf.data.Dataset.from_tensor_slices((x, np.arange(RECORDS)))


def collected(dataset):
    """Images in the order of their records, which the labels tell."""
    parts = [(x.numpy(), y.numpy()) for x, y in dataset]
    images, order = (np.concatenate(p) for p in zip(*parts))
    return images[np.argsort(order)]


@pytest.mark.parametrize("batch_size", [1, 7, 32, 80])
def test_batch_size_changes_nothing(pipeline, records, expected, batch_size):
    augmented = pipeline.apply(records.batch(batch_size))
    np.testing.assert_array_equal(collected(augmented), expected[0])


@pytest.mark.parametrize("calls", [None, 2, 8])
def test_parallel_calls_change_nothing(pipeline, records, expected, calls):
    indexed = records.enumerate().batch(16)
    augmented = indexed.map(lambda i, xy: pipeline(*xy, index=i, epoch=1), num_parallel_calls=calls)
    np.testing.assert_array_equal(collected(augmented), expected[1])


def test_shuffled_and_sharded_records_keep_their_draw(pipeline, records, expected):
    shards = [records.enumerate().shard(2, s).shuffle(50, seed=s).batch(16) for s in (0, 1)]
    augmented = [pipeline.apply(s, indexed=True) for s in shards]
    both = augmented[0].concatenate(augmented[1])
    np.testing.assert_array_equal(collected(both), expected[0])


def test_each_iteration_is_the_next_epoch(pipeline, records, expected):
    augmented = pipeline.apply(records.batch(32))
    for epoch in (0, 1):
        np.testing.assert_array_equal(collected(augmented), expected[epoch])
    changed = (expected[0] != expected[1]).any(axis=(1, 2, 3))
    assert changed.mean() > 0.95
    resumed = pipeline.apply(records.batch(32), first_epoch=1)
    np.testing.assert_array_equal(collected(resumed), expected[1])


def test_a_saved_iterator_resumes_exactly(pipeline, records, tmp_path):
    """An iterator over Keras layers cannot be saved at all."""
    stream = pipeline.apply(records.batch(32), epochs=2)
    iterator = iter(stream)
    for _ in range(4):
        next(iterator)
    path = tf.train.Checkpoint(it=iterator).save(tmp_path / "it")
    rest = [b[0].numpy() for b in iterator]
    again = iter(stream)
    tf.train.Checkpoint(it=again).restore(path)
    resumed = [b[0].numpy() for b in again]
    assert len(rest) == 2
    for a, b in zip(rest, resumed):
        np.testing.assert_array_equal(a, b)


def test_another_process_draws_the_same(expected):
    code = (
        "import numpy as np, zlib\n"
        "from kreg import augment as a\n"
        "x = np.random.default_rng(3).integers(0, 256, (80, 12, 12, 3), dtype=np.uint8)\n"
        "s = [a.RandomCrop(12, 12, padding=2), a.RandomFlip(), a.RandomRotation(0.05),\n"
        "     a.ColorJitter(0.2, 0.2, 0.2), a.GaussianNoise(0.05), a.RandomErasing()]\n"
        "z = a.Pipeline(s, seed=11)(x[:32], index=np.arange(32), epoch=0)\n"
        "print(zlib.crc32(z.numpy().tobytes()))\n"
    )
    import zlib

    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert int(out) == zlib.crc32(expected[0][:32].tobytes())


def test_seeds_draw_apart(pipeline, x, expected):
    other = augment.Pipeline(stages(), seed=12)(x, index=np.arange(RECORDS), epoch=0).numpy()
    assert (other != expected[0]).any(axis=(1, 2, 3)).mean() > 0.95


def test_two_stages_of_one_kind_are_independent(images):
    """Keras: two layers with one seed are one draw."""
    twice = augment.Pipeline([augment.RandomFlip(), augment.RandomFlip()])
    x = np.zeros((1000, 1, 2, 1), np.uint8)
    x[:, 0, 0] = 1
    out = twice(x, index=np.arange(1000), epoch=0).numpy()
    assert 0.4 < (out[:, 0, 0, 0] == 1).mean() < 0.6  # never 1.0: the coins would be one


def test_strict_is_off_bit_for_bit_and_fast_is_near(images, index, labels):
    chain = [
        augment.RandomCrop(12, 12, padding=2),
        augment.RandomFlip(),
        augment.RandomPosterize(),
        augment.ColorJitter(0.2, 0.2, 0.2, 0.05),
        augment.RandomErasing(),
        augment.CutMix(),
    ]
    out = {}
    for fuse in ("off", "strict", "fast"):
        made = augment.Pipeline(chain, 1, fuse=fuse, num_classes=10)
        out[fuse] = [part.numpy() for part in made(images, labels, index=index, epoch=0)]
    np.testing.assert_array_equal(out["strict"][0], out["off"][0])
    np.testing.assert_array_equal(out["fast"][1], out["off"][1])
    distance = np.abs(out["fast"][0].astype(int) - out["off"][0])
    assert distance.mean() < 2 and (distance > 3).mean() < 0.05


def test_the_planner_merges_neighbours(images):
    names = augment.Pipeline([*stages(), augment.MixUp()], num_classes=2).describe(images)
    assert names == [
        "RandomCrop + RandomFlip + RandomRotation",
        "RandomBrightness + RandomContrast + RandomSaturation + GaussianNoise + RandomErasing",
        "MixUp",
    ]


def test_a_schedule_moves_with_the_epoch_and_starts_as_the_identity(images, index):
    ramp = Linear(0.0, 0.25, duration=4, unit="epoch")
    pipeline = augment.Pipeline([augment.RandomRotation(ramp), augment.RandomBrightness(ramp)])
    assert (pipeline(images, index=index, epoch=0).numpy() == images).all()
    moved = [
        np.abs(pipeline(images, index=index, epoch=e).numpy().astype(int) - images).mean()
        for e in (1, 4)
    ]
    assert 0 < moved[0] < moved[1]


def test_fit_sees_a_new_draw_in_every_epoch_and_at_its_own_number(records):
    """Keras makes two iterators an epoch and runs through one: the counter must not care."""
    keras = pytest.importorskip("keras")
    ramp = Linear(0.0, 1.0, duration=2, unit="epoch")
    pipeline = augment.Pipeline([augment.RandomInvert(ramp)])
    seen = []

    class Recorder(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(logs["loss"])

    white = tf.data.Dataset.from_tensor_slices(np.full((16, 2, 2, 1), 255, np.uint8))
    total = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    model = keras.Sequential([keras.layers.Input((2, 2, 1)), keras.layers.Flatten(), total])
    model.compile(loss=lambda y, p: keras.ops.mean(p, axis=-1), optimizer=keras.optimizers.SGD(0.0))
    augmented = pipeline.apply(white.batch(8)).map(lambda z: (z, tf.zeros(tf.shape(z)[0])))
    model.fit(augmented, epochs=3, verbose=0, shuffle=False, callbacks=[Recorder()])
    assert seen[0] == 4 * 255 and 0 < seen[1] < 4 * 255 and seen[2] == 0


def test_an_empty_list_is_the_identity(images, index):
    np.testing.assert_array_equal(augment.Pipeline([])(images, index=index, epoch=0), images)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_output_dtype_is_an_explicit_choice(images, index, dtype):
    plain = augment.Pipeline(stages(), 1)(images, index=index, epoch=0)
    cast = augment.Pipeline(stages(), 1, dtype=dtype)(images, index=index, epoch=0)
    assert cast.dtype == dtype
    np.testing.assert_array_equal(cast, tf.cast(plain, dtype))


def test_preview_shows_originals_and_names_each_key(pipeline, x):
    grid, captions = pipeline.preview(x[:3], np.arange(3), epochs=range(2), class_names="abc")
    assert grid.dtype == np.uint8 and grid.ndim == 3 and grid.shape[2] == 3
    assert captions[:3] == ["record 0, original: a", "record 0, epoch 0: a", "record 0, epoch 1: a"]
    assert len(captions) == 9


def test_autograph_does_not_rewrite_the_pipeline(pipeline, records, monkeypatch):
    """Within a user's `map`, which is rewritten, what is called from there would be as well."""
    callers, run = [], augment.Pipeline.run

    def seen(self, *arguments, **options):
        callers.append(inspect.stack()[1].filename)
        return run(self, *arguments, **options)

    monkeypatch.setattr(augment.Pipeline, "run", seen)
    records.batch(8).map(lambda x, y: pipeline(x, y, index=y, epoch=0))
    assert callers and all(name.endswith("pipeline.py") for name in callers)
