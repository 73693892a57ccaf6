"""From the parts of a training to a compiled model: kreg's optimizer, the loss, the metrics."""

from typing import TYPE_CHECKING, Any

from kreg.config.root import Config
from kreg.factories import optimizer
from kreg.training import shares, tasks, xla

if TYPE_CHECKING:
    import keras

    from kreg.training.plan import Plan


def compile_model(plan: "Plan", config: Config, at_once: int) -> None:
    """Compile with kreg's optimizer: Keras's own rule, plus exact zeros for kreg's penalties."""
    chosen = optimizer.optimizer(config.optimizer, plan.budget.total, plan.thaw, plan.steps)
    compile_one(plan.model, chosen, plan, config, at_once)
    if plan.frozen is not None:  # of the same layers, with the same optimizer
        compile_one(plan.frozen.rest, plan.model.optimizer, plan, config, at_once)


def compile_one(
    network: "keras.Model", chosen: Any, plan: "Plan", config: Config, at_once: int
) -> None:
    """Compile a model of the training, with loss and metrics of its own."""
    from kreg.models.members import has_members

    soft, task = plan.soft_labels, plan.data.task
    # neither XLA nor a loop of steps goes with sums over several workers or devices
    shared = shares.is_shared(config.distribute)
    network.compile(
        optimizer=chosen,
        loss=tasks.loss(task, soft, config.trainer.label_smoothing, has_members(plan.model)),
        metrics=tasks.metrics(task, soft, plan.data.target_scale, plan.data.target_names),
        steps_per_execution=1 if shared else at_once,
        jit_compile=not shared and xla.jit_compile(config.trainer, plan.model),
    )
