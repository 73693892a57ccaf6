"""What each part of a record is: the input images, and everything that may have to move with them.

A record is `(x, y, weight)`, each a tensor or a nest. `read` finds the parts that augmentation may
touch; `written` puts them back where they came from. All other parts never enter the pipeline.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from kreg import check
from kreg.augment.engine import annotations, nests
from kreg.augment.engine.nests import Path

KINDS = ("label", "mask", "image", "keypoints", "boxes", "unchanged")
NAMED = {
    "labels": "label",
    "segmentation_masks": "mask",
    "sample_weights": "weight",
    "keypoints": "keypoints",
    "boxes": "boxes",
}
KERAS_BOXES = "bounding_boxes"
KERAS_CLASSES = ("labels", "classes")
PICTURES = ("mask", "image", "weight")
SIDES = ("x", "y", "weight")

Target = str | Mapping[str, str] | None


class Part(NamedTuple):
    """One tensor of a record.

    Attributes:
        kind: One of `KINDS`, or `"weight"`; of rank 4 the latter is a picture of weights.
        path: Where it stands, from `"x"`, `"y"` or `"weight"` on.
        value: The tensor: masks and images with a channel axis, places with one for their number.
        valid: For keypoints and boxes (batch, number): whether each is there.
        added: The axis that `value` has and the user's tensor has not.
        declared: Whether the user said the kind, or a key did that everybody knows.
    """

    kind: str
    path: Path
    value: tf.Tensor
    valid: tf.Tensor | None = None
    added: int | None = None
    declared: bool = True

    @property
    def name(self) -> str:
        """How a sentence calls it: `"y"`, or its key."""
        return repr(nests.name(self.path[1:] or self.path))


class Record(NamedTuple):
    """The input images and the parts that may move or mix with them.

    `bystanders` are the parts of which nobody said what they are, and that pass as they are.
    """

    images: tf.Tensor
    parts: list[Part]
    bystanders: list[Part]

    def tensors(self) -> list[tf.Tensor]:
        """All tensors, in one list."""
        values = [tensor for part in self.parts for tensor in (part.value, part.valid)]
        return [self.images, *(tensor for tensor in values if tensor is not None)]

    def holding(self, tensors: Iterable[tf.Tensor]) -> "Record":
        """The same record with other tensors."""
        rest = iter(tensors)
        images = next(rest)
        return self._replace(images=images, parts=[refilled(part, rest) for part in self.parts])


def refilled(part: Part, tensors: Iterator[tf.Tensor]) -> Part:
    value = next(tensors)
    return part._replace(value=value, valid=None if part.valid is None else next(tensors))


def checked_target(target: Any) -> Target:
    """The argument `target` of a pipeline."""
    if target is None or isinstance(target, str):
        return None if target is None else check.choice("target", target, KINDS)
    if not isinstance(target, Mapping):
        raise check.invalid("target", f"one of {', '.join(KINDS)}, or {{key: kind}}", target)
    for kind in target.values():
        check.choice("target", kind, (*KINDS, "input"))
    return {str(key): kind for key, kind in target.items()}


def read(x: Any, y: Any, weight: Any, target: Target) -> Record:
    """The parts of `(x, y, weight)` that augmentation may touch, and those to be asked about."""
    record = sides(x, y, weight)
    refuse_unknown_keys(record, target)
    where = input_path(x, target)
    parts: list[Part] = []
    bystanders: list[Part] = []
    for path, _ in nests.leaves(record):
        kind, declared = kind_of(path, record, target)
        if path == where or (kind == "unchanged" and declared):
            continue
        one = part(kind, path, record, declared)
        (bystanders if one.kind == "unchanged" else parts).append(one)
    return Record(tf.convert_to_tensor(nests.at(record, where)), parts, bystanders)


def sides(x: Any, y: Any, weight: Any) -> dict[str, Any]:
    """The record as one nest; sides that are `None` have no leaves."""
    return dict(zip(SIDES, (x, y, weight)))


def images_of(x: Any, target: Target) -> Any:
    """The input images of `x`, or their spec where `x` is one of specs."""
    return nests.at({"x": x}, input_path(x, target))


def input_path(x: Any, target: Target) -> Path:
    """Where the input images stand: `x` itself, its key `"images"`, or what is declared so."""
    if not isinstance(x, (Mapping, tuple)):
        return ("x",)
    kinds = target.items() if isinstance(target, Mapping) else ()
    keys = [key for key, kind in kinds if kind == "input"] or ["images"]
    path = tuple(keys[0].split("/"))
    if len(keys) > 1 or nests.at(x, path) is None:
        names = sorted(nests.name(path) for path, _ in nests.leaves(x))
        raise ValueError(
            f'A dictionary or tuple as input needs the key "images", or one part that is declared: '
            f'Pipeline(..., target={{"picture": "input"}}). Received the keys {names}. Several '
            f"inputs are augmented in `dataset.map`, each by its own pipeline."
        )
    return ("x", *path)


def kind_of(path: Path, record: Any, target: Target) -> tuple[str, bool]:
    """The kind of one leaf, and whether it is declared: by the user, or by a well-known key."""
    side, inner = path[0], path[1:]
    declared = declared_kind(inner or path, target)
    if side == "weight" or declared:
        return declared or "weight", True
    key = inner[-1] if inner else ""
    if key in KERAS_CLASSES and class_path((*path[:-1], "boxes"), record) == path:
        return "unchanged", True
    if key in NAMED:
        return NAMED[key], True
    if side == "y" and isinstance(target, str):
        return target, True
    if key in [annotations.flags(name) for name in annotations.SIZES]:
        return "unchanged", True
    return ("label" if side == "y" else "unchanged"), False


def declared_kind(keys: Path, target: Target) -> str | None:
    """What a mapping says about a part, or about the nest in which it stands."""
    if not isinstance(target, Mapping):
        return None
    names = [nests.name(keys[:length]) for length in range(len(keys), 0, -1)]
    return next((target[name] for name in names if name in target), None)


def class_path(path: Path, record: Any) -> Path | None:
    """The classes beside Keras's boxes, which are -1 for boxes that only fill up.

    Keras has them under `"bounding_boxes"`, KerasHub as `y = {"boxes", "labels"}`.
    """
    parent = path[:-1]
    if path[-1] != "boxes" or nests.at(record, path) is None:
        return None
    if parent[-1] != KERAS_BOXES and parent[:1] != ("y",):
        return None
    for key in KERAS_CLASSES:
        classes = nests.at(record, (*parent, key))
        if classes is not None and rank(classes) == 2:
            return (*parent, key)
    if parent[-1] == KERAS_BOXES:
        raise ValueError(
            f'"{KERAS_BOXES}" needs "boxes" (batch, number, 4) and "labels" (batch, number), -1 '
            f"for boxes that only fill up."
        )
    return None


def rank(value: Any) -> int | None:
    value = value if hasattr(value, "shape") else tf.convert_to_tensor(value)
    known: int | None = tf.TensorShape(value.shape).rank
    return known


def refuse_unknown_keys(record: Mapping[str, Any], target: Target) -> None:
    """A declared key that no record has is a mistake, not a wish."""
    if not isinstance(target, Mapping):
        return
    paths = [path[1:] or path for path, _ in nests.leaves(record)]
    known = {nests.name(path[:length]) for path in paths for length in range(1, len(path) + 1)}
    for key in target:
        if key not in known:
            raise ValueError(
                f"Pipeline(..., target=...) declares {key!r}, which the records do not have. "
                f"They have: {', '.join(sorted(known))}. {check.did_you_mean(key, known)}".rstrip()
            )


def part(kind: str, path: Path, record: Any, declared: bool) -> Part:
    """One leaf as the pipeline needs it."""
    value = nests.at(record, path)
    if isinstance(value, (tf.RaggedTensor, tf.SparseTensor)):
        return composite(kind, path, value, declared)
    value = tf.convert_to_tensor(value)
    if kind in annotations.SIZES:
        return place(kind, path, value, record)
    if kind in PICTURES and value.shape.rank == 3:
        return Part(kind, path, value[..., None], added=3, declared=declared)
    return Part(kind, path, value, declared=declared)


def composite(kind: str, path: Path, value: Any, declared: bool) -> Part:
    """Ragged and sparse labels pass as they are; what moves must be dense."""
    if kind in ("label", "unchanged"):
        return Part("unchanged", path, value, declared=declared)
    raise ValueError(
        f"The part {nests.name(path[1:] or path)!r} is a {type(value).__name__}, which cannot be "
        f"augmented as {kind}. Make it dense: `.to_tensor(...)`, for boxes with the default -1."
    )


def place(kind: str, path: Path, value: tf.Tensor, record: Any) -> Part:
    """Keypoints or boxes, with what says which of them are there."""
    added = 1 if value.shape.rank == 2 else None
    value = tf.cast(value[:, None] if added else value, tf.float32)
    annotations.check(kind, nests.name(path[1:] or path), value)
    classes, flags = class_path(path, record), nests.at(record, flags_path(path))
    if classes:
        valid = tf.convert_to_tensor(nests.at(record, classes)) >= 0
    elif flags is None:
        valid = tf.ones(tf.shape(value)[:2], tf.bool)
    else:
        valid = tf.cast(flags, tf.bool)
        valid = valid[:, None] if added and valid.shape.rank == 1 else valid
    return Part(kind, path, value, valid, added)


def flags_path(path: Path) -> Path:
    """Where kreg's flags for keypoints or boxes stand, `"boxes_valid"` beside `"boxes"`."""
    return (*path[:-1], annotations.flags(path[-1]))


def written(result: Record, x: Any, y: Any, weight: Any, target: Target) -> tuple[Any, Any, Any]:
    """`(x, y, weight)` with the new tensors, of the same structure.

    Flags of keypoints and boxes are added where they stand beside input images.
    """
    record = sides(x, y, weight)
    new: dict[Path, Any] = {input_path(x, target): result.images}
    for one in result.parts:
        new |= user_tensors(one, record)
    whole = nests.replaced(lambda path, leaf: new.pop(path, leaf), record)
    for path, flags in new.items():
        if path[0] == "x":
            nests.at(whole, path[:-1])[path[-1]] = flags
    return whole["x"], whole["y"], whole["weight"]


def user_tensors(part: Part, record: Any) -> dict[Path, Any]:
    """The user's tensors of one part: of their own rank, and with their flags or classes."""
    value, valid = part.value, part.valid
    beside = flags_path(part.path)
    if valid is not None:
        classes = class_path(part.path, record)
        if classes:
            value = tf.where(valid[..., None], value, -1.0)
            ids = tf.convert_to_tensor(nests.at(record, classes))
            beside, valid = classes, tf.where(valid, ids, tf.cast(-1, ids.dtype))
        elif part.added is not None:
            valid = tf.squeeze(valid, part.added)
    value = value if part.added is None else tf.squeeze(value, part.added)
    return {part.path: value} if valid is None else {part.path: value, beside: valid}
