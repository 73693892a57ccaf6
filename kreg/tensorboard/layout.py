"""The custom-scalar dashboard: training and validation on one chart, with the error band."""

from tensorboard.plugins.custom_scalar import layout_pb2


def layout() -> layout_pb2.Layout:
    """One category for the losses, one for penalties and sparsity."""
    losses = [
        lines("clean losses", r"^overfit/(clean_loss|val_clean_loss)$"),
        margin("validation and its standard error", "overfit/val_clean_loss",
               "overfit/val_clean_low", "overfit/val_clean_high"),
        lines("logged losses (biased)", r"^overfit/(loss|val_loss)$"),
        lines("gap", r"^overfit/gap$"),
    ]  # fmt: skip
    weights = [lines("penalties", r"^penalty/"), lines("exact zeros", r"^sparsity/")]
    return layout_pb2.Layout(
        category=[
            layout_pb2.Category(title="Overfitting", chart=losses),
            layout_pb2.Category(title="Regularization", chart=weights, closed=True),
        ]
    )


def lines(title: str, *patterns: str) -> layout_pb2.Chart:
    """Several tags on one chart."""
    content = layout_pb2.MultilineChartContent(tag=patterns)
    return layout_pb2.Chart(title=title, multiline=content)


def margin(title: str, value: str, lower: str, upper: str) -> layout_pb2.Chart:
    """A curve with a band."""
    series = layout_pb2.MarginChartContent.Series(value=value, lower=lower, upper=upper)
    return layout_pb2.Chart(title=title, margin=layout_pb2.MarginChartContent(series=[series]))
