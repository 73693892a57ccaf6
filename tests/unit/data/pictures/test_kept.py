"""Broken files are found before training; pictures are decoded once; nothing is lost by it."""

import io
import resource
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from kreg.data import Splitting, assemble, caches
from kreg.data.pictures import decoding, kept
from kreg.data.sources.image_folder import image_folder


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "kreg" / "pictures"


@pytest.fixture
def decoded(monkeypatch):
    """One entry for each picture that is decoded."""
    found, original = [], decoding.decode

    def counting(content, recipe):
        found.append(recipe)
        return original(content, recipe)

    monkeypatch.setattr(decoding, "decode", counting)
    monkeypatch.setattr("kreg.data.image_files.decode", counting)
    return found


def cut(path):
    """A JPEG that breaks off after its header."""
    content = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)
    Image.fromarray(noise).resize((5, 6)).save(content, "JPEG", quality=95)
    path.write_bytes(content.getvalue()[:-30])


@pytest.mark.parametrize("how", kept.CACHES)
def test_a_file_that_breaks_off_is_named_before_training(how, folder, cache, decoded):
    cut(folder / "cat" / "broken.jpg")
    for times in (1, 0):
        del decoded[:]
        with pytest.raises(ValueError, match=r"cat/broken.jpg cannot be decoded.*on_error=skip"):
            image_folder(str(folder), cache=how)
        assert len(decoded) == 13 * times  # what is known of a file is remembered


def test_broken_files_are_skipped_with_their_count(folder, cache):
    cut(folder / "cat" / "broken.jpg")
    (folder / "dog" / "empty.png").write_bytes(b"")
    for how in (*kept.CACHES, *kept.CACHES):
        raw = image_folder(str(folder), cache=how, on_error="skip")
        assert len(raw.y) == 12 and raw.y.tolist() == [0] * 6 + [1] * 6
        (warning,) = raw.warnings
        assert "2 of 14 pictures cannot be read" in warning and "broken.jpg cannot" in warning
        wanted = [np.asarray(Image.open(path)) for path in raw.x.paths]
        assert np.array_equal(raw.x[:], wanted)


def test_a_repaired_file_is_looked_at_again(folder, cache, write):
    cut(folder / "cat" / "0.png")
    with pytest.raises(ValueError, match="cannot be decoded"):
        image_folder(str(folder))
    write("cat/0.png", 99)
    assert len(image_folder(str(folder)).y) == 12


def test_all_broken_is_refused_even_to_skip(write, cache, tmp_path):
    for name in ("a/0.png", "b/0.png"):
        write(name).write_bytes(b"no")
    with pytest.raises(ValueError, match=r"2 of 2 pictures.*Repair or remove them\.$"):
        image_folder(str(tmp_path / "set"), on_error="skip")


def test_pixels_and_fingerprint_are_equal_with_and_without(folder, cache):
    found = [assemble(image_folder(str(folder), size=[4, 7], cache=how)) for how in kept.CACHES]
    found += [assemble(image_folder(str(folder), size=[4, 7], cache="disk"))]
    for data in found[1:]:
        assert data.fingerprint() == found[0].fingerprint()
        assert np.array_equal(data.train.x[:], found[0].train.x[:])
        assert np.array_equal(data.test.x[::-1], found[0].test.x[::-1])


def test_what_is_on_the_disk_is_decoded_once(folder, cache, decoded):
    for wanted in (12, 0):
        del decoded[:]
        train = assemble(image_folder(str(folder), cache="disk")).train
        train.x[:], train.x[:]
        assert len(decoded) == wanted
    assert len(list(cache.glob("*.pixels"))) == 1
    assert not list(cache.glob("*.tmp*"))


def test_without_a_cache_files_are_checked_once(folder, cache, decoded):
    for wanted in (12, 0):
        del decoded[:]
        image_folder(str(folder), cache="none")
        assert len(decoded) == wanted


CHANGES = {
    "size": lambda folder, write: {"size": [3, 3]},
    "channels": lambda folder, write: {"channels": 1},
    "resize": lambda folder, write: {"size": [6, 5], "resize": "pad"},
    "a new file": lambda folder, write: write("cat/new.png", 5) and {},
    "a changed file": lambda folder, write: write("cat/0.png", 6, mode="L") and {},
}


@pytest.mark.parametrize("what", CHANGES)
def test_another_wish_or_another_file_is_decoded_anew(what, folder, cache, write, decoded):
    image_folder(str(folder), cache="disk")
    del decoded[:]
    options = CHANGES[what](folder, write)
    raw = image_folder(str(folder), cache="disk", **options)
    assert len(decoded) == len(raw.y)
    plain = image_folder(str(folder), cache="none", **options)
    assert np.array_equal(raw.x[:], plain.x[:])


@pytest.mark.parametrize("damage", [b"", b"short", "longer", "changed"])
def test_a_damaged_cache_changes_no_pixel(damage, folder, cache):
    wanted = image_folder(str(folder), cache="disk").x[:]
    (file,) = cache.glob("*.pixels")
    content = bytearray(file.read_bytes())
    content[70] ^= 255
    told = {"longer": bytes(content) + b"x", "changed": bytes(content)}
    file.write_bytes(told.get(damage, damage))
    assert np.array_equal(image_folder(str(folder), cache="disk").x[:], wanted)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no", b"x" * 5000])
def test_a_damaged_index_is_made_anew(content, folder, cache, decoded):
    image_folder(str(folder), cache="disk")
    (file,) = cache.glob("index-*.npz")
    file.write_bytes(content)
    del decoded[:]
    data = assemble(image_folder(str(folder), cache="disk"))
    assert len(decoded) == 12 and not data.warnings  # no false duplicates


def test_the_folder_is_bounded(folder, cache):
    row = 6 * 5 * 3 + 4
    limit = 2.5 * 12 * row / kept.GIB
    for size in ([6, 5], [5, 6], [3, 10]):
        raw = image_folder(str(folder), cache="disk", size=size, cache_limit=limit)
        assert not raw.warnings
    assert len(list(cache.glob("*.pixels"))) == 2
    raw = image_folder(str(folder), cache="disk", size=[60, 50], cache_limit=limit)
    assert "data.cache_limit is" in raw.warnings[0] and raw.x.kept is None


def test_what_a_killed_writer_left_is_removed(folder, cache):
    image_folder(str(folder), cache="disk")
    (file,) = cache.glob("*.pixels")
    leftover = file.with_name(f".{file.stem}.0123abcd.tmp.pixels")
    file.rename(leftover)
    image_folder(str(folder), cache="disk")
    assert file.exists() and not leftover.exists()


@pytest.mark.parametrize("obstacle", ["full", "no folder"])
def test_training_goes_on_without_a_place_to_keep(obstacle, folder, cache, monkeypatch):
    if obstacle == "no folder":
        cache.parent.parent.write_text("a file")
    else:
        free = caches.shutil.disk_usage(folder)._replace(free=100)
        monkeypatch.setattr(caches.shutil, "disk_usage", lambda path: free)
    raw = image_folder(str(folder), cache="disk")
    assert "decoded pictures are not kept" in raw.warnings[0] and len(raw.x[:]) == 12


def limited():
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


PROGRAM = """
import sys
from kreg.data.sources.image_folder import image_folder
raw = image_folder(sys.argv[1], cache="disk")
print(raw.warnings, raw.x[:].sum())
"""


@pytest.mark.slow
def test_a_write_that_fails_half_way_is_told(folder, cache):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, folder], capture_output=True, text=True, preexec_fn=limited
    )
    assert "not kept" in done.stdout and "File too large" in done.stdout, done.stderr
    assert str(image_folder(str(folder), cache="none").x[:].sum()) in done.stdout
    assert not list(cache.glob("*.pixels")) and not list(cache.glob(".*"))


@pytest.mark.slow
def test_two_processes_at_once(folder, cache):
    both = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, folder], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = {process.communicate()[0] for process in both}
    assert told == {f"[] {image_folder(str(folder), cache='none').x[:].sum()}\n"}
    assert len(list(cache.glob("*.pixels"))) == 1


def test_memory_that_is_not_there_is_refused(folder, cache, monkeypatch):
    monkeypatch.setattr(kept.memory, "available", lambda: 100)
    with pytest.raises(ValueError, match="Say data.cache=disk"):
        image_folder(str(folder), cache="memory")
    assert image_folder(str(folder)).x.kept.pixels.shape == (12, 6, 5, 3)
    assert list(cache.glob("*.pixels"))  # `auto` has taken the disk


def test_damage_is_a_sentence_or_pixels_of_pillow(folder, cache):
    """Bytes of real files cut, changed and joined at random: never another error."""
    generator = np.random.default_rng(0)
    whole = {}
    for kind in ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF"):
        file = io.BytesIO()
        Image.fromarray(generator.integers(0, 256, (24, 20, 3), np.uint8)).save(file, kind)
        whole[kind] = file.getvalue()
    for number in range(240):
        content = bytearray(whole[list(whole)[number % 6]])
        if number % 3 == 0:
            content = content[: generator.integers(len(content))]
        for place in generator.integers(len(content), size=number % 5) if content else ():
            content[place] = generator.integers(256)
        path = folder / "cat" / "damaged.png"
        path.write_bytes(content)
        try:
            found = decoding.header(path, max_pixels=10_000)
            pixels = decoding.decode(bytes(content), decoding.Recipe((found.height, found.width)))
        except decoding.PictureError:
            continue
        with Image.open(path) as image:
            assert np.array_equal(pixels, np.asarray(image.convert("RGB")))


def test_rows_that_a_split_leaves_out_are_not_mixed_up(folder, cache):
    raw = image_folder(str(folder), cache="memory")
    data = assemble(raw, Splitting(validation=0.3, test=0.2, train_size=4))
    for split in data.splits.values():
        wanted = [np.asarray(Image.open(path)) for path in split.x.paths]
        assert np.array_equal(split.x[:], wanted)
        assert [path.parent.name == "dog" for path in split.x.paths] == split.y.tolist()


def test_what_is_on_the_disk_is_not_read_into_memory(folder, cache):
    image_folder(str(folder), cache="disk")
    raw = image_folder(str(folder), cache="disk")
    assert isinstance(raw.x.kept.pixels, np.memmap)
