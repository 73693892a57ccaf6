"""Everything that a training needs, built from a checked configuration."""

import warnings
from dataclasses import dataclass

from kreg.build import augment, data, dropout, model, objective, optimizer, reg, reuse, trainer
from kreg.config.combinations import check_objective


@dataclass
class Plan:
    """The parts of one training.

    Args:
        data: The splits, checked.
        pipeline: The augmentation, or `None`.
        model: Built, penalised and compiled.
        batch_size: Rows a step; never more than there are.
        steps: Steps an epoch.
        seed: What order and augmentation are drawn from.
    """

    data: object
    pipeline: object
    model: object
    batch_size: int
    steps: int
    seed: int

    @property
    def soft_labels(self) -> bool:
        """Whether the augmentation turns class ids into rows of class weights."""
        return self.data.task == "classification" and getattr(
            self.pipeline, "changes_targets", False
        )

    def rows(self, split: str) -> tuple:
        """`(x, y, weight)` of a split, un-augmented, with targets as the model is trained on."""
        from kreg.build.diagnostics import rows

        return rows(self.data.splits[split], self.data, self.soft_labels)

    def held_out(self) -> tuple:
        """The validation rows for `fit`; `kreg.data` refuses a split without any."""
        x, y, weight = self.rows("validation")
        return (x, y) if weight is None else (x, y, weight)

    def measures_all(self, cfg) -> bool:
        """Whether the `diagnostics` group measures every validation row, in every epoch."""
        return 0 < len(self.data.validation) <= getattr(cfg, "rows", 0)

    def samples(self, epoch: int, count: int = 16):
        """The first training images as the model sees them in an epoch."""
        import numpy as np

        rows = np.arange(min(count, len(self.data.train)))
        part = self.data.train.take(rows).in_memory()
        return np.asarray(self.pipeline(part.x, part.y, index=rows, epoch=epoch)[0])

    @property
    def shows_samples(self) -> bool:
        """Whether there are augmented images to look at."""
        return self.pipeline is not None and self.data.is_image

    def facts(self) -> dict:
        """What the first line on the terminal says."""
        sizes = self.data.sizes
        return {
            "model": self.model.name,
            "parameters": int(self.model.count_params()),
            "data": self.data.name,
            "rows": [sizes["train"], sizes["validation"], sizes["test"]],
            "steps": self.steps,
        }

    def stream(self, first_epoch: int = 0):
        """The training rows from an epoch on: shuffled, augmented, endless."""
        from kreg.data import epoch_stream

        return epoch_stream(
            self.data.train,
            batch_size=self.batch_size,
            seed=self.seed,
            first_epoch=first_epoch,
            augment=self.pipeline,
        )


def make(config, whole_epochs: bool = False) -> Plan:
    """Load the data, build the augmentation and the model, attach penalties, compile.

    Args:
        config: A checked `kreg.config.validate.Config`.
        whole_epochs: Whether one call of the compiled step trains a whole epoch: the same weights,
            sooner, where no callback looks at single batches. Defaults to `False`.
    """
    from kreg.data import steps_per_epoch

    rows = data.load(config.data, config.seed)
    check_objective(config.objective, regression=rows.task == "regression")
    batch_size = min(config.trainer.batch_size, len(rows.train))
    steps = steps_per_epoch(len(rows.train), batch_size)
    pipeline = augment.pipeline(config.augment, rows, config.seed)
    noise = dropout.noise(config.dropout, steps)
    network = model.model(config.model, rows, noise)
    noise.require_a_place(config.model.kind)
    plan = Plan(rows, pipeline, network, batch_size, steps, config.seed)
    rows.warnings += penalise(network, config.reg, steps)
    compile_model(plan, config, steps if whole_epochs else 1)
    inputs = (plan.soft_labels, steps * config.trainer.epochs, network.steps_per_execution)
    plan.model = reuse.adopt(network, config, inputs)
    return plan


def penalise(network, cfg, steps: int) -> list[str]:
    """Attach the penalty of the `reg` group to the model's kernels; sentences on its limits."""
    from kreg.surgery.regularization import attach

    rules = reg.rules(cfg, steps)
    if rules is None:
        return []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        attach(network, rules)
    return [str(warning.message) for warning in caught]


def compile_model(plan: Plan, config, at_once: int) -> None:
    """Compile with kreg's optimizer: Keras's own rule, plus exact zeros for kreg's penalties."""
    soft, task = plan.soft_labels, plan.data.task
    plan.model.compile(
        optimizer=optimizer.optimizer(config.optimizer, plan.steps * config.trainer.epochs),
        loss=objective.loss(task, soft),
        metrics=objective.metrics(task, soft),
        steps_per_execution=at_once,
        jit_compile=trainer.jit_compile(config.trainer, plan.model),
    )
