"""`diagnostics`: from its configuration to the callback that measures and judges."""

from kreg.build import custom

DECODED = 4096  # training images that are decoded at once, to be measured
PROBES = ("sharpness", "gradient_noise", "random_labels")


def callback(cfg, data, *, seed: int = 0, soft_labels: bool = False, **report):
    """The `kreg.Diagnostics`, or `None`.

    Args:
        cfg: A dataclass of `kreg.config.diagnostics`.
        data: A `kreg.data.Data`; its rows are not augmented.
        seed: Draws the measured rows.
        soft_labels: Whether the model is trained on rows of class weights, so that class ids must
            be written that way.
        **report: More arguments of `kreg.Diagnostics`: `name`, `settings`, `inputs`, `verbose`.
    """
    if cfg.kind == "off":
        return None
    if ":" in cfg.kind:
        return custom.create(cfg, data)
    from kreg.callbacks import Diagnostics

    train, validation = (rows(split, data, soft_labels) for split in (data.train, data.validation))
    return Diagnostics(
        train,
        validation,
        rows=cfg.rows,
        adapt=cfg.adapt,
        budget=cfg.budget,
        seed=seed,
        probes=tuple(name for name in PROBES if getattr(cfg, name, False)),
        **report,
    )


def rows(split, data, soft_labels: bool) -> tuple:
    """`(x, y, weight)` as the model is trained on it; of lazy training images only `DECODED`."""
    from kreg.data.dataset import is_lazy

    if is_lazy(split.x):
        few = split is data.train and len(split) > DECODED
        split = (split.spread(DECODED) if few else split).in_memory()
    y = split.y
    if soft_labels and data.task == "classification":
        import numpy as np

        y = np.eye(data.outputs, dtype="float32")[y]
    return split.x, y, split.weight


def tensorboard(cfg, directory, **more):
    """The writer of the TensorBoard events, or `None`.

    Args:
        cfg: A dataclass of `kreg.config.diagnostics`.
        directory: The run's one event directory.
        **more: More arguments of `kreg.callbacks.TensorBoard`.
    """
    if not getattr(cfg, "tensorboard", False):
        return None
    from kreg.callbacks import TensorBoard

    return TensorBoard(directory, histograms=cfg.histograms, **more)
