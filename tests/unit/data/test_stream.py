"""The epoch stream is a pure function of (seed, epoch, index)."""

import numpy as np
import pytest

from kreg.data import Split, epoch_stream, ordered, steps_per_epoch

ROWS, BATCH = 23, 5
SPLIT = Split(np.arange(ROWS, dtype=np.float32)[:, None], np.arange(ROWS, dtype=np.int32))


def epochs(first=0, last=3, **options):
    """One list of the rows an epoch saw, in order, for each epoch."""
    options = {"batch_size": BATCH, "seed": 7, **options}
    stream = epoch_stream(SPLIT, first_epoch=first, epochs=last, **options)
    batches = [batch[1].numpy() for batch in stream]
    steps = steps_per_epoch(ROWS, options["batch_size"])
    assert len(batches) == steps * (last - first)
    return [np.concatenate(batches[i : i + steps]).tolist() for i in range(0, len(batches), steps)]


def test_every_epoch_sees_every_row_once_in_an_order_of_its_own():
    seen = epochs(last=4)
    assert all(sorted(order) == list(range(ROWS)) for order in seen)
    assert len({tuple(order) for order in seen}) == 4


def test_no_thread_tunes_it_for_which_the_end_of_a_training_would_wait():
    stream = epoch_stream(SPLIT, batch_size=BATCH, seed=7)
    assert stream.options().autotune.enabled is False
    assert stream.batch(2).options().autotune.enabled is False  # as `fit` hands it on


def test_the_stream_starts_anywhere():
    whole = epochs(last=5)
    for first in range(5):
        assert epochs(first=first, last=5) == whole[first:]


@pytest.mark.parametrize("count", [2, 3])
def test_workers_share_every_batch_and_nothing_is_left_out(count):
    whole = [batch[1].numpy() for batch in epoch_stream(SPLIT, batch_size=BATCH, seed=7, epochs=2)]
    parts = [
        [batch[1].numpy() for batch in epoch_stream(
            SPLIT, batch_size=BATCH, seed=7, epochs=2, share=(index, count)
        )]
        for index in range(count)
    ]  # fmt: skip
    for batch, *shares in zip(whole, *parts, strict=True):
        np.testing.assert_array_equal(batch, np.concatenate(shares))
        assert {len(share) for share in shares} <= {len(batch) // count, -(-len(batch) // count)}


def test_the_shares_of_a_batch_come_one_after_the_other():
    def targets(**how):
        return [batch[1].numpy() for batch in epoch_stream(SPLIT, batch_size=BATCH, seed=7, **how)]

    shares = [targets(epochs=2, share=(index, 3)) for index in range(3)]
    wanted = [share for turn in zip(*shares, strict=True) for share in turn]
    for found, share in zip(targets(epochs=2, parts=3), wanted, strict=True):
        np.testing.assert_array_equal(found, share)


def test_the_seed_decides():
    assert epochs(seed=7) == epochs(seed=7) != epochs(seed=8)


def test_the_order_does_not_depend_on_the_batch_size():
    assert epochs(batch_size=5) == epochs(batch_size=8)


def test_large_arrays_are_read_where_they_lie(monkeypatch):
    wanted = epochs()
    monkeypatch.setattr("kreg.data.stream.LARGE", 0)
    assert epochs() == wanted
    for x, y in epoch_stream(SPLIT, batch_size=4, seed=1, epochs=1):
        assert np.array_equal(x.numpy()[:, 0], y.numpy()) and x.dtype.name == "float32"


def test_inputs_and_targets_stay_together():
    for x, y in epoch_stream(SPLIT, batch_size=4, seed=1, epochs=2):
        assert np.array_equal(x.numpy()[:, 0], y.numpy())


def test_weights_come_third():
    weighted = Split(SPLIT.x, SPLIT.y, np.arange(ROWS, dtype=np.float32))
    for batch in epoch_stream(weighted, batch_size=4, seed=1, epochs=1):
        assert len(batch) == 3 and np.array_equal(batch[1].numpy(), batch[2].numpy())


def test_augmentation_gets_the_key_of_each_row():
    def record(x, y, weight=None, *, index, epoch):
        return index, y, index + 1000 * epoch

    for index, y, key in epoch_stream(SPLIT, batch_size=4, seed=1, epochs=3, augment=record):
        assert np.array_equal(index.numpy(), y.numpy())
        assert len(set(key.numpy() // 1000)) == 1


def test_without_shuffle_and_in_one_pass():
    rows = [y for _, batch in ordered(SPLIT, 6) for y in batch.numpy()]
    assert rows == list(range(ROWS))


def test_an_endless_stream_goes_on():
    stream = epoch_stream(SPLIT, batch_size=BATCH, seed=0).take(100)
    assert sum(1 for _ in stream) == 100


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"batch_size": 2.5}, {"seed": -1}])
def test_bad_arguments_are_refused(wrong):
    with pytest.raises(ValueError, match="Invalid value received"):
        epoch_stream(SPLIT, **{"batch_size": 4, "seed": 0, **wrong})


@pytest.mark.parametrize("shuffle", [True, False])
def test_the_stream_starts_at_any_batch(shuffle):
    whole = [b[1].numpy().tolist() for b in epoch_stream(
        SPLIT, batch_size=BATCH, seed=7, first_epoch=1, epochs=3, shuffle=shuffle
    )]  # fmt: skip
    for first in range(5):
        stream = epoch_stream(
            SPLIT, batch_size=BATCH, seed=7, first_epoch=1, first_batch=first, epochs=3,
            shuffle=shuffle,
        )  # fmt: skip
        assert [b[1].numpy().tolist() for b in stream] == whole[first:]
