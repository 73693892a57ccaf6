"""Splits, classes, nested folders, and what a folder may hold by mistake."""

import os
import sys

import numpy as np
import pytest

from kreg.data import Splitting, assemble
from kreg.data.sources.image_folder import image_folder


def fill(write, parts, classes=("a", "b"), count=4):
    for i, part in enumerate(parts):
        for j, name in enumerate(classes):
            for k in range(count):
                write(f"{part}/{name}/{k}.png", 1000 * i + 100 * j + k)


SPLITS = {
    ("train", "test"): {"train": 6, "validation": 2, "test": 8},
    ("train", "val"): {"train": 8, "validation": 8, "test": 0},
    ("train", "validation", "test"): {"train": 8, "validation": 8, "test": 8},
    ("Training", "valid", "testing"): {"train": 8, "validation": 8, "test": 8},
}


@pytest.mark.parametrize("parts", SPLITS)
def test_folders_of_splits(parts, write, tmp_path):
    fill(write, parts)
    data = assemble(image_folder(str(tmp_path / "set")), Splitting(validation=0.25))
    assert data.class_names == ["a", "b"] and data.sizes == SPLITS[parts]
    for split, part in zip(("train", "validation", "test"), parts if len(parts) == 3 else ()):
        assert {path.parts[-3] for path in data.splits[split].x.paths} == {part}
        wanted = [path.parent.name == "b" for path in data.splits[split].x.paths]
        assert data.splits[split].y.tolist() == wanted


def test_a_class_may_be_called_train(write, tmp_path):
    fill(write, ["."], ("bus", "car", "train"))
    assert image_folder(str(tmp_path / "set")).class_names == ["bus", "car", "train"]


def test_two_folders_for_one_split_are_refused(write, tmp_path):
    fill(write, ["train", "val", "validation"])
    with pytest.raises(ValueError, match="val and validation are both for validation"):
        image_folder(str(tmp_path / "set"))


def test_a_class_that_stands_in_the_test_alone_is_told(write, tmp_path):
    fill(write, ["train", "test"])
    write("test/new/0.png", 77)
    data = assemble(image_folder(str(tmp_path / "set")))
    assert data.class_names == ["a", "b", "new"]
    assert "'new' missing in train, so it cannot be learned." in " ".join(data.warnings)


def test_what_stands_beside_the_splits_is_told(write, tmp_path):
    fill(write, ["train", "test", "unlabelled"])
    raw = image_folder(str(tmp_path / "set"))
    assert "beside the splits stands unlabelled: left out." in " ".join(raw.warnings)


def test_folders_in_a_class_are_walked(write, tmp_path):
    fill(write, ["."])
    write("a/summer/2024/x.png", 50)
    write("b/winter/y.png", 51)
    raw = image_folder(str(tmp_path / "set"))
    names = [str(path.relative_to(tmp_path / "set")) for path in raw.x.paths]
    assert names[4] == "a/summer/2024/x.png" and names[-1] == "b/winter/y.png"
    assert raw.y.tolist() == [0] * 5 + [1] * 5


def test_files_of_other_kinds_are_counted(folder):
    for name in ("Thumbs.db", "notes.txt", "more.txt", ".hidden"):
        (folder / "cat" / name).write_text("x")
    (warning,) = image_folder(str(folder)).warnings
    assert "3 files that are no picture by name (.txt, .db) left out" in warning


@pytest.mark.parametrize("count", [0, 1])
def test_one_class_is_refused(write, tmp_path, count):
    (tmp_path / "set").mkdir()
    for i in range(count):
        write(f"cat/{i}.png")
    with pytest.raises(ValueError, match=f"at least two classes; it has {count}"):
        image_folder(str(tmp_path / "set"))


def test_a_folder_around_the_folder_is_seen(folder, tmp_path):
    with pytest.raises(ValueError, match=r"it has 1, 'set'. Did you mean data.path=.*set\?"):
        image_folder(str(tmp_path))


def test_a_link_within_the_folder_is_followed_once(folder):
    (folder / "dog" / "again.png").symlink_to(folder / "dog" / "0.png")
    (folder / "dog" / "loop").symlink_to(folder / "dog")
    raw = image_folder(str(folder))
    assert [path.name for path in raw.x.paths].count("again.png") == 1 and len(raw.y) == 13


@pytest.mark.skipif(sys.platform == "darwin", reason="names are UTF-8 there")
def test_names_that_are_not_utf8(folder):
    os.rename(folder / "dog", os.fsencode(folder) + b"/d\xf6g")
    os.rename(folder / "cat" / "0.png", os.fsencode(folder) + b"/cat/\xe4.png")
    for _ in range(2):  # the second time from the index
        data = assemble(image_folder(str(folder), cache="disk"))
        assert data.class_names == ["cat", "d\ufffdg"] and sum(data.sizes.values()) == 12
        assert data.fingerprint() == assemble(image_folder(str(folder))).fingerprint()
    (folder / "cat" / os.fsdecode(b"\xe5.png")).write_bytes(b"")
    with pytest.raises(ValueError, match="cat/\ufffd.png is not an image"):
        image_folder(str(folder))


def test_sizes_are_offered(folder, write):
    write("cat/large.png", 9, size=(400, 500))
    with pytest.raises(ValueError, match=r"2 sizes.*data.size=auto, which is \[8, 8\] here"):
        image_folder(str(folder))
    raw = image_folder(str(folder), size="auto")
    assert raw.x.shape[1:] == (8, 8, 3)
    told = {"size": [8, 8], "channels": 3, "resize": "stretch", "bits": 16}
    assert told.items() <= assemble(raw).to_dict()["reading"].items()
    assert "pictures of 2 sizes become 8 x 8 (stretch)" in " ".join(raw.warnings)


@pytest.mark.parametrize("how", ["stretch", "crop", "pad"])
def test_ways_to_resize(how, tmp_path):
    from PIL import Image

    wide = np.zeros((8, 16, 3), np.uint8)  # its right half is white
    wide[:, 8:] = 255
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for i in range(2):
            Image.fromarray(wide).save(tmp_path / name / f"{i}.png")
    pixels = image_folder(str(tmp_path), size=[8, 8], resize=how, channels=1).x[[0]][0, ..., 0]
    middle = pixels[4]
    if how == "crop":  # the middle of the picture at its own scale: a sharp edge
        assert middle.tolist() == [0] * 4 + [255] * 4
    else:
        assert middle[0] == 0 and middle[-1] == 255 and 0 < middle[3] < middle[4] < 255
    bars = pixels[[0, 1, 6, 7]]
    assert (bars.max() == 0) == (how == "pad")


def test_a_grey_folder_is_noticed(write, tmp_path):
    fill(lambda name, seed: write(name, seed, mode="L"), ["."])
    assert image_folder(str(tmp_path / "set")).x.shape[-1] == 1
    assert image_folder(str(tmp_path / "set"), channels=3).x.shape[-1] == 3


def test_grey_pictures_that_are_saved_in_colour_are_noticed(write, tmp_path):
    from PIL import Image

    fill(lambda name, seed: write(name, seed, mode="L"), ["."])
    for path in (tmp_path / "set").rglob("*.png"):
        Image.open(path).convert("RGB").save(path)
    for _ in range(2):  # the second time from the index
        assert image_folder(str(tmp_path / "set")).x.shape[-1] == 1


def test_few_pictures_in_colour_are_told(write, tmp_path):
    fill(lambda name, seed: write(name, seed, mode="L"), ["."], count=6)
    write("a/colour.png", 5)
    raw = image_folder(str(tmp_path / "set"))
    assert raw.x.shape[-1] == 3
    assert "1 of 13 pictures may have colour, so all are read in colour" in raw.warnings[0]
