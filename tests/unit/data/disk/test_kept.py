"""Rows are written once, found again, checked when they are read, and refused without room."""

import os

import numpy as np
import pytest

from kreg.data import caches
from kreg.data.disk import kept, writing
from kreg.data.sources.csv_parquet import parquet
from kreg.foreign.content import DamagedError
from tests.unit.data.disk.conftest import rows_of, write


def test_a_second_run_writes_nothing(files, monkeypatch, cache):
    path = files()
    first = parquet(path, "y", cache="disk")
    monkeypatch.setattr(writing, "write", None)  # called, it would fail
    second = parquet(path, "y", cache="disk")
    assert first.x.signature() == second.x.signature() and len(list(cache.glob("*.rows"))) == 1
    assert np.array_equal(first.x[:], second.x[:], equal_nan=True)


def test_a_changed_file_or_wish_is_written_anew(files, tmp_path, cache):
    path = files()
    first = parquet(path, "y", cache="disk")
    write(rows_of(9), tmp_path / "table" / "part-1.parquet")
    second = parquet(path, "y", cache="disk")
    assert first.x.signature() != second.x.signature()
    parquet(path, "y", cache="disk", drop=["a"])
    assert len(list(cache.glob("*.rows"))) == 3


def test_a_flipped_bit_is_found_when_it_is_read(files, cache):
    path = files()
    raw = parquet(path, "y", cache="disk")
    place = next(cache.glob("*.rows"))
    content = bytearray(place.read_bytes())
    content[100] ^= 1
    place.write_bytes(content)
    again = parquet(path, "y", cache="disk")
    assert len(again.x) == len(raw.x)
    with pytest.raises(DamagedError, match=r"damaged in rows 0 to 2,000. Remove it"):
        again.x[np.array([1999])]


def test_a_file_that_was_cut_short_is_written_anew(files, cache):
    path = files()
    wanted = parquet(path, "y", cache="disk").x.signature()
    place = next(cache.glob("*.rows"))
    place.write_bytes(place.read_bytes()[:5000])
    assert parquet(path, "y", cache="disk").x.signature() == wanted


def test_a_full_disk_is_refused_before_anything_is_written(files, monkeypatch, cache):
    free = caches.shutil.disk_usage("/")._replace(free=100)
    monkeypatch.setattr(caches.shutil, "disk_usage", lambda path: free)
    with pytest.raises(ValueError, match=r"are needed and 100 bytes are free.*XDG_CACHE_HOME"):
        parquet(files(), "y", cache="disk")
    assert not list(cache.glob("*.rows"))


def test_more_than_the_limit_is_refused(files):
    with pytest.raises(ValueError, match=r"data.cache_limit is 1.0 KiB"):
        parquet(files(), "y", cache="disk", cache_limit=1 / 2**20)


def test_a_failed_writer_leaves_nothing(files, cache):
    with pytest.raises(ValueError, match="target"):
        parquet(files(part_3=rows_of(3).assign(y=None)), "y", cache="disk")
    assert not [p for p in cache.iterdir() if not p.name.endswith(".lock")]


def test_rows_are_read_in_any_order(files):
    found = parquet(files(), "y", cache="disk").x
    wanted = found[:]
    several = (range(0, len(found), 3), [5, 6, 7, 3, 4, 4, -1], [9, 12, 17, 18, 18, 0], [])
    for rows in (np.random.default_rng(0).permutation(len(found)), *several):
        rows = np.array(rows, int)
        assert np.array_equal(found[rows], wanted[rows], equal_nan=True)


def test_a_file_that_is_cut_short_under_a_training_is_a_sentence(files, cache):
    """A mapped file would end the process by a signal here."""
    rows = parquet(files(), "y", cache="disk").x
    place = next(cache.glob("*.rows"))
    assert len(rows[-1:]) == 1  # the last block is known to be sound
    os.truncate(place, 5000)
    with pytest.raises(DamagedError, match=f"{place.name} has been cut short"):
        rows[-1:]


def test_another_order_of_the_columns_changes_nothing(files):
    part = rows_of(2)
    one = parquet(files(), "y", cache="disk").x[:]
    other = parquet(files(part_2=part[part.columns[::-1]]), "y", cache="disk").x[:]
    assert np.array_equal(one, other, equal_nan=True)


def test_the_key_names_everything_that_the_records_depend_on(files, tmp_path):
    from kreg.data.disk.wish import Wish

    files()
    found = sorted((tmp_path / "table").iterdir())
    wishes = [Wish(["y"]), Wish(["a"]), Wish(["y"], group="a"), Wish(["y"], types={"a": "number"}),
              Wish(["y"], task="regression"), Wish(["y"], split="a")]  # fmt: skip
    keys = {kept.key(found, wish, "") for wish in wishes} | {kept.key(found[:3], wishes[0], "")}
    assert len(keys) == len(wishes) + 1
    assert kept.key(found, Wish(["y"], max_categories=7), "") in keys  # statistics are no records
