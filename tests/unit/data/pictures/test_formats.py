"""Formats x modes x faults: the right pixels, or one sentence. A new kind is one line."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from kreg.data.pictures.decoding import PictureError, Recipe, decode, has_colour, header

SIZE = (24, 16)  # height, width
RNG = np.random.default_rng(0)
DOWN, RIGHT = np.mgrid[0:240:10, 0:240:15]
SMOOTH = np.stack([DOWN, RIGHT, 239 - DOWN], axis=2).astype(np.uint8)
NOISE = RNG.integers(0, 256, (*SIZE, 3), np.uint8)
NOISE[0, 0] = 255


def picture(mode):
    return Image.fromarray(SMOOTH).convert(mode)


def with_alpha(mode):
    image = picture(mode)
    image.putalpha(Image.fromarray(NOISE[..., 0]))
    return image


def deep(top, dtype=np.uint16):
    return Image.fromarray((NOISE[..., 0].astype(np.float64) * top / 255).round().astype(dtype))


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return {"exif": tags.tobytes()}


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


GIVEN = {  # name: (bytes of the file, whether no colour is in it)
    "png rgb": (saved(picture("RGB"), "PNG"), False),
    "png grey": (saved(picture("L"), "PNG"), True),
    "png 1 bit": (saved(picture("1"), "PNG"), True),
    "png palette": (saved(picture("P"), "PNG"), False),
    "png grey palette": (saved(picture("L").convert("P"), "PNG"), True),
    "png transparent palette": (saved(picture("P"), "PNG", transparency=bytes(range(256))), False),
    "png grey alpha": (saved(with_alpha("L"), "PNG"), True),
    "png colour alpha": (saved(with_alpha("RGB"), "PNG"), False),
    "png orientation": (saved(picture("RGB"), "PNG", **exif(6)), False),
    "jpeg rgb": (saved(picture("RGB"), "JPEG"), False),
    "jpeg grey": (saved(picture("L"), "JPEG"), True),
    "jpeg cmyk": (saved(picture("CMYK"), "JPEG"), False),
    "jpeg progressive": (saved(picture("RGB"), "JPEG", progressive=True), False),
    **{f"jpeg turned {n}": (saved(picture("RGB"), "JPEG", **exif(n)), False) for n in range(9)},
    "bmp rgb": (saved(picture("RGB"), "BMP"), False),
    "bmp grey": (saved(picture("L"), "BMP"), True),
    "bmp 1 bit": (saved(picture("1"), "BMP"), True),
    "bmp palette": (saved(picture("P"), "BMP"), False),
    "gif": (saved(picture("P"), "GIF"), False),
    "gif grey": (saved(picture("L"), "GIF"), True),
    "gif animated": (saved(picture("RGB"), "GIF", save_all=True,
                           append_images=[Image.fromarray(NOISE)]), False),
    "webp": (saved(picture("RGB"), "WEBP"), False),
    "webp lossless alpha": (saved(with_alpha("RGB"), "WEBP", lossless=True), False),
    "webp orientation": (saved(picture("RGB"), "WEBP", **exif(8)), False),
    "webp animated": (saved(picture("RGB"), "WEBP", save_all=True,
                            append_images=[Image.fromarray(NOISE)]), False),
    "tiff rgb": (saved(picture("RGB"), "TIFF"), False),
    "tiff lzw": (saved(picture("RGB"), "TIFF", compression="tiff_lzw"), False),
    "tiff jpeg": (saved(picture("RGB"), "TIFF", compression="jpeg"), False),
    "tiff cmyk": (saved(picture("CMYK"), "TIFF"), False),
    "tiff lab": (saved(Image.fromarray(SMOOTH, "RGB").convert("YCbCr"), "TIFF"), False),
    "tiff 1 bit": (saved(picture("1"), "TIFF", compression="group4"), True),
    "tiff orientation": (saved(picture("RGB"), "TIFF", **exif(3)), False),
    "tiff of two pages": (saved(picture("RGB"), "TIFF", save_all=True,
                                append_images=[Image.fromarray(NOISE)]), False),
    "ppm": (saved(picture("RGB"), "PPM"), False),
    "pgm": (saved(picture("L"), "PPM"), True),
}  # fmt: skip


def of_pillow(content, mode):
    """The pixels as Pillow's own functions read them."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    image = image.convert("RGBA") if image.mode == "P" else image
    pixels = np.asarray(image.convert(mode))
    return pixels.reshape(*pixels.shape[:2], -1)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("name", GIVEN)
def test_pixels_are_pillows(name, mode, tmp_path):
    content, grey = GIVEN[name]
    path = tmp_path / "picture.png"  # whatever its bytes are: the name decides nothing
    path.write_bytes(content)
    wanted = of_pillow(content, mode)
    found = header(path)
    assert (found.height, found.width, found.grey) == (*wanted.shape[:2], grey)
    assert has_colour(path) == (not grey)
    pixels = decode(content, Recipe(wanted.shape[:2], wanted.shape[2]))
    assert pixels.dtype == np.uint8 and np.array_equal(pixels, wanted)


LOSSLESS = ("png rgb", "bmp rgb", "tiff rgb", "tiff lzw", "ppm", "tiff of two pages")


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_pixels_are_those_that_were_saved(name):
    assert np.array_equal(decode(GIVEN[name][0], Recipe(SIZE)), SMOOTH)


DEEP = {  # name: (file, largest value, bits that it is read with)
    "png 16 bits": (saved(deep(65535), "PNG"), 65535, 16),
    "png 12 bits": (saved(deep(4095), "PNG"), 4095, 12),
    "png up to 900": (saved(deep(900), "PNG"), 900, 10),
    "tiff 16 bits": (saved(deep(40000), "TIFF"), 40000, 16),
    "tiff 32 bits": (saved(deep(9000, np.int32), "TIFF"), 9000, 14),
    "pgm 16 bits": (saved(deep(65535), "PPM"), 65535, 16),
}


@pytest.mark.parametrize("name", DEEP)
def test_many_bits_become_eight(name, tmp_path):
    from kreg.data.pictures.decoding import bits_of

    content, top, bits = DEEP[name]
    (tmp_path / "deep.png").write_bytes(content)
    found = header(tmp_path / "deep.png")
    assert (found.grey, found.peak, bits_of(found.peak)) == (True, top, bits)
    values = np.round(NOISE[..., 0].astype(float) * top / 255)
    pixels = decode(content, Recipe(SIZE, 1, bits=bits))
    assert np.abs(pixels[..., 0] - values * 255 / (2**bits - 1)).max() <= 0.5


CUT = {
    name: GIVEN[name][0] for name in ("png rgb", "jpeg rgb", "bmp rgb", "gif", "webp", "tiff rgb")
}
FAULTS = {
    "empty": (b"", "its bytes are of no known format"),
    "text": (b"not a picture", "its bytes are of no known format"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "its bytes are of no known format"),
    "zip": (b"PK\x03\x04" + bytes(40), "its bytes are of no known format"),
    "float": (saved(Image.fromarray(NOISE[..., 0].astype(np.float32)), "TIFF"), "floating-point"),
    "negative": (saved(deep(-9, np.int32), "TIFF"), "values from -9 to 0"),
    "32 bits": (saved(deep(90000, np.int32), "TIFF"), "at most 16 bits"),
    **{f"{name}, end missing": (file[: len(file) * 2 // 3], "cannot be decoded|not an image")
       for name, file in CUT.items()},
    **{f"{name}, header missing": (file[:6], "not an image") for name, file in CUT.items()},
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_no_picture_is_a_sentence(name, tmp_path):
    content, sentence = FAULTS[name]
    (tmp_path / "picture.jpg").write_bytes(content)
    with pytest.raises(PictureError, match=sentence):
        header(tmp_path / "picture.jpg")
        decode(content, Recipe(SIZE))


@pytest.mark.parametrize("how", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_large_jpeg_is_decoded_small_with_the_same_result(how, orientation):
    small = Image.fromarray(RNG.integers(0, 256, (12, 20, 3), np.uint8))
    content = saved(
        small.resize((800, 480), Image.BICUBIC), "JPEG", quality=95, **exif(orientation)
    )
    lossless = saved(Image.open(io.BytesIO(content)), "PNG", **exif(orientation))
    recipe = Recipe((32, 40), resize=how)
    reduced, full = (decode(c, recipe).astype(int) for c in (content, lossless))
    assert np.abs(reduced - full).max() <= 6 and np.abs(reduced - full).mean() < 1
