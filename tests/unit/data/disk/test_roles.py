"""A row's split depends on the seed and on its own key."""

import re

import numpy as np
import pandas as pd
import pytest

from kreg.data import Splitting, assemble
from kreg.data.disk.hashing import Smallest, mixed, of_rows, of_texts
from kreg.data.disk.roles import Dealing
from kreg.data.sources.csv_parquet import parquet
from tests.unit.data.disk.conftest import ROWS, rows_of, write

KEYS = (mixed(np.arange(20_000, dtype=np.uint64)) >> np.uint64(32)).astype(np.uint32)


def split(**how):
    return Dealing(KEYS).split(Splitting(**how), own_test=False)


def test_every_row_has_one_split_and_the_shares_are_met():
    found = split(validation=0.2, test=0.1, seed=4)
    assert np.array_equal(np.sort(np.concatenate(found)), np.arange(len(KEYS)))
    assert len(found.validation) == pytest.approx(4000, abs=300)
    assert len(found.test) == pytest.approx(2000, abs=250)


def test_another_seed_deals_otherwise():
    assert not np.array_equal(split(seed=1).test, split(seed=2).test)


def test_folds_hold_every_row_out_once_and_share_the_test_rows():
    folds = [split(folds=3, fold=k, seed=1) for k in range(3)]
    assert all(np.array_equal(folds[0].test, other.test) for other in folds)
    held = np.concatenate([*(found.fold for found in folds), folds[0].test])
    assert np.array_equal(np.sort(held), np.arange(len(KEYS)))
    assert all(np.array_equal(np.sort(np.concatenate(f)), np.arange(len(KEYS))) for f in folds)


def test_fewer_training_rows_are_a_part_of_more():
    dealing, rows = Dealing(KEYS), split().train
    few, many = (dealing.subset(rows, Splitting(train_size=n)) for n in (500, 0.5))
    assert len(few) == 500 and len(many) == round(len(rows) / 2)
    assert set(few) <= set(many) <= set(rows)


def test_rows_that_are_added_leave_the_others_where_they_are(files, tmp_path):
    path = files()
    first = assemble(parquet(path, "y", cache="disk"), Splitting())
    write(rows_of(7), tmp_path / "table" / "part-9.parquet")
    second = assemble(parquet(path, "y", cache="disk"), Splitting())
    for name, part in first.splits.items():
        rows = second.splits[name].x.index
        assert np.array_equal(part.x.index, rows[rows < 4 * ROWS])


def test_a_group_stays_together(files):
    data = assemble(parquet(files(), "y", cache="disk", group="person"), Splitting())
    people = pd.concat([rows_of(i) for i in range(4)], ignore_index=True)["person"].to_numpy()
    found = [set(people[part.x.index]) for part in data.splits.values()]
    assert all(found) and not (found[0] & found[1] or found[0] & found[2] or found[1] & found[2])


@pytest.mark.parametrize("cache", ["memory", "disk"])
def test_whole_files_stay_together(files, cache):
    raw = parquet(files(), "y", cache=cache, split_by_file=True, drop=["count"])
    data = assemble(raw, Splitting(validation=0.25, test=0.25))
    assert data.sizes == {"train": 2 * ROWS, "validation": ROWS, "test": ROWS}


def test_a_file_is_no_group_where_another_column_says_the_split(files):
    with pytest.raises(ValueError, match="data.split_by_file"):
        parquet(files(), "y", cache="disk", split_by_file=True, group="person")


def test_the_words_of_a_column_say_the_split(files):
    words = np.tile(["train", "train", "dev", "test"], ROWS // 4)
    parts = {f"part_{i}": rows_of(i).assign(role=words) for i in range(4)}
    data = assemble(parquet(files(**parts), "y", cache="disk", split="role"), Splitting())
    assert data.sizes == {"train": 2 * ROWS, "validation": ROWS, "test": ROWS}
    assert np.array_equal(data.test.x.index, np.arange(4 * ROWS)[3::4])


def test_files_of_test_rows_are_the_test(files, tmp_path):
    path = files()
    write(rows_of(8), tmp_path / "unseen.parquet")
    raw = parquet(path, "y", cache="disk", test_path=str(tmp_path / "unseen.parquet"))
    data = assemble(raw, Splitting())
    assert len(data.test) == ROWS and data.test.x.index.min() == 4 * ROWS
    assert sum(data.sizes.values()) == 5 * ROWS


def test_the_last_rows_of_time_are_the_test(files):
    data = assemble(parquet(files(), "y", cache="disk", time="day"), Splitting())
    days = pd.concat([rows_of(i) for i in range(4)], ignore_index=True)["day"].to_numpy()
    train, validation, test = (days[part.x.index] for part in data.splits.values())
    assert train.max() < validation.min() and validation.max() < test.min()


@pytest.mark.parametrize("other", ["time", "split"])
def test_groups_that_another_column_tears_are_told_as_of_a_table_in_memory(files, other):
    roles = np.tile(["train", "train", "dev", "test"], ROWS // 4)
    parts = {f"part_{i}": rows_of(i).assign(role=roles) for i in range(4)}
    named = {"time": {"time": "day", "drop": ["role"]}, "split": {"split": "role"}}[other]
    told = {}
    for cache in ("memory", "disk"):
        raw = parquet(files(**parts), "y", cache=cache, group="person", **named)
        told[cache] = [w for w in assemble(raw, Splitting()).warnings if "data.group" in w]
    (memory,), (disk,) = told["memory"], told["disk"]
    assert re.sub(r", such as [^:]*", "", memory) == disk and "of 200 groups of data.group" in disk


def test_hashes_of_rows_and_texts():
    rows = np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0]])
    found = of_rows(rows)
    assert found[0] == found[2] != found[1]
    assert of_texts(["x", "y", "x"]).tolist() == [*of_texts(["x", "y"]), of_texts(["x"])[0]]
    many = of_rows(np.random.default_rng(0).integers(0, 2**31, (50_000, 3)))
    assert len(np.unique(many)) == 50_000
    assert np.bincount((many >> np.uint64(60)).astype(int)).std() < 200  # 16 even parts of 3125


def test_the_rows_with_the_smallest_hashes_are_all_equal_ones():
    hashes = mixed(np.arange(1000, dtype=np.uint64) % 500)
    kept = Smallest(most=100)
    for first in range(0, 1000, 250):
        kept.add(first, hashes[first : first + 250])
    assert 40 < len(kept.rows) <= 100
    assert np.array_equal(hashes[kept.rows], kept.hashes)
    assert all(np.unique(kept.hashes, return_counts=True)[1] == 2)
