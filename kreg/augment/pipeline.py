"""The pipeline: stages, a seed, and the keys that make every draw a function of the record."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from kreg import check
from kreg.augment import image_grid
from kreg.augment.engine import (
    input_spec,
    labels,
    planner,
    random_numbers,
    records,
    targets,
    tf_data,
    xla,
)
from kreg.augment.engine.batch import Partner, bucket, cut_back, fill_up
from kreg.augment.engine.groups import MixingGroup, TargetGroup
from kreg.augment.engine.input_spec import Spec
from kreg.augment.engine.records import Part, Record
from kreg.augment.engine.steps import flatten
from kreg.augment.stage import AnyStage, Policy, Recipe, Stage


class Plan:
    """The compiled groups for one kind of batch."""

    def __init__(self, pipeline: "Pipeline", batch_spec: Spec):
        stages, fuse = pipeline.stages, pipeline.fuse
        self.groups, self.columns, self.after = planner.plan(stages, batch_spec, fuse)
        self.spec = batch_spec
        self.seed, self.passes = pipeline.seed, pipeline.passes
        self.dtype = pipeline.dtype or batch_spec.dtype
        for group in reversed(self.groups):
            if group.touches_inputs:
                group.dtype = self.dtype
                break
        for group in self.groups:
            group.build(pipeline.jit)
        self.parameters = xla.compiled(self.draw, pipeline.jit)

    def draw(self, epoch: tf.Tensor, index: tf.Tensor) -> list[tf.Tensor]:
        """The parameters of all groups for all records, in one compiled function."""
        lanes = random_numbers.whole_lanes(index)
        u = random_numbers.uniforms(self.seed, epoch, lanes, self.columns)
        scheduled = epoch // self.passes
        return [group.packed(u, scheduled)[: tf.shape(index)[0]] for group in self.groups]

    def refuse_loners(self, images: tf.Tensor) -> None:
        for group in self.groups:
            if isinstance(group, MixingGroup) and images.shape[0] == 1:
                raise ValueError(
                    f"{group.label} mixes records of a batch, but this is a batch of one. "
                    f"Call `.batch(...)` with more records before."
                )

    def only_labels(self) -> bool:
        """Whether a stage needs labels that are no pictures."""
        return any(isinstance(group, TargetGroup) for group in self.groups)

    def changers(self) -> list[str]:
        """The names of the stages that turn labels into probabilities."""
        steps = [step for group in self.groups for step in group.steps]
        return [step.stage.name for step in steps if step.stage.changes_targets]


class Pipeline:
    """A list of stages as one reproducible function of (seed, epoch, record index).

    Args:
        stages: Stages of `kreg.augment`, applied in this order.
        seed: Whole number. Defaults to `0`.
        fuse: `"fast"`, `"strict"` or `"off"`; see `kreg.augment.engine.planner` for what
            each may change. Defaults to `"fast"`.
        num_classes: Whole number or `None`. What mixing and smoothing need to know about labels
            that are class ids; 1 for binary labels. Defaults to `None`.
        value_range: `(0, highest)` or `None`. Floating-point images need it for colour stages;
            uint8 images are always (0, 255). Defaults to `None`.
        dtype: dtype of the images that come out, or `None` for that of the input. Never Keras's
            global policy. Defaults to `None`.
        target: What `y` in `(x, y)` is, `"label"`, `"mask"`, `"image"`, `"keypoints"`, `"boxes"`
            or `"unchanged"`; or a mapping `{key: kind}` for nests, where `"head/mask"` is a key
            within a key, `"0"` a place in a tuple and `"input"` the images of an `x` without the
            key `"images"`. `None` takes well-known keys for what they say (see `__call__`) and
            all else for labels, and refuses what looks as if it had to move. Defaults to `None`.
        ignore_index: Whole number that fills the part of a mask that comes from outside of the
            image, where `fill_mode="constant"`. `None` is 255 for class ids and 0 for masks of
            several channels (one-hot). Defaults to `None`.
        jit_compile: `True`, `False` or `"auto"`: XLA where it works. Results are bit for bit
            reproducible for each setting, and equal up to rounding between them.
        passes: Whole number >= 1. How many calls for a record make one epoch of the schedules; each
            has a draw of its own. Defaults to `1`.

    >>> import numpy as np
    >>> from kreg import augment
    >>> pipeline = augment.Pipeline([augment.RandomFlip(), augment.RandomCrop(8, 8, padding=1)])
    >>> x, y = np.zeros((4, 8, 8, 1), "uint8"), np.arange(4)
    >>> x_new, y_new = pipeline(x, y, index=np.arange(4), epoch=0)
    >>> x_new.shape, x_new.dtype
    (TensorShape([4, 8, 8, 1]), tf.uint8)
    """

    def __init__(
        self,
        stages: Sequence[AnyStage],
        seed: int = 0,
        *,
        fuse: str = "fast",
        num_classes: int | None = None,
        value_range: tuple[float, float] | None = None,
        dtype: str | None = None,
        target: str | Mapping[str, str] | None = None,
        ignore_index: int | None = None,
        jit_compile: bool | str = "auto",
        passes: int = 1,
    ):
        self.stages = checked_stages(stages)
        self.seed = check.integer("seed", seed)
        self.fuse = check.choice("fuse", fuse, planner.FUSE)
        self.num_classes = labels.class_count(num_classes)
        self.value_range = input_spec.value_range(value_range)
        self.dtype = None if dtype is None else tf.as_dtype(dtype)
        self.target = records.checked_target(target)
        self.ignore_index = (
            None if ignore_index is None else check.integer("ignore_index", ignore_index)
        )
        self.jit = xla.resolve(jit_compile)
        self.passes = check.integer("passes", passes, low=1)
        self.plans: dict[tuple[str, ...], Plan] = {}

    @tf_data.as_it_is
    def __call__(self, x: Any, y: Any = None, weight: Any = None, *, index: Any, epoch: Any) -> Any:
        """Augment one batch: a pure function, usable eagerly and inside `Dataset.map`.

        Args:
            x: Images (batch, height, width, channels) or a table (batch, features); or a nest with
                the key `"images"` and any others.
            y: Targets, a tensor or a nest, or `None`. Masks (batch, height, width) or with channels
                follow the geometry with the nearest neighbour, images are read as the input is,
                keypoints (batch, number, 2) and boxes (batch, number, 4) are pixels; see
                `kreg.augment.engine.annotations` for how they count.
            weight: Sample weights, or `None`. Mixing blends them as it blends the targets; weights
                (batch, height, width) of pixels follow the geometry, with 0 from outside.
            index: Integers (batch,): the position of each record in its data set.
            epoch: Whole number: another epoch, another draw.

        Returns:
            `x`, `(x, y)` or `(x, y, weight)`, each of the structure in which it came. The keys
            `"labels"`, `"segmentation_masks"`, `"keypoints"`, `"boxes"`, `"sample_weights"` and
            Keras's `"bounding_boxes"` are understood in every dictionary; other keys of `x` pass
            unchanged. `"boxes_valid"` and `"keypoints_valid"` beside images say what is still seen.
        """
        record = records.read(x, y, weight, self.target)
        result = self.run(record, tf.cast(index, tf.int64), tf.cast(epoch, tf.int64))
        return given(*records.written(result, x, y, weight, self.target))

    def plan(self, images: tf.Tensor) -> Plan:
        """The plan for batches like this one, made once."""
        batch_spec = input_spec.of(images, self.value_range)
        key = tuple(str(part) for part in batch_spec)
        if key not in self.plans:
            with tf.init_scope():
                self.plans[key] = Plan(self, batch_spec)
        return self.plans[key]

    def run(
        self, record: Record, index: tf.Tensor, epoch: tf.Tensor, size: int | None = None
    ) -> Record:
        """All groups on a batch that is filled up to a compiled size and cut back at the end."""
        plan = self.plan(record.images)
        self.check_parts(record)
        size = size or bucket(record.images)
        params = plan.parameters(epoch, fill_up(index, size))
        partner = Partner(record.images)
        images = fill_up(record.images, size)
        for group, own in zip(plan.groups, params):
            images = group.images(images, own, partner)
        images = cut_back(tf.cast(images, plan.dtype), record.images)
        parts = [
            self.followed(part, plan, params, partner, size)
            for part in self.encoded(plan, record.parts)
        ]
        return record._replace(images=images, parts=parts)

    def check_parts(self, record: Record) -> None:
        """Refuse what cannot go through the stages, before anything runs."""
        plan = self.plan(record.images)
        plan.refuse_loners(record.images)
        targets.refuse_unfit(record, plan.groups, plan.spec)

    def encoded(self, plan: Plan, parts: list[Part]) -> list[Part]:
        """Labels as probabilities, where a stage needs them."""
        changers = plan.changers()
        if not changers:
            return parts
        mixable = {"label"} if plan.only_labels() else {"label", *records.PICTURES[:2]}
        if not mixable & {part.kind for part in parts}:
            labels.probabilities(None, self.num_classes, changers[0])
        return [
            part._replace(value=labels.probabilities(part.value, self.num_classes, changers[0]))
            if part.kind == "label"
            else part
            for part in parts
        ]

    def followed(
        self, part: Part, plan: Plan, params: list[tf.Tensor], partner: Partner, size: Any
    ) -> Part:
        """One part of a record through all groups."""
        value, valid = targets.sized(part, plan.spec), part.valid
        picture = targets.is_picture(part)
        fill = 0.0
        if picture:
            value, whole = fill_up(value, size), value
            fill = targets.fill_of(part, plan.groups, self.ignore_index)
        for group, own in zip(plan.groups, params):
            if part.kind == "image":
                value = group.pictures(value, own, partner)
            elif picture:
                value = group.masks(value, own, partner, fill)
            elif valid is not None:
                value, valid = group.places(part.kind, value, valid, own)
            elif part.kind == "weight":
                value = group.weights(value, own, partner)
            else:
                value = group.targets(value, own, partner)
        return part._replace(value=cut_back(value, whole) if picture else value, valid=valid)

    @property
    def changes_targets(self) -> bool:
        """Whether labels leave as rows of probabilities: then the loss must take such rows."""
        return any(step.stage.changes_targets for step in flatten(self.stages).steps)

    def check_loss(self, loss: Any) -> None:
        """Refuse a loss that smooths labels again, that wants class ids where rows come out, or
        that would count the pixels of a mask that come from outside of the image.

        A pipeline does not see the model, so say `pipeline.check_loss(model.loss)` before `fit`.
        """
        labels.check_loss(self.stages, loss)
        labels.check_ignored(self.stages, loss, self.target, self.ignore_index)

    def apply(
        self,
        dataset: tf.data.Dataset,
        *,
        indexed: bool = False,
        epochs: int | None = None,
        first_epoch: int = 0,
    ) -> tf.data.Dataset:
        """`dataset` with augmented batches; see `kreg.augment.engine.tf_data.apply`."""
        return tf_data.apply(self, dataset, indexed=indexed, epochs=epochs, first_epoch=first_epoch)

    def preview(
        self,
        x: ArrayLike,
        y: Any = None,
        *,
        index: ArrayLike | None = None,
        epochs: Iterable[int] = range(7),
        class_names: Sequence[str] | None = None,
    ) -> tuple[NDArray[np.uint8], list[str]]:
        """A picture of what the pipeline does; see `kreg.augment.image_grid.preview`."""
        return image_grid.preview(self, x, y, index=index, epochs=epochs, class_names=class_names)

    def describe(self, images: ArrayLike) -> list[str]:
        """One line for each compiled group, for a batch like this one."""
        return [group.label for group in self.plan(tf.convert_to_tensor(images)).groups]

    def __repr__(self) -> str:
        lines = "".join(f"    {stage!r},\n" for stage in self.stages)
        return f"Pipeline([\n{lines}], seed={self.seed}, fuse={self.fuse!r})"


def given(x: Any, y: Any, weight: Any) -> Any:
    """`x`, `(x, y)` or `(x, y, weight)`."""
    if weight is not None:
        return x, y, weight
    return x if y is None else (x, y)


def checked_stages(stages: Sequence[AnyStage]) -> list[AnyStage]:
    if not isinstance(stages, (list, tuple)):
        raise check.invalid("stages", "a list of stages", stages)
    for stage in stages:
        if not isinstance(stage, (Stage, Policy, Recipe)):
            raise check.invalid(
                "stages",
                "stages of kreg.augment",
                stage,
                "For Keras layers there is kreg.augment.from_keras(layers).",
            )
    return list(stages)
