"""The rows behind the curves: classes and the hardest examples."""

import zlib

import numpy as np
import pytest

import kreg
from kreg.measuring import examples
from kreg.measuring.rows import Rows, take
from tests.unit.measuring.conftest import classifier

X = np.zeros((6, 1))


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (np.array([2, 0, 2, 2, 0, 1]), "sparse"),
        (np.eye(3)[[2, 0, 2, 2, 0, 1]], "one_hot"),
    ],
)
def test_classes_are_counted_however_they_are_written(y, kind):
    assert examples.balance(Rows(X, y), kind) == {"0": 2, "1": 1, "2": 3}


def test_what_has_no_classes_is_not_counted():
    assert examples.balance(Rows(X, np.arange(6.0)), None) == {}
    assert examples.balance(Rows(X, {"a": np.ones(6)}), "sparse") == {}
    many = np.arange(examples.MOST_CLASSES + 1)
    assert examples.balance(Rows(many, many), "sparse") == {}


def test_the_hardest_rows_come_with_their_place_in_the_data():
    y = np.arange(100) % 3
    rows = take("train", (np.arange(100.0)[:, None], y), 20, seed=1)
    losses = np.linspace(0, 1, 20)
    found = examples.hardest(rows, losses, losses < 0.9, "sparse", limit=3)
    assert [row["index"] for row in found] == rows.x[[19, 18, 17], 0].tolist()
    assert [row["label"] for row in found] == [int(y[row["index"]]) for row in found]
    assert [row["loss"] for row in found] == pytest.approx([1, 18 / 19, 17 / 19])
    assert [row["right"] for row in found] == [False, False, True]


def test_targets_of_a_regression_are_labels_too():
    rows = take("train", (X, np.arange(6.0)[:, None]), 6)
    found = examples.hardest(rows, np.array([0, 9, 1, 2, 3, 4.0]), None, None, limit=1)
    assert found == [{"index": 1, "loss": 9.0, "label": 1.0, "right": None}]


def test_batches_have_no_places_and_name_no_rows():
    rows = take("train", iter([(X, np.zeros(6))]), 6)
    assert examples.hardest(rows, np.ones(6), None, "sparse") == []


def test_the_report_names_a_wrong_label(data):
    (x, y), validation = data
    y = y.copy()
    easiest = int(x[:, 0].argmax())
    y[easiest] = 1 - y[easiest]
    model = classifier(dropout=0.0, l2=0.0)
    # as many validation rows as training rows: then all training rows are measured
    twice = tuple(np.repeat(part, 2, axis=0) for part in validation)
    watch = kreg.Diagnostics((x, y), twice, verbose=0)
    model.fit(x, y, epochs=6, batch_size=32, verbose=0, callbacks=[watch])
    hardest = watch.document["inputs"]["hardest"][0]
    assert hardest["index"] == easiest and hardest["right"] is False
    assert sum(watch.document["inputs"]["balance"]["train"].values()) == 96


def test_rows_have_one_name_in_every_process_and_another_where_a_value_differs():
    x, y = np.eye(2, dtype="float32"), np.array([0, 1], "int32")
    assert examples.fingerprint(Rows(x, y)) == f"{zlib.crc32(x.tobytes() + y.tobytes()):08x}"
    weighted = [Rows(x, y, weight) for weight in (None, y, 2 * y)]
    other = Rows(x, 1 - y)
    assert len({examples.fingerprint(rows) for rows in (*weighted, other)}) == 4
