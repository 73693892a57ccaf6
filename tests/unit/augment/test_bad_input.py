"""A mistake ends in one sentence that names the stage or the argument, and what to do."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kreg import augment
from kreg.schedules import Linear

BYTES = np.zeros((4, 8, 8, 3), np.uint8)
FLOATS = np.zeros((4, 8, 8, 3), np.float32)
TABLE = np.zeros((4, 5), np.float32)
IDS = np.arange(4)


def call(stages, x, y=None, **options):
    return lambda: augment.Pipeline(stages, **options)(x, y, index=IDS, epoch=0)


def dataset(x):
    return tf.data.Dataset.from_tensor_slices((x, IDS))


def check_loss(stages, loss):
    return lambda: augment.Pipeline(stages).check_loss(loss)


SMOOTH = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
CASES = {
    "p above one": (lambda: augment.RandomFlip(p=1.5), r"`p`.*\[0, 1\].*1.5"),
    "p as text": (lambda: augment.RandomErasing(p="often"), "`p`.*often"),
    "unknown mode": (lambda: augment.RandomFlip("horizontl"), "Did you mean 'horizontal'"),
    "unknown fill": (lambda: augment.RandomRotation(0.1, fill_mode="zero"), "`fill_mode`"),
    "negative factor": (lambda: augment.RandomContrast(-0.1), "`factor`"),
    "pair in disorder": (lambda: augment.RandomRotation((0.2, 0.1)), "low <= high"),
    "steps, not epochs": (
        lambda: augment.RandomRotation(Linear(0, 0.1, duration=5)),
        'unit="epoch"',
    ),
    "schedule out of range": (
        lambda: augment.RandomFlip(p=Linear(0, 2, duration=5, unit="epoch")),
        r"`p`.*\[0, 1\]",
    ),
    "alpha zero": (lambda: augment.MixUp(0), "`alpha`"),
    "even kernel": (lambda: augment.RandomGaussianBlur(kernel_size=4), "odd"),
    "weights": (lambda: augment.RandomChoice([augment.RandomFlip()], [0]), "`weights`"),
    "no stages": (lambda: augment.RandomChoice([]), "at least one"),
    "a keras layer": (lambda: augment.Pipeline([object()]), "from_keras"),
    "one stage": (lambda: augment.Pipeline(augment.RandomFlip()), "a list of stages"),
    "fuse": (lambda: augment.Pipeline([], fuse="faster"), "Did you mean 'fast'"),
    "value range": (lambda: augment.Pipeline([], value_range=(-1, 1)), "starts at 0"),
    "crop too large": (call([augment.RandomCrop(9, 8)], BYTES), "RandomCrop cannot cut 9x8"),
    "no range": (call([augment.RandomBrightness()], FLOATS), "RandomBrightness.*value_range"),
    "range of bytes": (
        call([augment.RandomFlip()], BYTES, value_range=(0, 1)),
        r"\(0, 255\) or None for uint8",
    ),
    "gray saturation": (call([augment.RandomSaturation()], BYTES[..., :1]), "three channels"),
    "rank 3": (call([augment.RandomFlip()], BYTES[0]), "Call `.batch"),
    "rank 5": (call([augment.RandomFlip()], BYTES[None]), "fixed size"),
    "int images": (call([augment.RandomFlip()], BYTES.astype(int)), "int64"),
    "image stage on a table": (call([augment.RandomFlip()], TABLE), "RandomFlip works on images"),
    "table stage on images": (
        call([augment.FeatureNoise()], BYTES),
        "works on tables",
    ),
    "cutmix on a table": (call([augment.CutMix()], TABLE, IDS), "CutMix works on images"),
    "ids without classes": (call([augment.MixUp()], BYTES, IDS), "num_classes"),
    "column of ids": (call([augment.CutMix()], BYTES, IDS[:, None]), "num_classes"),
    "mixing without targets": (call([augment.MixUp()], BYTES), "MixUp.*targets"),
    "mixing one": (call([augment.MixUp()], BYTES[:1], IDS[:1], num_classes=4), "batch of one"),
    "mixed masks": (
        call([augment.MixUp()], BYTES, BYTES[..., :1], target="mask"),
        "one-hot masks",
    ),
    "crop as a choice": (
        call([augment.RandomApply(augment.RandomCrop(4, 4))], BYTES),
        "RandomCrop changes the size",
    ),
    "smoothing twice": (
        check_loss([augment.LabelSmoothing(0.2)], SMOOTH),
        "smoothed twice: by LabelSmoothing.*0.2.*label_smoothing=0.1 in the loss Categorical",
    ),
    "smoothing twice in one of two losses": (
        check_loss([augment.LabelSmoothing(0.2)], {"a": "mse", "b": SMOOTH}),
        "smoothed twice",
    ),
    "rows for a loss of ids": (
        check_loss([augment.MixUp()], "sparse_categorical_crossentropy"),
        "MixUp turns class ids.*CategoricalCrossentropy",
    ),
    "unbatched": (
        lambda: augment.Pipeline([augment.RandomFlip()]).apply(dataset(BYTES)),
        "Call `.batch",
    ),
    "ragged sizes": (
        lambda: augment.Pipeline([augment.RandomFlip()]).apply(
            tf.data.Dataset.from_generator(
                lambda: iter([]), output_signature=tf.TensorSpec((None, None, None, 3), tf.uint8)
            )
        ),
        "Resize images",
    ),
    "dictionary without images": (
        lambda: augment.Pipeline([])({"pixels": BYTES}, index=IDS, epoch=0),
        '"images"',
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_sentence_says_what_and_where(case):
    make, sentence = case
    with pytest.raises(ValueError, match=f"(?s){sentence}"):
        make()


def test_values_outside_of_the_declared_range_are_found_when_the_data_is_attached():
    bright = tf.data.Dataset.from_tensor_slices(FLOATS + 200).batch(2)
    pipeline = augment.Pipeline([augment.RandomBrightness()], value_range=(0, 1))
    with pytest.raises(ValueError, match="200"):
        pipeline.apply(bright)


def test_a_loss_that_smooths_alone_is_welcome():
    for stages in ([augment.LabelSmoothing(0.0)], [augment.MixUp()], [augment.RandomFlip()]):
        augment.Pipeline(stages).check_loss(SMOOTH)
    augment.Pipeline([augment.LabelSmoothing()]).check_loss("categorical_crossentropy")
    augment.Pipeline([augment.RandomFlip()]).check_loss("sparse_categorical_crossentropy")
