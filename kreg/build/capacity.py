"""What a linear model can hold, for the report's layer table."""

import functools

SHRINKING = ("none", "l1", "l2", "elasticnet", "l2sp")  # penalties for which the formula holds


def columns(plan, reg):
    """A function `model -> {layer name: {"freedom": value}}`, or `None`.

    A linear regression has effective degrees of freedom: the trace of its hat matrix on the rows
    that it is trained on, at the optimum of the penalised loss. With weighted or augmented rows or
    a strength that moves, the fit is another than the formula's, and the column is left out.

    Args:
        plan: The `kreg.build.plan.Plan`.
        reg: A dataclass of `kreg.config.reg`.
    """
    data = plan.data
    plain = plan.pipeline is None and data.train.weight is None
    known = reg.kind in SHRINKING and isinstance(getattr(reg, "l2", 0.0), int | float)
    if data.task != "regression" or not (plain and known):
        return None
    return functools.partial(freedom, x=data.train.x)


def freedom(model, x) -> dict:
    """The degrees of freedom of a model of one linear layer on its training rows, else nothing."""
    from kreg.surgery.model_capacity import linear_degrees_of_freedom, linear_layer

    layer = linear_layer(model)
    return {layer.name: {"freedom": linear_degrees_of_freedom(model, x)}} if layer else {}
