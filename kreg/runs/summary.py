"""The few lines that a run leaves on the terminal."""

import shlex
from pathlib import Path
from typing import Any, TypeAlias

from rich.console import Console

from kreg.printable import percent, printable

Plain: TypeAlias = dict[str, Any]

METRICS = ("accuracy", "exact_match", "rmse")  # on the test rows, in this order
TEST = "test_clean_"
MOST_TARGETS = 6  # whose errors are shown
SPLITS = ("training", "validation", "test", "held-out")  # the last one where there are folds
SMALL, LARGE = 1e-3, 1e4
NAMED = 6  # columns that the line on features names
TONES = {"good": "green", "watch": "yellow", "bad": "red", "unknown": "dim"}


def announce(facts: Plain, verbose: str = "info", console: Console | None = None) -> None:
    """One line before training: model, parameters, data, task, rows, budget, device."""
    if verbose == "quiet":
        return
    passes = f" ({facts['passes']} passes over the rows)" if facts["passes"] > 1 else ""
    print_line(
        console,
        f"{facts['model']}: {facts['parameters']:,} parameters{facts.get('parts', '')}, "
        f"{facts['data']}: {facts['task']}, "
        f"{sizes(facts['rows'])}, {facts['steps']} steps an epoch{passes}, "
        f"{facts['total_steps']:,} steps at most, on {facts['device']}",
        style="dim",
    )


def sizes(rows: list[int]) -> str:
    """How many rows each split has.

    >>> sizes([70, 15, 15])
    '70 training, 15 validation and 15 test rows'
    """
    *first, last = (f"{n} {name}" for n, name in zip(rows, SPLITS, strict=False))
    return f"{', '.join(first)} and {last} rows"


def continued(
    epoch: int, batch: int = 0, verbose: str = "info", console: Console | None = None
) -> None:
    """One line more where an earlier process has trained some of the epochs or batches."""
    if (epoch or batch) and verbose != "quiet":
        where = f"epoch {epoch}" if not batch else f"batch {batch:,} of epoch {epoch + 1}"
        print_line(console, f"going on after {where}", style="dim")


def show(
    result: Plain, directory: Path, verbose: str = "info", console: Console | None = None
) -> None:
    """The table after training: verdict, losses, zeros, and where to look next."""
    if verbose == "quiet":
        return
    for name, value in lines(result, directory):
        style = TONES.get(result.get("tone", ""), "") if name == "verdict" else ""
        print_line(console, f"{name:<15} {value}", style=style)


def print_line(console: Console | None, text: str, style: str = "") -> None:
    """One line, never broken: a command must survive copy and paste."""
    console = console or Console(highlight=False)
    console.print(printable(text), style=style, markup=False, soft_wrap=True)


def lines(result: Plain, directory: Path) -> list[tuple[str, str]]:
    """Name and text of each line, those left out that the run has no number for."""
    metrics = result["metrics"]
    tested = shown_metrics(metrics)
    rows = [
        ("verdict", result.get("headline")),
        ("best epoch", best(result)),
        ("stopped", result.get("stop_sentence") or result.get("stop_reason")),
        ("clean loss", number(metrics.get("clean_loss"))),
        ("val clean loss", number(metrics.get("val_clean_loss"))),
        ("gap", number(metrics.get("gap"))),
        *(
            (f"fold {name}", number(metrics.get(f"fold_clean_{name}")))
            for name in ("loss", *tested)
        ),
        *((f"test {name}", number(metrics[f"test_clean_{name}"])) for name in tested),
        ("units", units(result.get("units") or {}, tested)),
        (
            "exact zeros",
            f"{result['sparsity']:.1%} of the kernels ({result['params']:,} parameters)",
        ),
        ("rank", (result.get("ranks") or {}).get("told")),
        ("threshold", threshold(result.get("operating_point"))),
        ("features", features(result.get("features"))),
        ("optimum", optimum(result)),
        ("penalty", number(metrics.get("penalty"))),
        ("compressed", compressed(result.get("compressed"))),
        ("calibrated", calibrated(result.get("calibration"))),
        ("ranks", ranks(result.get("low_rank"))),
        speed(result.get("pictures") or {}),
        ("report", str(shown(directory / "report.html"))),
        ("TensorBoard", tensorboard(directory)),
    ]
    rows += [("model.keras", result.get("plain_model"))]
    rows += [("warning", sentence) for sentence in result.get("warnings", [])]
    return [(name, text) for name, text in rows if text]


def shown_metrics(metrics: Plain) -> list[str]:
    """Which metrics of the test rows are shown; of several targets the first ones.

    >>> shown_metrics({"test_clean_mae": 1.0, "test_clean_rmse": 2.0, "clean_loss": 0.1})
    ['rmse']
    """
    names = [n.removeprefix(TEST) for n in metrics if n.startswith(TEST)]
    targets = [name for name in names if name.startswith("rmse_")]
    return [name for name in METRICS if name in names] + targets[:MOST_TARGETS]


def units(known: dict[str, str], tested: list[str]) -> str | None:
    """Of a metric that has another unit than the losses, both units."""
    errors = [name for name in tested if name.startswith("rmse") and name in known]
    return f"rmse: {known[errors[0]]}; losses: {known['loss']}" if errors else None


def number(value: float | None) -> str | None:
    """Four digits after the point, one where it is large, four in all where it is small.

    >>> number(0.25), number(57312.123), number(0.00012345)
    ('0.2500', '57,312.1', '0.0001234')
    """
    if value is None:
        return None
    if 0 < abs(value) < SMALL:
        return f"{value:.4g}"
    return f"{value:,.1f}" if abs(value) >= LARGE else f"{value:.4f}"


def best(result: Plain) -> str | None:
    if "epochs" not in result:
        return None
    if result.get("best_epoch") is None:
        return f"none restored: the weights are those of epoch {result['epochs']}, the last"
    found = f"{result['best_epoch']} of {result['epochs']}"
    mean = [str(epoch) for epoch in result.get("averaged_epochs") or []]
    whose = f"the mean of epochs {', '.join(mean)}" if mean else "its weights"
    restored = f", restored: the numbers below are of {whose}"
    return f"{found}{restored if result.get('restored') else ''}"


def optimum(result: Plain) -> str | None:
    """How near a convex problem is to its minimum."""
    gap, share = result.get("duality_gap"), result.get("duality_gap_share")
    if gap is None or share is None:
        return None
    return (
        f"the training objective is at most {gap:.2g} above its minimum, "
        f"{percent(share)} of what guessing costs"
    )


def threshold(point: Plain | None) -> str | None:
    """The operating point of a binary task, where one was chosen."""
    if not point or point["chosen"] == "none":
        return None
    shares = ", ".join(f"{name} {point[name]:.3f}" for name in ("precision", "recall", "f1"))
    return (
        f"{point['threshold']:.4g} for {point['positive']!r} ({point['chosen']}): {shares} on "
        f"{point['rows']:,} validation rows"
    )


def speed(found: dict[str, Any]) -> tuple[str, str | None]:
    """What is read as it is trained on, and how fast."""
    return found.get("of", "pictures"), found.get("told")


def features(found: Plain | None) -> str | None:
    """How many columns of a table the model reads, and those that count most."""
    if not found or found["count"] == found["total"]:
        return None
    told = f"{found['count']:,} of {found['total']:,} selected"
    first = [named(row) for row in found["selected"][:NAMED]]
    more = ", ..." if found["count"] > NAMED else ""
    return f"{told}: {', '.join(first)}{more}" if first else told


def named(row: Plain) -> str:
    """A column with its weight, where it is one number.

    >>> named({"name": "bmi", "weight": 4.935}), named({"name": "bmi", "weight": {"a": 1.0}})
    ('bmi +4.935', 'bmi')
    """
    known = isinstance(row["weight"], int | float)
    return f"{row['name']} {row['weight']:+.4g}" if known else str(row["name"])


def compressed(found: Plain | None) -> str | None:
    """Parameters and time of the model before and after, and the new test metric."""
    if not found:
        return None
    before, after, metrics = found["before"], found["after"], found["metrics"]
    metric = next(iter(shown_metrics(metrics)), None)
    sizes = f"{before['parameters']:,} -> {after['parameters']:,} parameters ({found['ratio']:.1%})"
    times = f"{before['latency_ms']:.2f} -> {after['latency_ms']:.2f} ms a batch"
    tested = f", test {metric} {number(metrics[f'test_clean_{metric}'])}" if metric else ""
    return f"{sizes}, {times}{tested} after the refit"


def calibrated(found: Plain | None) -> str | None:
    """The temperature, and what it changes on the test rows, or else on those of validation.

    >>> side = {"loss": [0.41, 0.33], "ece": [0.09, 0.021], "accuracy": [0.9, 0.9]}
    >>> calibrated({"temperature": 1.84, "rows": 270, "test": side})
    'temperature 1.84: test loss 0.4100 -> 0.3300, ECE 0.090 -> 0.021'
    """
    if not found:
        return None
    name = "test" if "test" in found else "validation"
    before, after = found[name]["loss"]
    told = (
        f"temperature {found['temperature']:.4g}: {name} loss {number(before)} -> {number(after)}"
    )
    ece = found[name].get("ece")
    return told if ece is None else f"{told}, ECE {ece[0]:.3f} -> {ece[1]:.3f}"


def ranks(found: Plain | None) -> str | None:
    """The rank of all low-rank changes together, and how many layers have one.

    >>> rows = [{"layer": "a", "rank": 3, "most": 8}, {"layer": "b", "rank": 0, "most": 8}]
    >>> ranks({"layers": rows, "rank": 3})
    '3 of 16, in 1 of 2 layers'
    """
    if not found:
        return None
    layers = found["layers"]
    most, changed = sum(row["most"] for row in layers), sum(row["rank"] > 0 for row in layers)
    return f"{found['rank']:,} of {most:,}, in {changed:,} of {len(layers):,} layers"


def tensorboard(directory: Path) -> str | None:
    """The exact command that opens the run, on this machine only."""
    if not (directory / "tensorboard").is_dir():
        return None
    place = shlex.quote(str(shown(directory / "tensorboard")))
    return f"tensorboard --host 127.0.0.1 --logdir {place}"


def shown(path: Path) -> Path:
    """The path as the user would type it from here."""
    try:
        return path.absolute().relative_to(Path.cwd())
    except ValueError:
        return path
