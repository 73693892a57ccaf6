"""`reg`: from its configuration to what `kreg.regularize` takes."""

from kreg.config.custom import is_custom
from kreg.factories import custom

AXES = {"inputs": -2, "outputs": -1}


def rules(cfg, steps_per_epoch: int | None = None):
    """The penalty for all kernels, or `None`.

    Args:
        cfg: A dataclass of `kreg.config.reg`.
        steps_per_epoch: Length of an epoch, for strengths that are scheduled by epochs.
    """
    if cfg.kind == "none":
        return None
    if is_custom(cfg.kind):
        return custom.create(cfg)
    return KINDS[cfg.kind](cfg, lambda name: strength(getattr(cfg, name), steps_per_epoch))


def strength(value, steps_per_epoch: int | None):
    """A number as it is; a schedule with the length of an epoch filled in."""
    from kreg.schedules import Schedule

    if not isinstance(value, dict):
        return value
    return Schedule.from_config({"steps_per_epoch": steps_per_epoch, **value})


def l1(cfg, get):
    from kreg.regularizers import L1

    return L1(get("l1"))


def l2(cfg, get):
    from kreg.regularizers import L2

    return L2(get("l2"))


def elasticnet(cfg, get):
    from kreg.regularizers import ElasticNet

    return ElasticNet(get("l1"), get("l2"))


def group(cfg, get):
    from kreg.regularizers import GroupLasso

    return GroupLasso(get("l1"), axis=AXES[cfg.groups], adaptive=cfg.adaptive)


def sparse_group(cfg, get):
    from kreg.regularizers import SparseGroupLasso

    return SparseGroupLasso(get("l1"), get("group"), axis=AXES[cfg.groups])


def l2sp(cfg, get):
    from kreg.regularizers import L2SP

    return L2SP(get("l2"))


KINDS = {
    "l1": l1,
    "l2": l2,
    "elasticnet": elasticnet,
    "group": group,
    "sparse_group": sparse_group,
    "l2sp": l2sp,
}
