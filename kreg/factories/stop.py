"""`stop`: from its configuration to the callback that ends a training."""

from kreg.factories import custom

OWN = ("monitor", "mode", "start_from_epoch", "smoothing", "average", "rate_guard", "dry_run")


def callback(cfg, **places):
    """The `kreg.EarlyStopping`, or `None`.

    Args:
        cfg: A dataclass of `kreg.config.stop`.
        **places: More arguments of `kreg.EarlyStopping`: `export`, `directory`, `validation`,
            `verbose`.
    """
    if cfg.kind == "none":
        return None
    if ":" in cfg.kind:
        return custom.create(cfg)
    from kreg.callbacks import EarlyStopping

    common = {name: getattr(cfg, name) for name in OWN}
    common |= {"restore_best": cfg.restore != "none"}
    common |= {"restore": "weights" if cfg.restore == "none" else cfg.restore}
    return EarlyStopping(**common, **rule(cfg), **places)


def rule(cfg) -> dict:
    """The arguments that name the criterion."""
    if cfg.kind == "patience":
        own = {"patience": cfg.patience, "baseline": cfg.baseline}
        return {**own, "min_delta": number_or_text(cfg.min_delta)}
    if cfg.kind in ("default", "careful"):
        return {"criterion": cfg.kind}
    return {"criterion": CRITERIA[cfg.kind](cfg)}


def number_or_text(value: str):
    """`"0.1"` as 0.1; anything else as it is, for the callback to judge."""
    try:
        return float(value)
    except ValueError:
        return value


def _criterion(name: str, *fields: str):
    """A constructor call of `kreg.callbacks.criteria` on the configuration's fields."""

    def make(cfg):
        from kreg.callbacks import criteria, direction

        own = {field: getattr(cfg, field) for field in fields}
        mode = direction(cfg.monitor, cfg.mode)
        return getattr(criteria, name)(**own, monitor=cfg.monitor, mode=mode)

    return make


CRITERIA = {
    "gl": _criterion("GL", "alpha"),
    "pq": _criterion("PQ", "alpha", "strip"),
    "up": _criterion("UP", "strips", "strip"),
    "trend": _criterion("Trend", "window", "z"),
    "textbook": _criterion("Textbook", "times", "flat"),
}
