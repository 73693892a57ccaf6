"""Which way is better, for a monitored name."""

import re

from kreg import check

# whole words of a metric's name, after `val_` and `clean_` are taken off
SMALLER = re.compile(
    r"(^|_)(loss|error|mse|mae|mape|msle|rmse|hinge|squared|absolute|crossentropy|entropy|"
    r"divergence|kl|poisson|gap|penalty|ece|false|wasserstein)(_|$)"
)
LARGER = re.compile(
    r"(^|_)(acc|accuracy|auc|precision|recall|sensitivity|specificity|f1|fbeta|score|r2|iou|"
    r"dice|similarity|true|top)(_|$)"
)
CERTAIN = {"loss": "min", "acc": "max", "accuracy": "max", "auc": "max"}


def bare(monitor: str) -> str:
    """The metric's own name.

    >>> bare("val_clean_accuracy")
    'accuracy'
    """
    return monitor.removeprefix("val_").removeprefix("clean_")


def direction(monitor: str, mode: str = "auto") -> str:
    """`"min"` or `"max"`.

    Args:
        monitor: The monitored name.
        mode: `"min"`, `"max"` or `"auto"`.

    Raises:
        ValueError: If `mode` contradicts a loss or an accuracy, or the name tells nothing.

    >>> direction("val_clean_loss"), direction("val_categorical_accuracy")
    ('min', 'max')
    """
    check.choice("mode", mode, ("auto", "min", "max"))
    name = bare(monitor)
    certain = CERTAIN.get(name)
    if mode != "auto":
        if certain not in (None, mode):
            raise check.invalid(
                "mode", f"{certain!r} for `{monitor}`", mode, "Leave it out, or say 'auto'."
            )
        return mode
    found = {way for way, names in (("min", SMALLER), ("max", LARGER)) if names.search(name)}
    # `cosine_similarity` is larger-is-better, `false_positives` smaller: one word each is decisive
    if len(found) == 1 or certain:
        return certain or found.pop()
    raise check.invalid(
        "mode",
        f"'min' or 'max', because the name `{monitor}` does not tell which way is better",
        mode,
    )
