"""Pictures whose targets stand in a table."""

import numpy as np
import pytest

from kreg.data import Splitting, assemble
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


@pytest.mark.parametrize("options", [{}, {"on_error": "skip"}])
def test_pictures_of_a_patient_stay_in_one_split(options, table, tmp_path):
    """The file names in their order give each patient four neighbours, every second of a class."""
    path = table("image,kind,visit", "{i:03d},{odd},p")
    text = (tmp_path / "table.csv").read_text()
    for i in range(12):
        text = text.replace(f"{i:03d},{i % 2},p", f"{i:03d},{i % 2},p{i // 3}")
    (tmp_path / "table.csv").write_text(text)
    if options:
        (tmp_path / "set" / "b" / "003.png").write_bytes(b"")
    raw = load(tmp_path, path, target="kind", group="visit", **options)
    for seed in range(3):
        data = assemble(raw, Splitting(validation=0.3, test=0.3, seed=seed))
        found = {
            name: {int(path.stem) // 3 for path in split.x.paths}
            for name, split in data.splits.items()
        }
        assert sum(map(len, found.values())) == 4 and all(found.values())


def test_pictures_in_the_order_of_a_column(table, tmp_path):
    """Days count down while the names count up, as dates and as numbers."""
    for cell in ("2024-01-{day}", "{day}/01/2024", "{day}"):
        path = table("image,kind,day", "{i:03d},{odd},{i}")
        rows = [f"{i:03d},{i % 2},{cell.format(day=30 - i)}" for i in range(12)]
        (tmp_path / "table.csv").write_text("\n".join(["image,kind,day", *rows]))
        data = assemble(load(tmp_path, path, time="day"), Splitting(validation=0.25, test=0.25))
        stems = {name: [int(p.stem) for p in split.x.paths] for name, split in data.splits.items()}
        assert sorted(stems["test"]) == [0, 1, 2] and sorted(stems["validation"]) == [3, 4, 5]


def test_a_column_of_patients_that_nobody_named_is_told(table, write, tmp_path):
    for i in range(12, 40):
        write(f"{'ab'[i % 2]}/{i:03d}.png", i)
    path = table("image,kind,patient", "{i:03d},{odd},p{i}")
    rows = [f"{i:03d},{i // 2 % 2},p{i // 2}" for i in range(40)]
    (tmp_path / "table.csv").write_text("\n".join(["image,kind,patient", *rows]))
    data = assemble(load(tmp_path, path, target="kind"))
    assert "Split by group: data.group=patient." in " ".join(data.warnings)


def test_patients_that_the_splits_tear_apart_are_told(table, tmp_path):
    path = table("image,kind,part,who", "{i:03d},{odd},train,p{odd}", [])
    text = (tmp_path / "table.csv").read_text().replace("011,1,train", "011,1,test")
    (tmp_path / "table.csv").write_text(text)
    raw = load(tmp_path, path, split="part", group="who")
    assert "1 of 2 groups of data.group stand in more than one" in raw.warnings[0]
    assert "'p1' in test and train" in raw.warnings[0]


def test_pictures_without_a_group_are_one_group(table, tmp_path):
    path = table("image,kind,who", "{i:03d},{odd},")
    text = (tmp_path / "table.csv").read_text()
    for i in range(8):
        text = text.replace(f"{i:03d},{i % 2},", f"{i:03d},{i % 2},w{i // 2}")
    (tmp_path / "table.csv").write_text(text)
    raw = load(tmp_path, path, group="who")
    assert raw.warnings == ["set: 4 rows have no value in 'who'; they stay together, as one group."]


def test_classes_and_counters_are_not_taken_for_names(table, write, tmp_path):
    """Class 0 is called as 0.png is, and pandas writes a column without a name."""
    for i in range(12):
        (tmp_path / "set" / "ab"[i % 2] / f"{i:03d}.png").rename(tmp_path / "set" / f"{i}.png")
    raw = load(tmp_path, table(",kind,image", "{i},{odd},{i}.png"))
    assert (raw.class_names, [path.stem for path in raw.x.paths][:2]) == (["0", "1"], ["0", "1"])
    assert raw.y.tolist() == [0, 1] * 6


WRONG = {
    "no names": (("image,kind", "{i}.tiff,{odd}"), {}, "no column of table.csv names pictures"),
    "two columns": (("image,kind,age", "{i:03d},{odd},{i}"), {}, "2 columns beside the file names"),
    "no column": (("image", "{i:03d}"), {}, "0 columns beside the file names: none"),
    "twice": (("image,kind", "{i:03d},{odd}", ["003.png,1"]), {}, "rows 4 and 13 are of the same"),
    "absent": (("image,kind", "{i:03d},{odd}", ["zzz,1"]), {}, "1 of 13 rows.*'zzz'.*skip"),
    "no such target": (("image,kind", "{i:03d},{odd}"), {"target": "kin"}, "data.target.*'kind'"),
    "no such group": (("image,kind", "{i:03d},{odd}"), {"group": "who"}, "data.group.*'who'"),
    "days missing": (("image,kind,day", "{i:03d},{odd},"), {"time": "day"}, "'day' has missing"),
    "no days": (("image,kind,day", "{i:03d},{odd},x"), {"time": "day"}, "neither numbers nor date"),
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
