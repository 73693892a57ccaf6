"""What a metric's name says: its own name without prefixes, and which way is better."""

import re

from kreg import check

# whole words of a metric's own name, as Keras's metrics and kreg's measurements are called
SMALLER = re.compile(
    r"(^|_)(loss|error|mse|mae|mape|msle|rmse|hinge|squared|absolute|logcosh|crossentropy|entropy|"
    r"divergence|kl|poisson|gap|penalty|ece|false|wasserstein|nll|perplexity|brier|params|seconds)(_|$)"
)
LARGER = re.compile(
    r"(^|_)(acc|accuracy|auc|precision|recall|sensitivity|specificity|f1|fbeta|score|r2|iou|io_u|"
    r"dice|similarity|correlation|true|top|match|sparsity)(_|$)"
)
BETWEEN = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")  # words of a class's name
CERTAIN = {"loss": "min", "acc": "max", "accuracy": "max", "auc": "max"}


def bare(name: str) -> str:
    """The metric's own name.

    >>> bare("val_clean_accuracy")
    'accuracy'
    """
    for prefix in ("test_", "val_", "clean_"):
        name = name.removeprefix(prefix)
    return name


def words(name: str) -> str:
    """The metric's own name in small letters, word by word.

    >>> words("val_clean_MeanSquaredError"), words("test_auc_1")
    ('mean_squared_error', 'auc_1')
    """
    return BETWEEN.sub("_", bare(name)).lower()


def known_direction(name: str) -> str | None:
    """`"min"` or `"max"`, or `None` where the name does not tell.

    `cosine_similarity` is better larger, `false_positives` smaller: one word is decisive. A name
    with words of both kinds tells nothing. `compile(metrics=["AUC"])` is logged as `val_AUC`: a
    class's name tells as much as the metric's own.

    >>> known_direction("val_clean_loss"), known_direction("val_F1Score"), known_direction("thing")
    ('min', 'max', None)
    """
    name = words(name)
    smaller, larger = SMALLER.search(name), LARGER.search(name)
    if bool(smaller) == bool(larger):
        return None
    return "min" if smaller else "max"


def direction(monitor: str, mode: str = "auto") -> str:
    """`"min"` or `"max"`, as Keras's callbacks find it: told by `mode`, else known of the metric.

    Args:
        monitor: The monitored name.
        mode: `"min"`, `"max"` or `"auto"`.

    Raises:
        ValueError: If `mode` contradicts a loss or an accuracy, or the name tells nothing.

    >>> direction("val_clean_loss"), direction("val_categorical_accuracy")
    ('min', 'max')
    """
    check.choice("mode", mode, ("auto", "min", "max"))
    found = known_direction(monitor) if mode == "auto" else mode
    if found is None:
        raise check.invalid(
            "mode",
            f"'min' or 'max', because the name `{monitor}` does not tell which way is better",
            mode,
        )
    certain = CERTAIN.get(words(monitor), found)
    if certain != found:
        raise check.invalid(
            "mode", f"{certain!r} for `{monitor}`", mode, "Leave it out, or say 'auto'."
        )
    return found
