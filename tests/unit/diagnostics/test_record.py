import numpy as np
import pytest

from kreg.diagnostics import Record


def filled():
    record = Record(name="demo", task="binary", sizes={"train": 10})
    record.append(1, {"loss": 1.0, "val_loss": 2.0})
    record.append(2, {"loss": float("nan")}, examples=[0.5, 1.5], correct=[True, False])
    record.append(5, {"loss": 0.5, "val_clean_loss": 1.0}, examples=[0.25, 1.0])
    record.calibration = {"validation": {"confidence": np.array([0.7]), "correct": np.array([1])}}
    record.settings = {"model": {"depth": 3}}
    return record


def test_curves_stay_aligned_with_the_epochs():
    record = filled()
    assert record.curves["val_loss"] == [2.0, None, None]
    assert record.curves["val_clean_loss"] == [None, None, 1.0]
    assert record.measured("loss").tolist() == [True, True, True]
    assert np.isnan(record.curve("loss")[1])
    assert record.curve("nowhere").shape == (3,)


def test_the_caller_may_reuse_its_buffer():
    record, buffer = Record(), np.ones(3, np.float32)
    record.append(1, {}, examples=buffer)
    buffer[:] = 7
    assert record.examples[0].tolist() == [1, 1, 1]


@pytest.mark.parametrize("epoch", [0, 2, 1.5, True])
def test_epochs_only_grow(epoch):
    record = Record()
    record.append(2, {})
    with pytest.raises(ValueError, match="epoch"):
        record.append(epoch, {})


def test_too_many_or_misshapen_examples_are_refused():
    with pytest.raises(ValueError, match="examples"):
        Record().append(1, {}, examples=np.zeros(2049))
    with pytest.raises(ValueError, match="examples"):
        Record().append(1, {}, examples=np.zeros((2, 2)))


def test_state_and_file_round_trip(tmp_path):
    record = filled()
    record.save(tmp_path / "record.npz")
    loaded = Record.load(tmp_path / "record.npz")
    assert loaded.epochs == [1, 2, 5]
    assert loaded.settings == record.settings
    assert loaded.examples[0] is None
    np.testing.assert_array_equal(loaded.examples[2], [0.25, 1.0])
    np.testing.assert_array_equal(loaded.correct[1], [True, False])
    np.testing.assert_array_equal(loaded.curve("loss"), record.curve("loss"))
    np.testing.assert_array_equal(loaded.calibration["validation"]["confidence"], [0.7])
    loaded.append(6, {"loss": 0.1})


def test_a_failed_write_leaves_the_old_file(tmp_path):
    record = filled()
    path = record.save(tmp_path / "record.npz")
    before = path.read_bytes()
    record.settings = {"bad": object()}
    with pytest.raises(TypeError):
        record.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["record.npz"]
