"""Whatever belongs to a picture goes where the picture goes, or a sentence says why it cannot."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kreg import augment

FLIP = augment.RandomFlip("horizontal_and_vertical")
MOVES = [FLIP, augment.RandomTranslation(0.3)]
TURN = augment.RandomRotation(0.2)


def augmented(x, y=None, weight=None, stages=(FLIP,), **options):
    """One call, uncompiled: the kernels have tests of their own."""
    pipeline = augment.Pipeline(list(stages), 5, jit_compile=False, **options)
    return pipeline(x, y, weight, index=np.arange(len(tf.nest.flatten(x)[0])), epoch=1)


def batches(x, y=None, weight=None, stages=(FLIP,), **options):
    parts = tuple(part for part in (x, y, weight) if part is not None)
    source = tf.data.Dataset.from_tensor_slices(parts).batch(8)
    return list(augment.Pipeline(list(stages), 5, **options).apply(source))


@pytest.fixture
def x(images):
    return images[:16]


@pytest.fixture
def mask(x):
    return (x[..., :1] > 128).astype(np.uint8)


# what comes in comes out


def test_labels_and_weights_beside_a_dictionary_are_kept(x, labels):
    weight = np.linspace(0, 1, 16, dtype=np.float32)
    for inputs in ({"images": x}, {"images": x, "meta": np.arange(16.0)}):
        (first, *_) = batches(inputs, labels[:16], weight)
        assert set(first[0]) == set(inputs)
        np.testing.assert_array_equal(first[1], labels[:8])
        np.testing.assert_array_equal(first[2], weight[:8])


def test_nests_of_any_shape_come_back_as_they_went_in(x, mask, labels):
    inputs = {"images": x, "more": {"meta": np.arange(16.0), "pair": (labels[:16], x[:, 0, 0])}}
    targets = {"id": labels[:16], "head": (mask, np.array(["a"] * 16))}
    source = tf.data.Dataset.from_tensor_slices((inputs, targets)).batch(8)
    pipeline = augment.Pipeline([FLIP], 5, target={"head/0": "mask"})
    made = pipeline.apply(source)
    tf.nest.assert_same_structure(made.element_spec, source.element_spec)
    before, after = next(iter(source)), next(iter(made))
    moved = {(0, "images"), (1, "head", 0)}
    for path in [(0, "more", "meta"), (0, "more", "pair", 0), (1, "id"), (1, "head", 1), *moved]:
        one, other = before, after
        for key in path:
            one, other = one[key], other[key]
        assert (np.asarray(one) == np.asarray(other)).all() == (path not in moved)
    np.testing.assert_array_equal(after[1]["head"][0], after[0]["images"].numpy()[..., :1] > 128)


def test_a_target_that_is_absent_stays_absent(x):
    weight = np.ones(16, np.float32)
    out = augmented(x, None, weight)
    assert len(out) == 3 and out[1] is None


def test_one_part_stays_one_part(x):
    (first, *_) = batches(x)
    assert isinstance(first, tuple) and len(first) == 1


def test_ragged_labels_pass(x):
    ragged = tf.ragged.constant([[1] * (k % 3) for k in range(16)])
    source = tf.data.Dataset.from_tensor_slices((x, ragged)).batch(8)
    after = next(iter(augment.Pipeline([FLIP]).apply(source)))[1]
    assert after.to_list() == ragged[:8].to_list()


def test_a_picture_under_another_key(x):
    out = augmented({"photo": x, "meta": np.arange(16)}, target={"photo": "input"})
    np.testing.assert_array_equal(out["photo"], augmented(x))


# what moves


@pytest.mark.parametrize("target", ["mask", "image"])
@pytest.mark.parametrize("stages", [MOVES, [TURN]], ids=["exact", "resampled"])
def test_a_target_like_the_input_follows_it(x, target, stages):
    """uint8, so that both are read alike; masks only where nothing is blended."""
    if target == "mask" and stages != MOVES:
        stages = [augment.RandomRotation(0.2, interpolation="nearest")]
    image, moved = augmented(x, x.copy(), stages=stages, target=target, ignore_index=0)
    assert (image.numpy() != x).any()
    np.testing.assert_array_equal(moved, image)


def test_an_image_as_target_keeps_its_dtype_and_its_colours(x):
    y = x.astype(np.float32) / 255
    stages = [TURN, augment.RandomBrightness(0.5)]
    image, moved = augmented(x, y, stages=stages, target="image")
    plain = augmented(x, stages=[TURN])
    assert moved.dtype == np.float32
    np.testing.assert_allclose(moved * 255, plain, atol=0.51)
    assert (image.numpy() != plain.numpy()).mean() > 0.5


@pytest.mark.parametrize("mixer", [augment.MixUp(), augment.CutMix()])
def test_an_image_as_target_mixes(x, mixer):
    y = x.astype(np.float32)
    image, mixed = augmented(y, y, stages=[mixer], target="image")
    assert (image.numpy() != y).any()
    np.testing.assert_array_equal(mixed, image)


@pytest.mark.parametrize("mode", ["reflect", "nearest", "wrap", "constant"])
@pytest.mark.parametrize("make", [augment.RandomTranslation, augment.RandomRotation])
def test_masks_are_filled_as_the_images(x, mask, mode, make):
    nearest = {"interpolation": "nearest"} if make is augment.RandomRotation else {}
    stage = make(0.3, fill_mode=mode, fill_value=255, **nearest)
    image, moved = augmented(x // 2 * 2, x[..., :1] // 2 * 2, stages=[stage], target="mask")
    np.testing.assert_array_equal(moved, image.numpy()[..., :1])
    assert (moved.numpy() == 255).any() == (mode == "constant")


def test_one_hot_masks_are_filled_with_zeros(x, mask):
    hot = np.concatenate([mask, 1 - mask], axis=-1)
    for dtype in (np.float32, np.uint8):
        _, moved = augmented(x, hot.astype(dtype), stages=[TURN], target="mask")
        assert moved.dtype == dtype and set(np.unique(moved)) == {0, 1}
        total = moved.numpy().sum(axis=-1)
        assert (total == 0).any() and (total <= 1).all()


def test_masks_without_a_channel_axis(x, mask):
    _, flat = augmented(x, mask[..., 0], stages=[*MOVES, TURN], target="mask")
    _, with_axis = augmented(x, mask, stages=[*MOVES, TURN], target="mask")
    np.testing.assert_array_equal(flat, with_axis[..., 0])


def test_weights_of_pixels_follow_and_are_zero_outside(x, mask):
    ones = np.ones((16, 12, 12), np.float32)
    image, moved, weight = augmented(x, mask, ones, stages=[TURN], target="mask")
    np.testing.assert_array_equal(weight == 0, moved[..., 0] == 255)


def test_keypoints_and_boxes_as_targets(x):
    points = np.random.default_rng(0).uniform(0, 11, (16, 3, 2)).astype(np.float32)
    beside = augmented({"images": x, "keypoints": points}, stages=MOVES)
    _, moved = augmented(x, points, stages=MOVES, target="keypoints")
    np.testing.assert_array_equal(moved, beside["keypoints"])
    _, single = augmented(x, points[:, 0], stages=MOVES, target="keypoints")
    np.testing.assert_array_equal(single, beside["keypoints"][:, 0])
    boxes = np.concatenate([points, points + 1], axis=2)
    beside = augmented({"images": x, "boxes": boxes}, stages=MOVES)
    _, moved = augmented(x, {"a": boxes}, stages=MOVES, target={"a": "boxes"})
    assert set(moved) == {"a"}
    np.testing.assert_array_equal(moved["a"], beside["boxes"])


def keras_boxes(number=4):
    corners = np.random.default_rng(1).integers(0, 6, (16, number, 2)).astype(np.float32)
    labels = np.tile(np.arange(number), (16, 1))
    labels[:, -1] = -1
    return {"boxes": np.concatenate([corners, corners + 5], axis=2), "labels": labels}


def test_keras_boxes_move_as_keras_moves_them(x):
    def fresh():  # Keras writes into the dictionary that it gets
        return {"images": x.astype(np.float32), "bounding_boxes": keras_boxes()}

    layer = keras.layers.RandomFlip("horizontal", seed=1, bounding_box_format="xyxy")
    theirs = layer({**fresh(), "labels": np.zeros(16, np.int32)}, training=True)
    pipeline = augment.Pipeline([augment.RandomFlip(p=1.0)], jit_compile=False)
    mine = pipeline(fresh(), index=np.arange(16), epoch=0)
    flipped = (np.asarray(theirs["images"]) == np.asarray(mine["images"])).all(axis=(1, 2, 3))
    assert flipped.any()
    there = keras_boxes()["labels"] >= 0
    np.testing.assert_allclose(
        np.asarray(theirs["bounding_boxes"]["boxes"])[flipped][there[flipped]],
        np.asarray(mine["bounding_boxes"]["boxes"])[flipped][there[flipped]],
        rtol=1e-6,
    )
    np.testing.assert_array_equal(mine["bounding_boxes"]["labels"], keras_boxes()["labels"])
    assert set(mine) == set(fresh())


@pytest.mark.parametrize("form", ["x", "y", "compiled"])
def test_boxes_that_leave_get_the_label_minus_one(x, form):
    stages, boxes = [augment.RandomTranslation((0.7, 0.7))], keras_boxes()
    if form == "y":  # as KerasHub has them
        out = augmented(x, boxes, stages=stages)[1]
    elif form == "x":
        out = augmented({"images": x, "bounding_boxes": boxes}, stages=stages)["bounding_boxes"]
    else:
        made = batches({"images": x, "bounding_boxes": boxes}, stages=stages)
        parts = [one[0]["bounding_boxes"] for one in made]
        out = {key: np.concatenate([part[key] for part in parts]) for key in boxes}
    gone = np.asarray(out["labels"]) == -1
    assert gone[:, -1].all() and 0.1 < gone[:, :-1].mean() < 0.9
    assert (np.asarray(out["boxes"])[gone] == -1).all()
    assert (np.asarray(out["boxes"])[~gone] >= 0).all()


def test_compiled_nests_are_what_a_call_gives(x, mask, labels):
    inputs, targets = {"images": x, "depth": x[..., :1]}, {"seg": mask, "id": labels[:16]}
    kinds = {"depth": "image", "seg": "mask"}
    pipeline = augment.Pipeline([*MOVES, TURN, augment.CutMix()], 5, num_classes=10, target=kinds)
    source = tf.data.Dataset.from_tensor_slices((inputs, targets, labels[:16] * 1.0)).batch(8)
    eight = [{key: part[:8] for key, part in nest.items()} for nest in (inputs, targets)]
    called = pipeline(*eight, labels[:8] * 1.0, index=np.arange(8), epoch=0)
    for part, twin in zip(
        tf.nest.flatten(next(iter(pipeline.apply(source)))), tf.nest.flatten(called)
    ):
        np.testing.assert_array_equal(part, twin)


# what is refused

GREY = np.zeros((16, 12, 12, 1), np.float32)
IDS = np.zeros((16, 12, 12, 1), np.uint8)
PLACES = np.zeros((16, 5, 2), np.float32)
REFUSED = {
    "a mask": ((IDS,), {}, "'y'.*height and width.*target=\"mask\""),
    "the input itself": ((GREY,), {}, '"image"'),
    "keypoints": ((PLACES,), {}, 'shape of keypoints or boxes.*"keypoints"'),
    "a mask in a nest": (({"seg": IDS},), {}, "'seg'.*target={key: kind}"),
    "a larger mask": (
        (np.zeros((16, 24, 24, 1), np.uint8),),
        {"target": "mask"},
        "of 24x24 cannot follow images of 12x12.*resize afterwards",
    ),
    "a mask of numbers": ((GREY,), {"target": "mask", "stages": [TURN]}, "ignore_index=0"),
    "a fill that does not fit": (
        (IDS,),
        {"target": "mask", "stages": [TURN], "ignore_index": -1},
        "`ignore_index`.*uint8",
    ),
    "an image of ids": ((IDS.astype(int),), {"target": "image"}, "uint8 or floating point"),
    "labels as masks": ((np.arange(16),), {"target": "mask"}, "declared as mask, of shape"),
    "another kind": ((IDS,), {"target": "masks"}, "Did you mean 'mask'"),
    "another kind in a nest": (({"a": IDS},), {"target": {"a": "masks"}}, "Did you mean 'mask'"),
    "a key that is not there": (
        ({"seg": IDS},),
        {"target": {"sge": "mask"}},
        "declares 'sge'.*They have: .*seg",
    ),
    "boxes without labels": (
        ({"bounding_boxes": {"boxes": np.zeros((16, 2, 4))}},),
        {},
        'needs "boxes" .* and "labels"',
    ),
    "mixed keypoints": (
        (PLACES,),
        {"target": "keypoints", "stages": [augment.CutMix()]},
        "targets|cannot mix",
    ),
    "smoothed masks": (
        (IDS,),
        {"target": "mask", "stages": [augment.LabelSmoothing()]},
        "LabelSmoothing changes the targets",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_cannot_follow_is_refused_with_its_cure(case, x):
    parts, options, sentence = case
    with pytest.raises(ValueError, match=f"(?s){sentence}"):
        augmented(x, *parts, **options)


def test_other_parts_of_the_input_are_asked_about(x, mask):
    with pytest.raises(ValueError, match="'depth'.*unchanged"):
        augmented({"images": x, "depth": mask})
    out = augmented({"images": x, "depth": mask}, target={"depth": "unchanged"})
    np.testing.assert_array_equal(out["depth"], mask)


def test_what_does_not_move_needs_no_word(x, mask):
    _, y = augmented(x, mask, stages=[augment.RandomBrightness(0.5)])
    np.testing.assert_array_equal(y, mask)


def test_a_data_set_is_refused_before_it_runs_in_one_sentence(x, mask):
    source = tf.data.Dataset.from_tensor_slices((x, mask)).batch(8)
    with pytest.raises(ValueError) as caught:
        augment.Pipeline([FLIP]).apply(source)
    assert "in user code" not in str(caught.value) and 'target="mask"' in str(caught.value)


class Sequence(keras.utils.PyDataset):
    def __len__(self):
        return 1

    def __getitem__(self, index):
        return np.zeros((4, 8, 8, 3)), np.zeros(4)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (np.zeros((4, 8, 8, 3)), "ndarray.*from_tensor_slices"),
        ((np.zeros((4, 8, 8, 3)), np.zeros(4)), "tuple.*from_tensor_slices"),
        (Sequence(), "Sequence.*__getitem__"),
    ],
)
def test_other_sources_are_refused(source, sentence):
    with pytest.raises(ValueError, match=sentence):
        augment.Pipeline([FLIP]).apply(source)


def test_videos_and_tuples_of_four_are_refused(x):
    with pytest.raises(ValueError, match="not on videos"):
        augmented(x[:, None])
    four = tf.data.Dataset.from_tensor_slices((x, x, x, x)).batch(8)
    with pytest.raises(ValueError, match="4 parts"):
        augment.Pipeline([FLIP]).apply(four)


# losses

SPARSE = "sparse_categorical_crossentropy"
IGNORING = keras.losses.SparseCategoricalCrossentropy(ignore_class=255)


@pytest.mark.parametrize(
    ("loss", "options"),
    [
        (SPARSE, {"target": "mask"}),
        (keras.losses.SparseCategoricalCrossentropy(), {"target": "mask"}),
        (IGNORING, {"target": "mask", "ignore_index": 7}),
        ({"a": SPARSE, "b": "mse"}, {"target": {"a": "mask"}}),
        (SPARSE, {"target": {"a": "mask"}}),
    ],
)
def test_a_loss_that_would_count_the_outside_is_refused(loss, options):
    with pytest.raises(ValueError, match="ignore_class="):
        augment.Pipeline([TURN], **options).check_loss(loss)


@pytest.mark.parametrize(
    ("stages", "loss", "options"),
    [
        ([TURN], IGNORING, {"target": "mask"}),
        ([TURN], SPARSE, {}),
        ([FLIP], SPARSE, {"target": "mask"}),
        ([augment.RandomRotation(0.1, fill_mode="reflect")], SPARSE, {"target": "mask"}),
        ([TURN], SPARSE, {"target": "mask", "ignore_index": 0}),
        ([TURN], {"a": IGNORING, "b": SPARSE}, {"target": {"a": "mask", "b": "label"}}),
        ([TURN], "categorical_crossentropy", {"target": "mask"}),
    ],
)
def test_other_losses_are_welcome(stages, loss, options):
    augment.Pipeline(stages, **options).check_loss(loss)


def test_the_loss_of_the_examples_trains_once_it_ignores_the_outside(x, mask):
    layer = keras.layers.Conv2D(2, 1, activation="softmax")
    model = keras.Sequential([keras.Input((12, 12, 3)), keras.layers.Rescaling(1 / 255), layer])
    pipeline = augment.Pipeline([TURN], target="mask")
    source = tf.data.Dataset.from_tensor_slices((x, mask)).batch(8)
    model.compile("adam", IGNORING)
    pipeline.check_loss(model.loss)
    history = model.fit(pipeline.apply(source), epochs=2, verbose=0, shuffle=False)
    assert np.isfinite(history.history["loss"]).all()


# one compilation


def test_another_epoch_compiles_nothing_again(x, labels, monkeypatch):
    """Each pass calls the one function that `apply` has made."""
    from kreg.augment.engine import tf_data

    calls = []
    real = tf.py_function
    monkeypatch.setattr(tf_data.tf, "py_function", lambda f, *rest: real(counted(f), *rest))

    def counted(function):
        def run(*tensors):
            calls.append(len(tensors))
            return function(*tensors)

        return run

    pipeline = augment.Pipeline([FLIP], 5)
    made = pipeline.apply(tf.data.Dataset.from_tensor_slices((x, labels[:16])).batch(8))
    traced = pipeline.plan(tf.constant(x)).groups[0].kernel.experimental_get_tracing_count()
    for _ in range(3):
        list(made)
    assert len(calls) == 6
    assert pipeline.plan(tf.constant(x)).groups[0].kernel.experimental_get_tracing_count() == traced
