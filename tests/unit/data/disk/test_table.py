"""A table on the disk is the table in memory: the same columns, targets, statistics and rows."""

import numpy as np
import pandas as pd
import pytest

from kreg.data import Splitting, assemble, epoch_stream, steps_per_epoch
from kreg.data.sources.csv_parquet import csv, parquet
from tests.unit.data.disk.conftest import FILES, ROWS, rows_of

READ = {"csv": csv, "parquet": parquet}


@pytest.fixture(params=READ)
def both(request, files):
    """The same rows in memory and on the disk."""
    path, read = files(request.param), READ[request.param]
    return read(path, "y", cache="memory"), read(path, "y", cache="disk")


def test_targets_and_words_are_those_of_a_table_in_memory(both):
    memory, disk = both
    assert memory.task == disk.task == "binary" and memory.class_names == disk.class_names
    assert np.array_equal(memory.y, disk.y) and len(disk.x) == FILES * ROWS
    assert memory.name == disk.name == "table"
    assert {k: v for k, v in memory.reading.items() if k != "columns"} == {
        k: v for k, v in disk.reading.items() if k != "columns"
    }
    assert memory.reading["columns"] == disk.reading["columns"]


def test_the_fitted_columns_are_those_of_a_table_in_memory(both):
    memory, disk = both
    data = assemble(disk, Splitting(seed=3))
    wanted = memory.preprocess(memory.x.iloc[data.train.x.index])
    found = data.preprocessing
    assert found.names == wanted.names and found.categorical == wanted.categorical
    for one, other in zip(found.numeric, wanted.numeric, strict=True):
        words = {key for key, value in other.items() if isinstance(value, str | list)}
        assert one.keys() == other.keys() and all(one[key] == other[key] for key in words)
        assert [one[key] for key in other.keys() - words] == pytest.approx(
            [other[key] for key in other.keys() - words], rel=1e-12
        )
    rows = memory.x.iloc[data.test.x.index]
    assert np.array_equal(data.test.x[:], found(rows)) and data.test.x.dtype == np.float32


def test_it_says_where_the_rows_are_and_how_many_bytes_are_held(both):
    told = both[1].warnings[0]
    assert "2,000 rows stay on the disk" in told and "in memory are" in told


def test_a_regression_has_the_numbers_of_the_column(files):
    path = files()
    memory, disk = (parquet(path, "large", cache=how) for how in ("memory", "disk"))
    assert disk.task == "regression"
    assert np.array_equal(disk.y, memory.y.astype(np.float32))


def test_several_targets_are_read_alike(files):
    path = files()
    memory, disk = (parquet(path, ["a", "large"], cache=how) for how in ("memory", "disk"))
    assert disk.target_names == ["a", "large"]
    assert np.array_equal(disk.y, memory.y.astype(np.float32))


def test_labels_of_one_cell_are_read_alike(files):
    parts = {}
    for seed in range(FILES):
        parts[f"part_{seed}"] = rows_of(seed).assign(y=np.tile(["p|q", "q", "r", "p|r"], ROWS // 4))
    path = files(**parts)
    memory, disk = (parquet(path, "y", cache=h, label_separator="|") for h in ("memory", "disk"))
    assert disk.task == "multilabel" and disk.target_names == memory.target_names
    assert np.array_equal(disk.y, memory.y)


def test_numbers_as_categories_are_written_alike(files):
    path = files()
    options = {"types": {"person": "category", "count": "drop"}, "max_categories": 20}
    memory, disk = (parquet(path, "y", cache=how, **options) for how in ("memory", "disk"))
    data = assemble(disk, Splitting())
    wanted = memory.preprocess(memory.x.iloc[data.train.x.index])
    assert data.preprocessing.categorical == wanted.categorical
    assert data.preprocessing.merged == wanted.merged and wanted.merged
    assert np.array_equal(data.validation.x[:], wanted(memory.x.iloc[data.validation.x.index]))


def test_a_column_that_counts_the_rows_is_left_out(files):
    parts = {f"part_{i}": rows_of(i).assign(id=np.arange(ROWS) + 1) for i in range(FILES)}
    raw = parquet(files(**parts), "y", cache="disk")
    assert "id" not in raw.x.form.names and any("'id' counts" in told for told in raw.warnings)


def test_an_epoch_reads_every_row_once_and_starts_anywhere(files):
    data = assemble(parquet(files(), "y", cache="disk"), Splitting())
    data.train.x.block, data.train.x.window = 16, 64
    rows, steps = len(data.train), steps_per_epoch(len(data.train), 100)

    def batches(first, last):
        stream = epoch_stream(data.train, batch_size=100, seed=5, first_epoch=first, epochs=last)
        return [(x.numpy(), y.numpy()) for x, y in stream]

    whole = batches(0, 3)
    assert len(whole) == 3 * steps
    later = batches(2, 3)
    for (x, y), (again, target) in zip(whole[2 * steps :], later, strict=True):
        assert np.array_equal(x, again) and np.array_equal(y, target)
    seen = [np.concatenate([x for x, _ in whole[e * steps : (e + 1) * steps]]) for e in range(3)]
    known = np.sort(data.train.x[:].view([("", np.float32)] * data.input_shape[0]).ravel())
    for epoch in seen:
        assert len(epoch) == rows
        assert np.array_equal(np.sort(epoch.view(known.dtype).ravel()), known)
    assert not np.array_equal(seen[0], seen[1])


@pytest.mark.parametrize("count", [2, 3])
def test_a_worker_reads_its_share_of_every_batch_and_no_other_row(files, monkeypatch, count):
    data = assemble(parquet(files(), "y", cache="disk"), Splitting())
    plain, read = type(data.train.x).__getitem__, []

    def noting(self, rows):
        read.append(len(rows))
        return plain(self, rows)

    monkeypatch.setattr(type(data.train.x), "__getitem__", noting)

    def batches(**how):
        read.clear()
        return [x.numpy() for x, _ in epoch_stream(data.train, batch_size=100, seed=5, **how)]

    whole, shares = batches(epochs=1), []
    for index in range(count):
        shares.append(batches(epochs=1, share=(index, count)))
        assert sum(read) == sum(map(len, shares[-1])) < len(data.train)
    for batch, *parts in zip(whole, *shares, strict=True):
        assert np.array_equal(batch, np.concatenate(parts))


def test_a_folder_is_the_table_of_its_files_and_others_are_passed_over(files, tmp_path):
    files()
    for name in ("_SUCCESS.parquet", ".hidden.parquet", "notes.txt"):
        (tmp_path / "table" / name).write_text("x")
    assert len(parquet(str(tmp_path / "table"), "y", cache="memory").y) == FILES * ROWS


def test_large_tables_stay_on_the_disk_and_small_ones_do_not(files, monkeypatch):
    path = files()
    assert isinstance(parquet(path, "y").x, pd.DataFrame)
    monkeypatch.setattr("kreg.data.sources.several.LARGE", 1000)
    assert not isinstance(parquet(path, "y").x, pd.DataFrame)


def test_a_split_may_be_empty(files):
    data = assemble(parquet(files(), "y", cache="disk"), Splitting(test=0.0))
    assert len(data.test) == 0 and data.test.x[:].shape == (0, *data.input_shape)
    assert np.array_equal(data.places["train"], data.train.x.index)


def test_many_rows_are_made_in_parts(files, monkeypatch):
    data = assemble(parquet(files(), "y", cache="disk"), Splitting())
    wanted = data.train.x[:]
    monkeypatch.setattr("kreg.data.disk.rows.PART", 100)
    assert np.array_equal(data.train.x[:], wanted)


def test_a_sample_says_that_it_is_one(files, monkeypatch):
    monkeypatch.setattr("kreg.data.checks.SAMPLE", 100)
    monkeypatch.setattr("kreg.data.dataset.Split.sample.__defaults__", (100,))
    data = assemble(parquet(files(), "y", cache="disk"), Splitting())
    assert any("looked for in 100 rows of each split" in told for told in data.warnings)


def test_rows_that_stand_in_two_splits_are_counted(files):
    parts = {f"part_{i}": rows_of(0) for i in range(FILES)}
    data = assemble(parquet(files(**parts), "y", cache="disk"), Splitting())
    assert any("test rows are also training rows" in told for told in data.warnings)


def test_rows_that_stand_in_two_splits_with_other_targets_are_no_memory(files):
    """Half of the files say the other class of the same rows."""
    parts = {f"part_{i}": rows_of(0) for i in range(FILES)}
    for i, part in enumerate(parts.values()):
        part["y"] = ("yes", "no")[i % 2]
    data = assemble(parquet(files(**parts), "y", cache="disk"), Splitting())
    train, held = (data.places[name] for name in ("train", "validation"))  # numbers in the store
    known: dict[int, set[int]] = {}
    for row in train.tolist():
        known.setdefault(row % ROWS, set()).add(row // ROWS % 2)
    twins = [row for row in held.tolist() if row % ROWS in known]
    same = sum(known[row % ROWS] == {row // ROWS % 2} for row in twins)
    told = " | ".join(data.warnings)
    assert 0 < same < len(twins)
    assert f"{same} of {len(held)} validation rows are also training rows" in told
    assert f"{len(twins) - same} of {len(held)} validation rows have the inputs of" in told
