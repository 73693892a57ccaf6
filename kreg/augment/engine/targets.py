"""Whether the parts of a record can follow its images, and what fills a mask from outside."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from kreg import check
from kreg.augment.engine.groups import Group, MixingGroup
from kreg.augment.engine.input_spec import ImageSpec, Spec
from kreg.augment.engine.records import PICTURES, Part, Record

OUTSIDE = 255

CURE = (
    'Say what it is: Pipeline(..., target="mask"), "image", "keypoints" or "boxes" and it follows '
    'the images, "label" or "unchanged" and it does not; in a nest target={key: kind}.'
)


def refuse_unfit(record: Record, groups: Sequence[Group[Any]], spec: Spec) -> None:
    """Refuse what would stay behind when the images move or mix, and what cannot follow them."""
    movers = [group for group in groups if group.moves or isinstance(group, MixingGroup)]
    for part in record.parts:
        refuse_other_number(part, record.images)
        refuse_off_image(part, spec)
    if not movers or not isinstance(spec, ImageSpec):
        return
    for part in [*record.parts, *record.bystanders]:
        if not part.declared:
            refuse_left_behind(part, spec, movers)
        elif is_picture(part):
            refuse_other_size(part, spec, movers[0])


def is_picture(part: Part) -> bool:
    """Whether the part is read pixel by pixel, as images are; weights may be one a record."""
    return part.kind in PICTURES and part.value.shape.rank == 4


def refuse_other_number(part: Part, images: tf.Tensor) -> None:
    """A part of another number of records does not belong to these images."""
    shape = part.value.shape
    if shape.rank and not shape[:1].is_compatible_with(images.shape[:1]):
        raise ValueError(
            f"{part.name} has {shape[0]} records, but there are {images.shape[0]} images: "
            f"shape={shape}."
        )


def refuse_off_image(part: Part, spec: Spec) -> None:
    """Pictures need images beside them, of rank 3 or 4, and images a dtype that can be blended."""
    if part.kind not in ("mask", "image"):
        return
    if not isinstance(spec, ImageSpec):
        raise ValueError(f"{part.name} is declared as {part.kind}, but the inputs are a table.")
    if part.value.shape.rank != 4:
        raise ValueError(
            f"{part.name} is declared as {part.kind}, of shape (batch, height, width) or (batch, "
            f"height, width, channels). Received: shape={part.value.shape}."
        )
    dtype = part.value.dtype
    if part.kind == "image" and dtype != tf.uint8 and not dtype.is_floating:
        raise ValueError(
            f"{part.name} is declared as image, which must be uint8 or floating point. "
            f'Received: dtype={dtype.name}. Class ids are a "mask".'
        )


def refuse_left_behind(part: Part, spec: ImageSpec, movers: Sequence[Group[Any]]) -> None:
    shape = part.value.shape
    if shape.rank is None or shape.rank < 3:
        return
    covers = shape[1:3].is_compatible_with(spec.size)
    moved = any(group.moves for group in movers)
    places = shape.rank == 3 and shape[2] in (2, 4) and part.value.dtype.is_floating
    if covers or (places and moved):
        like = f"the height and width of the images, {spec.height}x{spec.width}"
        raise ValueError(
            f"{movers[0].label} moves or mixes the images, but nothing says whether {part.name} "
            f"goes with them: it has {like if covers else 'the shape of keypoints or boxes'} "
            f"(shape={shape}). {CURE}"
        )


def refuse_other_size(part: Part, spec: ImageSpec, mover: Group[Any]) -> None:
    size = part.value.shape[1:3]
    if not size.is_compatible_with(spec.size):
        height, width = size
        raise ValueError(
            f"{part.name} ({part.kind}) of {height}x{width} cannot follow images of "
            f"{spec.height}x{spec.width} through {mover.label}. Augment at one size and resize "
            f"afterwards, in `dataset.map`."
        )


def sized(part: Part, spec: Spec) -> tf.Tensor:
    """The values of a part; a picture of unknown size is checked when it comes."""
    if isinstance(spec, ImageSpec) and is_picture(part):
        size = part.value.shape[1:3]
        if not size.is_fully_defined() and size.is_compatible_with(spec.size):
            return tf.ensure_shape(part.value, [None, *spec.size, None])
    return part.value


def fill_of(part: Part, groups: Sequence[Group[Any]], ignore_index: int | None) -> float:
    """What fills a mask where it comes from outside: `ignore_index`, and zeros in one-hot masks.

    Binary masks and ids as floating point look alike, so there the user has to say it.
    """
    filling = [group for group in groups if group.fills]
    if part.kind == "weight" or not filling:
        return 0
    dtype, channels = part.value.dtype, part.value.shape[3]
    if ignore_index is None and channels != 1:
        return 0
    if ignore_index is None and not dtype.is_integer:
        raise ValueError(
            f"{filling[0].label} needs to know what fills the mask {part.name} from outside of "
            f"the image: of dtype {dtype.name} with one channel it can be class ids or "
            f"probabilities. Pass Pipeline(..., ignore_index=0) for background, "
            f"{OUTSIDE} beside a loss with ignore_class={OUTSIDE}, or fill_mode='reflect' in the "
            f"stage."
        )
    index = OUTSIDE if ignore_index is None else ignore_index
    if dtype == tf.bool and index not in (0, 1):
        raise unfit(index, part)
    if dtype.is_integer and not dtype.min <= index <= dtype.max:
        raise unfit(index, part)
    return index


def unfit(index: int, part: Part) -> ValueError:
    return check.invalid(
        "ignore_index",
        f"a number that fits into the mask {part.name} of dtype {part.value.dtype.name}",
        index,
    )
