"""Several targets and labels: each row is a way to write them, and what must become of it."""

import numpy as np
import pandas as pd
import pytest

from kreg.data import Splitting, assemble
from kreg.data.sources import csv_parquet, npz
from kreg.data.table import from_frame

ROWS = 60
GENERATOR = np.random.default_rng(0)
INPUTS = pd.DataFrame(GENERATOR.normal(size=(ROWS, 2)), columns=["u", "v"])
LABELS = (GENERATOR.random((ROWS, 3)) > 0.5).astype(int)
NAMES = ["comedy", "drama", "war"]
NUMBERS = GENERATOR.normal(size=(ROWS, 2)) * [1000, 0.01] + [5000, 1]


def written(separator="|"):
    return [separator.join(np.array(NAMES)[row == 1]) for row in LABELS]


LABELLED = {
    "columns of 0 and 1": ({name: LABELS[:, i] for i, name in enumerate(NAMES)}, {}),
    "columns of true and false": (
        {name: LABELS[:, i].astype(bool) for i, name in enumerate(NAMES)}, {}
    ),
    "columns of 0 and 1 that are said to be classes": (
        {name: LABELS[:, i] for i, name in enumerate(NAMES)}, {"task": "classification"}
    ),
    "a bar": ({"genres": written()}, {"label_separator": "|"}),
    "a semicolon and spaces": ({"genres": written(" ; ")}, {"label_separator": ";"}),
    "a word": ({"genres": written(" and ")}, {"label_separator": " and "}),
}  # fmt: skip


@pytest.mark.parametrize("case", LABELLED)
@pytest.mark.parametrize("file", ["csv", "parquet"])
def test_labels_are_read(case, file, tmp_path):
    columns, options = LABELLED[case]
    frame, path = INPUTS.assign(**columns), str(tmp_path / "own")
    if file == "csv":
        frame.to_csv(path, index=False)
    else:
        pytest.importorskip("pyarrow")
        frame.to_parquet(path)
    target = list(columns) if len(columns) > 1 else next(iter(columns))
    raw = getattr(csv_parquet, file)(path, target, **options)
    assert (raw.task, raw.target_names, raw.class_names) == ("multilabel", NAMES, [])
    assert raw.y.tolist() == LABELS.tolist() and list(raw.x.columns) == ["u", "v"]
    data = assemble(raw)
    assert data.outputs == 3 and data.train.y.dtype == np.float32


def test_an_empty_cell_has_no_label_but_a_word_for_missing_is_refused(tmp_path):
    path = tmp_path / "own.csv"
    INPUTS.assign(genres=["", "drama|war"] * 30).to_csv(path, index=False)
    assert csv_parquet.csv(str(path), "genres", label_separator="|").y[0].tolist() == [0, 0]
    INPUTS.assign(genres=["NA", "drama|war"] * 30).to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"30 rows have no value .*'NA'.*data.missing=\[''\]"):
        csv_parquet.csv(str(path), "genres", label_separator="|")


NUMERIC = {
    "numbers": ({"a": NUMBERS[:, 0], "b": NUMBERS[:, 1]}, {}),
    "amounts and per cents": (
        {"a": [f"${n:,.4f}" for n in NUMBERS[:, 0]], "b": [f"{100 * n}%" for n in NUMBERS[:, 1]]},
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NUMERIC)
def test_several_numbers_are_targets_of_one_regression(case, tmp_path):
    columns, options = NUMERIC[case]
    INPUTS.assign(**columns).to_csv(tmp_path / "own.csv", index=False)
    raw = csv_parquet.csv(str(tmp_path / "own.csv"), ["a", "b"], **options)
    assert (raw.task, raw.target_names) == ("regression", ["a", "b"])
    np.testing.assert_allclose(raw.y, NUMBERS, rtol=1e-6)
    data = assemble(raw)
    np.testing.assert_allclose(data.train.y.std(axis=0), 1, rtol=1e-5)


def test_few_whole_numbers_are_numbers_where_that_is_said():
    frame = INPUTS.assign(a=np.resize([1, 2, 3], ROWS), b=np.resize([0, 1], ROWS))
    raw = from_frame(frame, ["a", "b"], name="t", task="regression")
    assert raw.task == "regression" and raw.y[:3].tolist() == [[1, 0], [2, 1], [3, 0]]


def test_the_type_of_a_target_among_several_can_be_said():
    frame = INPUTS.assign(a=NUMBERS[:, 0], b=["01/02/2024", "03/04/2024"] * 30)
    raw = from_frame(frame, ["a", "b"], name="t", types={"b": "%d/%m/%Y"}, task="regression")
    assert raw.y[:2, 1].tolist() == [19754, 19816]


WRONG = {
    "classes beside labels": ({"a": [0, 1], "b": ["x", "y"]}, {}, "'b' holds 'x'"),
    "classes beside numbers": ({"a": [1, 2, 3], "b": [0.5, 1.5]}, {}, "data.task=reg.*'a' holds 2"),
    "labels beside numbers": ({"a": [0, 1], "b": [0.5, 1.5]}, {}, "'b' holds 0.5"),
    "numbers as classes": ({"a": [0.25, 1.5], "b": [0.5, 1.5]}, {"task": "classification"}, "0.25"),
    "text as numbers": ({"a": ["x", "y"], "b": [1, 2]}, {"task": "regression"}, "holds text.*'x'"),
    "a gap": ({"a": [0.5, None], "b": [1.5, 2.5]}, {}, "30 rows have no value in the target 'a'"),
    "another sign": ({"g": ["a|b", "b"]}, {"label_separator": ";"}, "';' stands in no cell.*'a|b'"),
    "always the same": ({"a": [1], "b": [0]}, {}, "all training rows have the same labels"),
    "one name": ({"a": [0, 1]}, {"target": ["a", "c"]}, "data.target"),
}


@pytest.mark.parametrize("case", WRONG)
def test_targets_that_cannot_be_meant_are_sentences(case):
    columns, options, sentence = WRONG[case]
    frame = INPUTS.assign(
        **{name: np.resize(np.array(c, object), ROWS) for name, c in columns.items()}
    )
    options = {"target": list(columns) if len(columns) > 1 else next(iter(columns)), **options}
    with pytest.raises(ValueError, match=sentence):
        assemble(from_frame(frame.infer_objects(), options.pop("target"), name="t", **options))


def test_a_label_that_no_training_row_has_is_told():
    frame = INPUTS.assign(a=0, b=LABELS[:, 0], c=1)
    told = " ".join(assemble(from_frame(frame, ["a", "b", "c"], name="t")).warnings)
    assert "no training row has 'a'" in told and "every training row has 'c'" in told


def test_splits_are_stratified_by_the_set_of_labels():
    """Of 300 rows with both labels, each alone and none, every split has its share of each."""
    sets = np.resize([[0, 0], [0, 1], [1, 0], [1, 1], [1, 1]], (300, 2))
    frame = pd.DataFrame({"u": np.arange(300.0), "v": np.arange(300.0) % 7})
    data = assemble(from_frame(frame.assign(a=sets[:, 0], b=sets[:, 1]), ["a", "b"], name="t"))
    for split in data.splits.values():
        shares = np.unique(split.y, axis=0, return_counts=True)[1] / len(split)
        np.testing.assert_allclose(shares, [0.2, 0.2, 0.2, 0.4], atol=0.03)


def test_label_noise_flips_its_share_of_the_labels():
    frame = pd.DataFrame({"u": np.arange(400.0), "v": np.arange(400.0) % 7})
    frame = frame.assign(a=np.resize([0, 1], 400), b=np.resize([0, 0, 1], 400))
    clean, noisy = (
        assemble(from_frame(frame, ["a", "b"], name="t"), Splitting(label_noise=share))
        for share in (0, 0.25)
    )
    assert (clean.train.y != noisy.train.y).mean() == pytest.approx(0.25, abs=0.002)
    assert set(np.unique(noisy.train.y)) == {0, 1} and (clean.test.y == noisy.test.y).all()


def save(path, **arrays):
    np.savez(path, **arrays)
    return str(path)


def test_an_archive_may_hold_labels(tmp_path):
    x = INPUTS.to_numpy()
    path = save(tmp_path / "own.npz", x_train=x, y_train=LABELS, x_test=x[:9], y_test=LABELS[:9],
                class_names=NAMES)  # fmt: skip
    raw = npz.npz(path)
    assert (raw.task, raw.target_names, raw.class_names) == ("multilabel", NAMES, [])
    data = assemble(raw)
    assert data.test.y.tolist() == LABELS[:9].tolist() and data.outputs == 3


def test_labels_without_names_are_numbered(tmp_path):
    data = assemble(npz.npz(save(tmp_path / "own.npz", x=INPUTS.to_numpy(), y=LABELS)))
    assert data.target_names == ["0", "1", "2"]


def test_own_test_rows_must_have_the_same_labels(tmp_path):
    x = INPUTS.to_numpy()
    path = save(tmp_path / "own.npz", x_train=x, y_train=LABELS, x_test=x, y_test=LABELS[:, :2])
    with pytest.raises(ValueError, match="3 labels of 0 and 1 a row, but y_test of shape"):
        npz.npz(path)
