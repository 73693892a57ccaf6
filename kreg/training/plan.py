"""Everything that a training needs, built from a checked configuration."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kreg import weight_names
from kreg.applications import BY_NAME, PRESET
from kreg.config import automatic
from kreg.config.combinations import check_objective
from kreg.config.root import Config
from kreg.factories import augment, custom_parts, data, dropout, model
from kreg.factories.optimizer import Thaw
from kreg.models.options import BackboneOptions
from kreg.prediction import operating_point
from kreg.training import (
    class_weights,
    compiling,
    kept_features,
    low_rank,
    penalties,
    shared_steps,
    shares,
    tasks,
    xla,
)
from kreg.training.budget import Budget, planned
from kreg.training.decoding import DECODED, decoded
from kreg.training.options import FinetuneOptions, GradualOptions
from kreg.training.shared_steps import SharedSteps

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

    from kreg.augment import Pipeline
    from kreg.data import Data, Raw, Split
    from kreg.measuring.frozen import Frozen
    from kreg.training.workers import Workers


@dataclass
class Plan:
    """The parts of one training.

    Args:
        data: The splits, checked.
        pipeline: The augmentation, or `None`.
        model: Built, penalised and compiled.
        batch_size: Rows a step; never more than there are.
        budget: How many epochs, and how long one is.
        seed: What order and augmentation are drawn from.
        inferred: Whether the task was read from the target, because nobody has said it.
        class_weight: One weight a class in the loss of the training, `(classes,)`, or `None`.
        weighing: `trainer.class_weight`, as it was said.
        pretrained: The checked `model` group.
        finetune: The checked `finetune` group.
        stacked: How many jobs its stack has, see `kreg.training.stacks`; 0 for a training alone.
        workers: With whom it is shared, see `kreg.training.distributed`; `None` in one process.
        devices: How many of this machine train it, see `kreg.training.mirrored` and, on JAX,
            `kreg.training.data_parallel`.
        spread: Deals the batches of a stream to these devices; `None` where there is one,
            and on JAX, which deals them itself.
        seconds_of_a_sum: Measures a sum of their gradients; `None` for one device, and on JAX.
        frozen: The parts of a model whose features are kept, see `kreg.training.kept_features`.
    """

    data: "Data"
    pipeline: "Pipeline | None"
    model: "keras.Model"
    batch_size: int
    budget: Budget
    seed: int
    inferred: bool = False
    class_weight: "np.ndarray | None" = None
    weighing: class_weights.Choice = class_weights.NONE
    pretrained: object = None
    finetune: FinetuneOptions = field(default_factory=FinetuneOptions)
    stacked: int = 0
    workers: "Workers | None" = None
    devices: int = 1
    spread: "Callable[[Any], Any] | None" = None
    seconds_of_a_sum: Callable[[], float] | None = None
    frozen: "Frozen | None" = None

    @property
    def steps(self) -> int:
        """Optimizer steps of one epoch."""
        return self.budget.steps

    @property
    def changes_rows(self) -> bool:
        """Whether the model trains on something else than `rows("train")`."""
        return self.pipeline is not None or self.class_weight is not None

    @property
    def soft_labels(self) -> bool:
        """Whether the augmentation turns class ids into rows of class weights."""
        mixes = self.pipeline is not None and self.pipeline.changes_targets
        return self.data.task == "classification" and mixes

    def sample(self, split: str) -> tuple[Any, ...]:
        """As `rows`, in memory: of rows on the disk `SAMPLE`, at even distances."""
        from kreg.data.dataset import SAMPLE, on_disk

        part = self.data.splits[split]
        return self.targeted(part.sample(SAMPLE)) if on_disk(part.x) else self.rows(split)

    def rows(self, split: str) -> tuple[Any, ...]:
        """`(x, y, weight)` of a split, un-augmented, with targets as the model is trained on.

        Lazy images are decoded, of the training rows only `DECODED`; rows on the disk stay there.
        """
        most = DECODED if split == "train" else None
        return self.targeted(decoded(self.data.splits[split], most))

    def targeted(self, part: "Split") -> tuple[Any, ...]:
        """The rows with targets as the model is trained on."""
        if not self.soft_labels:
            return part.x, part.y, part.weight
        import numpy as np

        return part.x, np.eye(self.data.outputs, dtype="float32")[part.y], part.weight

    def held_out(self) -> tuple[Any, ...]:
        """The validation rows for `fit`; `kreg.data` refuses a split without any."""
        x, y, weight = self.sample("validation")
        rows = (x, y) if weight is None else (x, y, weight)
        return rows if self.spread else shares.even(rows, self.devices)

    def samples(self, epoch: int, count: int = 16) -> "np.ndarray":
        """Training images of all classes as the model sees them in an epoch."""
        import numpy as np

        rows = self.data.train.mixed(count)
        part = self.data.train.take(rows).in_memory()
        return np.asarray(
            self.augmentation(part.x, part.y, index=rows, epoch=epoch * self.budget.passes)[0]
        )

    @property
    def shows_samples(self) -> bool:
        """Whether there are augmented images to look at."""
        return self.pipeline is not None and self.data.is_image

    @property
    def augmentation(self) -> "Pipeline":
        """The pipeline of a training that has one.

        Raises:
            ValueError: If it has none.
        """
        if self.pipeline is None:
            raise ValueError("This training has no augmentation. Choose one, augment=light say.")
        return self.pipeline

    @property
    def alone(self) -> int | None:
        """How many epochs train the head alone; 0 for none, `None` for all."""
        return self.finetune.alone(self.budget.epochs)

    @property
    def thaw(self) -> Thaw | None:
        """When all layers begin to be trained, if it is not at once.

        Raises:
            ValueError: If there is no epoch left for that.
        """
        if not isinstance(self.finetune, GradualOptions):
            return None
        alone, epochs = self.finetune.alone(self.budget.epochs), self.budget.epochs
        if alone is None or alone >= epochs:
            raise ValueError(
                f"finetune=gradual trains the head alone for {alone} of {epochs} epochs: none is "
                "left for all layers. Say trainer.epochs=2 at least, or finetune=head."
            )
        return Thaw(alone * self.steps, self.finetune.rate)

    @property
    def parts(self) -> str:
        """Of a network that others have trained: backbone, head, whose weights; else nothing."""
        if not isinstance(self.pretrained, BackboneOptions):
            return ""
        head = weight_names.parameters(self.model.layers[-1])
        weights, name = self.pretrained.weights, self.pretrained.name
        known = BY_NAME[name].licence if name and weights == "imagenet" else ""
        licence = f", {known}" if known else ""
        source = name if weights == PRESET else weights
        told = "random weights" if weights == "none" else f"weights from {source}{licence}"
        always = f", the head alone is trained{kept_features.told(self)}"
        phase = {None: always, 0: ""}.get(self.alone, f", the head alone until epoch {self.alone}")
        added = low_rank.parameters(self.model)
        changes = f"{added:,} in low-rank changes, " if added else ""
        backbone = weight_names.parameters(self.model) - head - added
        return f" ({backbone:,} backbone, {head:,} head, {changes}{told}{phase})"

    def facts(self) -> dict[str, Any]:
        """What the first line on the terminal says."""
        sizes = self.data.sizes
        return {
            "model": self.model.name,
            "parameters": weight_names.parameters(self.model),
            "parts": self.parts,
            "data": self.data.name,
            "task": tasks.described(self.data, self.inferred) + class_weights.told(self.weighing),
            "rows": list(sizes.values()),
            "steps": self.steps,
            "passes": self.budget.passes,
            "total_steps": self.budget.total,
        }

    def stream(
        self, first_epoch: int = 0, first_batch: int = 0, features: "np.ndarray | None" = None
    ) -> "tf.data.Dataset":
        """The training rows from an epoch on: shuffled, weighed, augmented, endless.

        A job of a stack reads none: its member has read its rows.

        Args:
            first_epoch: The first one. Defaults to `0`.
            first_batch: How many of its batches are left out. Defaults to `0`.
            features: What the model sees in the place of the rows' inputs, or `None`.
        """
        from kreg.data import stream

        if self.stacked:
            return stream.unread(self.data.train)
        train = self.data.train if features is None else replace(self.data.train, x=features)
        passes, batch = divmod(first_batch, self.steps // self.budget.passes)
        return stream.epoch_stream(
            class_weights.weighted(train, self.class_weight),
            batch_size=self.batch_size,
            seed=self.seed,
            first_epoch=first_epoch * self.budget.passes + passes,
            first_batch=batch,
            augment=self.pipeline,
            share=self.workers.share if self.workers else None,
            parts=self.devices if self.spread else 1,
        )


def make(
    config: Config,
    steps: SharedSteps | None = None,
    whole_epochs: bool = False,
    given: "Raw | None" = None,
) -> Plan:
    """Load the data, build the augmentation and the model, attach penalties, compile.

    Args:
        config: The checked configuration.
        steps: What this training shares with earlier ones of the process, or `None`.
        whole_epochs: Whether one call of the compiled step trains a whole epoch, however long: the
            same weights, sooner, where no callback looks at single batches. Defaults to `False`.
        given: The rows of `data=given`.
    """
    from kreg.data import steps_per_epoch

    custom_parts.ask_all(config)
    rows = data.load(config.data, config.seed, given)
    config = automatic.for_task(config, rows.task)
    check_objective(config.objective, rows.task == "regression", len(rows.target_names))
    batch_size = min(config.trainer.batch_size, len(rows.train))
    a_pass = steps_per_epoch(len(rows.train), batch_size)
    lasts = planned(config.trainer, a_pass, linear=config.model.kind == "linear")
    pipeline = augment.pipeline(config.augment, rows, config.seed, lasts.passes)
    noise = dropout.noise(config.dropout, lasts.steps)
    standardise = getattr(config.data, "standardise", "none")
    network = model.model(config.model, rows, noise, standardise)
    noise.require_a_place(config.model.kind)
    plan = Plan(rows, pipeline, network, batch_size, lasts, config.seed)
    plan.pretrained, plan.finetune = config.model, config.finetune
    said_nothing = getattr(config.data, "known_task", "") == "auto"
    plan.inferred = said_nothing and hasattr(config.data, "task")
    plan.weighing = config.trainer.class_weight
    plan.class_weight = class_weights.weights(plan.weighing, rows)
    operating_point.refuse(config.trainer.operating_point, rows.task, rows.name)
    rows.warnings += tasks.unsmoothed(rows.task, config.trainer.label_smoothing)
    rows.warnings += penalties.attach(network, config.reg, lasts.steps)
    rows.warnings += xla.without(config.trainer, network)
    rows.warnings += low_rank.attach(network, config.finetune, config.reg.kind)
    plan.frozen, told = kept_features.part(plan, config)
    rows.warnings += told
    if plan.frozen is not None:  # a linear model of the features
        plan.budget = planned(config.trainer, a_pass, linear=True)
    compiling.compile_model(plan, config, xla.steps_at_once(config.trainer, lasts, whole_epochs))
    shared_steps.hold(network)
    if steps is not None and config.finetune.kind == "full":  # a step knows what it trains
        plan.model = steps.adopt(network, config, constants(plan, config))
    return plan


def constants(plan: Plan, config: Config) -> tuple[Any, ...]:
    """What is compiled into the training step and stands in no configuration."""
    sizes = (plan.budget.total, plan.model.steps_per_execution)
    fitted = shared_steps.scales(plan.model), model.fitted_key(config.model, plan.data)
    return (plan.soft_labels, plan.class_weight is not None, *sizes, *fitted)
