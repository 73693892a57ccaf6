"""Pictures whose targets stand in a table."""

import numpy as np
import pytest

from kreg.data import assemble
from kreg.data.sources.image_folder import image_folder


@pytest.fixture
def table(write, tmp_path):
    """`table("name,label", "{i:03d}.png,{i}")` writes twelve pictures, and a row for each."""
    for i in range(12):
        write(f"{'ab'[i % 2]}/{i:03d}.png", i)

    def save(header, row, more=()):
        rows = [row.format(i=i, folder="ab"[i % 2], odd=i % 2) for i in range(12)]
        (tmp_path / "table.csv").write_text("\n".join([header, *rows, *more]) + "\n")
        return str(tmp_path / "table.csv")

    return save


def load(tmp_path, labels, **options):
    return image_folder(str(tmp_path / "set"), labels=labels, **options)


@pytest.mark.parametrize(
    "name",
    ["{folder}/{i:03d}.png", "./{folder}/{i:03d}.png", "{folder}\\{i:03d}", "{i:03d}.png",
     "{i:03d}"],
)  # fmt: skip
def test_names_of_files(name, table, tmp_path):
    raw = load(tmp_path, table("kind,image", "k{odd}," + name))
    assert (raw.task, raw.class_names, raw.y.tolist()) == ("binary", ["k0", "k1"], [0, 1] * 6)
    assert [path.stem for path in raw.x.paths] == [f"{i:03d}" for i in range(12)]


def test_numbers_are_a_regression(table, tmp_path):
    raw = load(tmp_path, table("image;age", "{i:03d};{i},5"), task="regression")
    assert raw.task == "regression" and raw.y.tolist() == [i + 0.5 for i in range(12)]
    data = assemble(raw)
    assert data.task == "regression" and data.outputs == 1
    assert load(tmp_path, table("image,age", "{i:03d},{i}.5")).task == "regression"
    whole = table("image,age", "{i:03d},{i}")
    assert load(tmp_path, whole).task == "classification"
    assert load(tmp_path, whole, task="regression").task == "regression"


def test_several_labels(table, tmp_path):
    raw = load(tmp_path, table("image,tags", "{i:03d},x|t{odd}"), label_separator="|")
    assert (raw.task, raw.target_names) == ("multilabel", ["t0", "t1", "x"])
    assert raw.y[:2].tolist() == [[1, 0, 1], [0, 1, 1]]
    raw = load(tmp_path, table("image,a,b", "{i:03d},1,{odd}"), target=["a", "b"])
    assert (raw.task, raw.target_names) == ("multilabel", ["a", "b"])


def test_a_column_says_the_split(table, tmp_path):
    path = table("image,kind,part", "{i:03d},{odd},train")
    text = (tmp_path / "table.csv").read_text()
    for i, part in ((8, "val"), (9, "val"), (10, "test"), (11, "test")):
        text = text.replace(f"{i:03d},{i % 2},train", f"{i:03d},{i % 2},{part}")
    (tmp_path / "table.csv").write_text(text)
    data = assemble(load(tmp_path, path, split="part"))
    assert data.sizes == {"train": 8, "validation": 2, "test": 2}
    assert [path.stem for path in data.test.x.paths] == ["010", "011"]


WRONG = {
    "no names": (("image,kind", "{i}.tiff,{odd}"), {}, "no column of table.csv names pictures"),
    "two columns": (("image,kind,age", "{i:03d},{odd},{i}"), {}, "2 columns beside the file names"),
    "no column": (("image", "{i:03d}"), {}, "0 columns beside the file names: none"),
    "twice": (("image,kind", "{i:03d},{odd}", ["003.png,1"]), {}, "rows 4 and 13 are of the same"),
    "absent": (("image,kind", "{i:03d},{odd}", ["zzz,1"]), {}, "1 of 13 rows.*'zzz'.*skip"),
    "gaps": (("image,kind", "{i:03d},", []), {}, "no value in the target 'kind'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_table(name, table, tmp_path):
    words, options, sentence = WRONG[name]
    with pytest.raises(ValueError, match=sentence):
        load(tmp_path, table(*words), **options)


def test_a_name_of_two_files_needs_its_folder(table, write, tmp_path):
    write("b/000.png", 99)
    with pytest.raises(ValueError, match="row 1: several pictures are called '000'"):
        load(tmp_path, table("image,kind", "{i:03d},{odd}"))
    raw = load(tmp_path, table("image,kind", "{folder}/{i:03d},{odd}"))
    assert raw.warnings == ["set: 1 pictures stand in no row of table.csv: left out."]


def test_rows_and_pictures_without_each_other_are_counted(table, write, tmp_path):
    write("c/extra.png", 5)
    raw = load(tmp_path, table("image,kind", "{i:03d},{odd}", ["zzz,1"]), on_error="skip")
    assert "1 of 13 rows of table.csv name no picture, such as 'zzz': left out." in raw.warnings[0]
    assert "1 pictures stand in no row" in raw.warnings[1] and len(raw.y) == 12


def test_a_broken_picture_leaves_with_its_row(table, tmp_path):
    path = table("image,kind", "{i:03d},{i}.5")
    (tmp_path / "set" / "b" / "003.png").write_bytes(b"")
    raw = load(tmp_path, path, on_error="skip")
    assert raw.y.tolist() == [i + 0.5 for i in range(12) if i != 3]
    assert np.array_equal(raw.x[[3]], load(tmp_path, path, on_error="skip").x[[3]])
    assert raw.x.paths[3].stem == "004"
