"""The pipeline: stages, a seed, and the keys that make every draw a function of the record."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from kreg import check
from kreg.augment import image_grid
from kreg.augment.engine import batch as batches
from kreg.augment.engine import input_spec, labels, planner, random_numbers, tf_data, xla
from kreg.augment.engine.batch import Batch, Partner, cut_back, fill_up
from kreg.augment.engine.groups import Group, MixingGroup
from kreg.augment.engine.input_spec import Spec
from kreg.augment.engine.steps import flatten
from kreg.augment.stage import AnyStage, Policy, Recipe, Stage


class Plan:
    """The compiled groups for one kind of batch."""

    def __init__(self, pipeline: "Pipeline", batch_spec: Spec):
        stages, fuse = pipeline.stages, pipeline.fuse
        self.groups, self.columns, self.after = planner.plan(stages, batch_spec, fuse)
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
        target: `"label"` or `"mask"`: what `y` is in `(x, y)`. Masks (batch, height, width,
            channels) follow the geometry, nearest neighbour. Defaults to `"label"`.
        ignore_index: Whole number that fills the part of a mask that comes from outside of the
            image. Defaults to `255`.
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
        target: str = "label",
        ignore_index: int = 255,
        jit_compile: bool | str = "auto",
        passes: int = 1,
    ):
        self.stages = checked_stages(stages)
        self.seed = check.integer("seed", seed)
        self.fuse = check.choice("fuse", fuse, planner.FUSE)
        self.num_classes = labels.class_count(num_classes)
        self.value_range = input_spec.value_range(value_range)
        self.dtype = None if dtype is None else tf.as_dtype(dtype)
        self.target = check.choice("target", target, batches.TARGETS)
        self.ignore_index = check.integer("ignore_index", ignore_index)
        self.jit = xla.resolve(jit_compile)
        self.passes = check.integer("passes", passes, low=1)
        self.plans: dict[tuple[str, ...], Plan] = {}

    def __call__(self, x: Any, y: Any = None, weight: Any = None, *, index: Any, epoch: Any) -> Any:
        """Augment one batch: a pure function, usable eagerly and inside `Dataset.map`.

        Args:
            x: Images (batch, height, width, channels) or a table (batch, features); or a dictionary
                with `"images"` and any of `"labels"`, `"segmentation_masks"`, `"sample_weights"`,
                `"keypoints"` (batch, number, 2) and `"boxes"` (batch, number, 4); see
                `kreg.augment.engine.annotations` for how they count and the flags beside them.
            y: Targets, or `None`.
            weight: Sample weights (batch,), or `None`. Mixing blends them as it blends the targets.
            index: Integers (batch,): the position of each record in its data set.
            epoch: Whole number: another epoch, another draw.

        Returns:
            `x`, `(x, y)`, `(x, y, weight)` or a dictionary, as what came in.
        """
        batch = batches.unpack(x, y, weight, self.target)
        plan = self.plan(batch.images)
        index = tf.cast(index, tf.int64)
        batch = self.run(plan, batch, index, tf.cast(epoch, tf.int64))
        return batches.pack(batch, x, y, weight, self.target)

    def plan(self, images: tf.Tensor) -> Plan:
        """The plan for batches like this one, made once."""
        batch_spec = input_spec.of(images, self.value_range)
        key = tuple(str(part) for part in batch_spec)
        if key not in self.plans:
            with tf.init_scope():
                self.plans[key] = Plan(self, batch_spec)
        return self.plans[key]

    def run(self, plan: Plan, batch: Batch, index: tf.Tensor, epoch: tf.Tensor) -> Batch:
        """All groups on a batch that is filled up to a compiled size and cut back at the end."""
        plan.refuse_loners(batch.images)
        size = batches.bucket(batch.images)
        batch = self.encoded(plan, batch)
        filled = batch._replace(
            images=fill_up(batch.images, size),
            masks=None if batch.masks is None else fill_up(batch.masks, size),
        )
        params = plan.parameters(epoch, fill_up(index, size))
        result = self.through(plan.groups, filled, params, Partner(batch.images))
        images = cut_back(tf.cast(result.images, plan.dtype), batch.images)
        masks = None if batch.masks is None else cut_back(result.masks, batch.images)
        return result._replace(images=images, masks=masks)

    def encoded(self, plan: Plan, batch: Batch) -> Batch:
        """Labels as probabilities, where a stage needs them."""
        changers = plan.changers()
        if not changers or self.target == "mask":
            return batch
        rows = labels.probabilities(batch.labels, self.num_classes, changers[0])
        return batch._replace(labels=rows)

    def through(
        self, groups: list[Group[Any]], batch: Batch, params: list[tf.Tensor], partner: Partner
    ) -> Batch:
        images, targets, masks, weights, annotations = batch
        for group, own in zip(groups, params):
            images = group.images(images, own, partner)
            if masks is not None:
                masks = group.masks(masks, own, partner, self.ignore_index)
            if targets is not None:
                targets = group.targets(targets, own, partner)
            if weights is not None:
                weights = group.weights(weights, own, partner)
            if annotations is not None:
                annotations = group.annotations(annotations, own)
        return Batch(images, targets, masks, weights, annotations)

    @property
    def changes_targets(self) -> bool:
        """Whether labels leave as rows of probabilities: then the loss must take such rows."""
        return any(step.stage.changes_targets for step in flatten(self.stages).steps)

    def check_loss(self, loss: Any) -> None:
        """Refuse a loss that smooths labels again, or that wants class ids where rows come out.

        A pipeline does not see the model, so say `pipeline.check_loss(model.loss)` before `fit`.
        """
        labels.check_loss(self.stages, loss)

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
