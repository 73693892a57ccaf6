"""`optimizer`: from its configuration to an optimizer of `kreg.optimizers`."""

from kreg.config.custom import is_custom
from kreg.factories import custom

CLASSES = {
    "adam": "Adam",
    "adamw": "AdamW",
    "sgd": "SGD",
    "rmsprop": "RMSprop",
    "adagrad": "Adagrad",
    "adamax": "Adamax",
    "nadam": "Nadam",
    "lion": "Lion",
    "lamb": "Lamb",
    "adafactor": "Adafactor",
    "muon": "Muon",
}


def optimizer(cfg, total_steps: int):
    """The optimizer of a configuration.

    Args:
        cfg: A dataclass of `kreg.config.optimizer`.
        total_steps: Batches in the whole training, for the learning rate's schedule.
    """
    import kreg.optimizers

    if is_custom(cfg.kind):
        return kreg.optimizers.proximal(custom.create(cfg))
    settings = {
        "learning_rate": learning_rate(cfg, total_steps),
        "weight_decay": weight_decay(cfg),
        "clipnorm": cfg.clipnorm,
        "gradient_accumulation_steps": cfg.accumulate if cfg.accumulate > 1 else None,
    }
    if cfg.ema is not None:
        settings |= {"use_ema": True, "ema_momentum": cfg.ema}
    if cfg.kind == "sgd":
        settings |= {"momentum": cfg.momentum, "nesterov": cfg.nesterov}
    made = getattr(kreg.optimizers, CLASSES[cfg.kind])(**settings)
    if isinstance(settings["learning_rate"], kreg.optimizers.Scaled):
        made.scaled_rate = settings["learning_rate"]  # Keras has no public way to a schedule
    return made


def weight_decay(cfg) -> float | None:
    """AdamW insists on a number; for all others none is cheaper than zero."""
    return cfg.weight_decay if cfg.weight_decay or cfg.kind == "adamw" else None


def learning_rate(cfg, total_steps: int):
    """A number, or Keras's cosine from the end of a linear warm-up down to zero."""
    import keras

    from kreg.optimizers import Scaled

    warmup = round(cfg.warmup * total_steps)
    if cfg.schedule == "constant" and not warmup:
        return cfg.learning_rate
    floor = 1.0 if cfg.schedule == "constant" else 0.0
    course = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else 1.0,
        decay_steps=max(total_steps - warmup, 1),
        alpha=floor,
        warmup_target=1.0 if warmup else None,
        warmup_steps=warmup,
    )
    return Scaled(cfg.learning_rate, course)
