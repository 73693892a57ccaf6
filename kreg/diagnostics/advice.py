"""Advice: at most three lines, each with its numbers and its source. None is a valid answer."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from kreg.diagnostics.findings import Findings
from kreg.diagnostics.judge import Thresholds, slope
from kreg.diagnostics.resolution import examples_needed
from kreg.diagnostics.states import FALLS

LIMIT = 3
# states in which the model fits its training data better than the world
TOO_FREE = ("OVERFITTING", "DRIFT", "MEMORISING")


@dataclass(frozen=True)
class Advice:
    """One line of advice.

    Args:
        id: Stable name, `"restore"` say.
        text: What to do, with the numbers of this run.
        source: The paper or measurement behind it; empty for common sense.
        weight: Strength of the evidence in this run, in [0, 1]; orders the lines.
        code: A line of code that does it, or empty.
    """

    id: str
    text: str
    source: str = ""
    weight: float = 0.5
    code: str = ""

    def as_dict(self) -> dict:
        return asdict(self)


RULES: list[Callable[[Findings], Advice | None]] = []


def rule(function):
    """Enter a function into the table of rules."""
    RULES.append(function)
    return function


def advise(findings: Findings) -> list[Advice]:
    """The best-supported lines, at most three."""
    found = [advice for check in RULES if (advice := check(findings)) is not None]
    return sorted(found, key=lambda advice: -advice.weight)[:LIMIT]


@rule
def restore(f: Findings):
    v = f.verdict
    done = any(event.get("kind") == "restore" for event in f.record.events)
    if not v.past_best or done:
        return None
    won = "".join(
        f", {m['name']} {m['best']:.4g} instead of {m['last']:.4g}"
        for m in f.metrics[:1]
        if m["best"] is not None and m["last"] is not None
    )
    return Advice(
        "restore",
        f"Go back to epoch {v.best_epoch}: validation loss {v.best_loss:.4g} instead of "
        f"{v.last_loss:.4g}, {100 * (1 - v.best_loss / v.last_loss):.1f} % less{won}.",
        "Prechelt 1998",
        1.0,
        "kreg.EarlyStopping(restore_best=True)",
    )


@rule
def bare_layers(f: Findings):
    share, layer = f.totals["unregularized_share"], f.totals["largest_unregularized"]
    if f.verdict.state not in TOO_FREE or share < 0.2:
        return None
    return Advice(
        "bare_layers",
        f"Nothing regularizes {share:.0%} of the parameters ({f.totals['unregularized']:,} of "
        f"{f.totals['params']:,}; the largest such layer is {layer}). Try dropout of 0.2 to 0.5 or "
        "decoupled weight decay of 1e-4 to 1e-2 there.",
        "Srivastava 2014; Loshchilov & Hutter 2019",
        0.5 + 0.4 * share,
        f'kreg.regularize(model, kreg.surgery.Rule(kreg.L2(1e-4), layers="{layer}"))',
    )


@rule
def augment(f: Findings):
    inputs = f.record.inputs
    if f.verdict.state not in TOO_FREE or not inputs.get("image") or inputs.get("augmented"):
        return None
    rows = f.record.sizes.get("train")
    text = f"{rows:,} training images" if rows else "The training images"
    return Advice(
        "augment",
        f"{text} and no augmentation: add flips, shifts or mixup.",
        "Zhang 2018; Shorten & Khoshgoftaar 2019",
        0.7,
        "kreg.augment.Pipeline([...])",
    )


@rule
def more_data(f: Findings):
    rows, params = f.record.sizes.get("train"), f.totals["params"]
    bare = f.totals["unregularized_share"]
    if f.verdict.state not in TOO_FREE or not rows or not params or bare >= 0.2:
        return None
    if params < rows:
        return None
    return Advice(
        "more_data",
        f"The model overfits although {1 - bare:.0%} of it is regularized, with "
        f"{params / rows:.1f} parameters for each of {rows:,} examples: more data, a smaller model "
        "or pretrained weights.",
        "Hestness 2017",
        0.5,
    )


@rule
def overconfident(f: Findings):
    if f.verdict.state != "OVERCONFIDENT":
        return None
    side = f.calibration.get("validation")
    sure = (
        f" It claims {side['confidence']:.1%} and is right in {side['accuracy']:.1%} (ECE "
        f"{side['ece']:.3f})."
        if side
        else ""
    )
    return Advice(
        "overconfident",
        "The loss pays for confidence, not for mistakes." + sure + " Judge by accuracy, or use "
        "label smoothing or temperature scaling.",
        "Guo 2017; Mueller 2019",
        0.9,
    )


@rule
def watch_the_clean_loss(f: Findings):
    entry, epoch = f.ledger["last"], f.verdict.best_epoch
    if not entry or entry["validation"]["logged"] is None:
        return None
    logged = f.record.curve("val_loss")
    if not np.isfinite(logged).any():
        return None
    chosen = f.record.epochs[int(np.nanargmin(np.where(np.isfinite(logged), logged, np.nan)))]
    there = f.at("val_clean_loss", chosen)
    cost = 0.0 if there is None else 100 * (there / f.verdict.best_loss - 1)
    share = entry["validation"]["penalty"] / entry["validation"]["logged"]
    if cost < 2 and not (share > 0.3 and chosen != epoch):
        return None
    return Advice(
        "watch_the_clean_loss",
        f"`val_loss` is {share:.0%} penalty and has its minimum at epoch {chosen}; the clean loss "
        f"has it at epoch {epoch}, {cost:.1f} % lower. Monitor `val_clean_loss`.",
        "Loshchilov & Hutter 2019",
        min(0.95, 0.6 + cost / 100),
        'kreg.EarlyStopping(monitor="val_clean_loss")',
    )


@rule
def less_noise(f: Findings):
    entry = f.ledger["last"]
    if f.verdict.state not in ("UNDERFITTING", "TOO STRONG") or not entry:
        return None
    tax = entry["train"]["noise"] + entry["train"]["penalty"]
    if tax <= max(entry["clean_gap"], 0):
        return None
    return Advice(
        "less_noise",
        f"Noise, augmentation and penalties cost {tax:.3g} of training loss, the clean gap is only "
        f"{entry['clean_gap']:.3g}: lower the dropout rate, the penalty or the augmentation.",
        "Srivastava 2014",
        0.8,
    )


@rule
def calm_down(f: Findings):
    if f.verdict.state not in ("UNSTABLE", "NON-FINITE"):
        return None
    rate = f.at("learning_rate", f.verdict.epoch)
    now = f" (now {rate:.3g})" if rate else ""
    return Advice(
        "calm_down",
        f"Divide the learning rate{now} by 3 to 10, clip gradients to norm 1, or warm up.",
        "Pascanu 2013",
        0.9,
        "keras.optimizers.Adam(learning_rate, global_clipnorm=1.0)",
    )


@rule
def batch_statistics(f: Findings):
    entry = f.ledger["last"]
    if not entry or not f.record.inputs.get("batch_norm") or entry["train"]["noise"] >= 0:
        return None
    extra = -entry["train"]["noise"]
    if extra < 0.1 * entry["train"]["clean"]:
        return None
    return Advice(
        "batch_statistics",
        f"The training loss is {extra:.3g} higher in inference mode than with batch statistics: "
        "the moving averages of BatchNormalization lag. Lower its momentum or enlarge the batch.",
        "keras-team/keras#6977",
        0.6,
    )


@rule
def leak(f: Findings):
    if f.verdict.state != "SUSPICIOUS":
        return None
    return Advice(
        "leak",
        f"Clean validation loss is {-f.verdict.gap:.3g} below clean training loss. Look for "
        "duplicates between the splits and for leaked features; `validation_split` takes the last "
        "rows, unshuffled.",
        "Kaufman 2012; Keras FAQ",
        1.0,
    )


@rule
def larger_validation(f: Findings):
    found = f.resolution
    if f.verdict.state != "UNDECIDED" or not found or not f.verdict.best_loss:
        return None
    sought = 0.02 * abs(f.verdict.best_loss)
    needed = examples_needed(found["sd"], sought)
    if needed <= found["rows"]:
        return None
    return Advice(
        "larger_validation",
        f"{found['rows']:,} validation rows tell two models apart only if they differ by "
        f"{found['between_models']:.3g}; to see 2 % ({sought:.2g}) takes {needed:,}, or k-fold "
        "cross-validation.",
        "paired and unpaired normal tests",
        0.8,
    )


@rule
def hard_tail(f: Findings):
    losses = f.record.train_losses
    if f.verdict.state not in TOO_FREE or losses is None or np.size(losses) < 200:
        return None
    losses = np.sort(np.asarray(losses, float))[::-1]
    top = losses[: max(1, losses.size // 20)].sum() / losses.sum() if losses.sum() > 0 else 0
    if top < 0.6:
        return None
    return Advice(
        "hard_tail",
        f"5 % of the training examples hold {top:.0%} of the training loss: look at their labels.",
        "Northcutt 2021; Pleiss 2020",
        0.45,
    )


@rule
def second_descent(f: Findings):
    been = {stretch["state"] for stretch in f.verdict.timeline}
    limits, series = Thresholds(), f.series
    recent = slice(-limits.window, None)
    if not been & {"OVERFITTING", "DRIFT"} or len(series) < limits.window:
        return None
    if slope(series.epochs[recent], series.validation[recent], limits) != FALLS:
        return None
    return Advice(
        "second_descent",
        f"The validation loss rose and has been falling again for {limits.window} validations: "
        "possibly epoch-wise double descent. More epochs may still pay.",
        "Nakkiran 2020; Stephenson & Lee 2021",
        0.8,
    )


@rule
def decay_first(f: Findings):
    rates = f.record.curve("learning_rate")
    if not f.verdict.past_best or not np.isfinite(rates).any():
        return None
    at_onset = f.at("learning_rate", f.verdict.best_epoch)
    if at_onset is None or at_onset < 0.9 * np.nanmax(rates):
        return None
    return Advice(
        "decay_first",
        f"The learning rate was still {at_onset:.3g}, its maximum, at the onset: decay it before "
        "stopping, or average the weights (EMA).",
        "Izmailov 2018",
        0.4,
    )
