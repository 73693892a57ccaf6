"""Advice for a model that fits its training data better than the world."""

import numpy as np

from kreg.diagnostics.advice.base import TOO_FREE, Advice, rule
from kreg.diagnostics.directions import direction
from kreg.diagnostics.findings import Findings
from kreg.diagnostics.states import FALLS, PAST_BEST
from kreg.diagnostics.thresholds import Thresholds


@rule
def restore(f: Findings) -> Advice | None:
    v = f.verdict
    done = any(event.get("kind") == "restore" for event in f.record.events)
    worse = v.state == "UNDECIDED" and (v.lost or 0.0) > Thresholds().worse
    if not (v.state in PAST_BEST or worse) or done or v.best_loss is None or v.last_loss is None:
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
def bare_layers(f: Findings) -> Advice | None:
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
def augment(f: Findings) -> Advice | None:
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
def more_data(f: Findings) -> Advice | None:
    rows = f.record.sizes.get("train")
    params = sum(row["params"] or 0 for row in f.layers if row.get("trainable", True))
    bare = f.totals["unregularized_share"]
    still = "" if all(row.get("trainable", True) for row in f.layers) else " or frozen"
    if f.verdict.state not in TOO_FREE or not rows or not params or bare >= 0.2:
        return None
    if params < rows:
        return None
    return Advice(
        "more_data",
        f"The model overfits although {1 - bare:.0%} of it is regularized{still}, with "
        f"{params / rows:.1f} parameters for each of {rows:,} examples: more data, a smaller model "
        "or pretrained weights.",
        "Hestness 2017",
        0.5,
    )


@rule
def hard_tail(f: Findings) -> Advice | None:
    losses = f.record.train_losses
    if f.verdict.state not in TOO_FREE or losses is None or np.size(losses) < 200:
        return None
    losses = np.sort(np.asarray(losses, float))[::-1]
    if not np.isfinite(losses).all():
        return None
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
def second_descent(f: Findings) -> Advice | None:
    been = {stretch["state"] for stretch in f.verdict.timeline}
    limits, series = Thresholds(falls=1.64), f.series  # to train on costs more than to wait
    recent = slice(-limits.window, None)
    if not been & {"OVERFITTING", "DRIFT"} or len(series) < limits.window:
        return None
    if direction(series.epochs[recent], series.validation[recent], limits) != FALLS:
        return None
    return Advice(
        "second_descent",
        f"The validation loss rose and has been falling again for {limits.window} validations: "
        "possibly epoch-wise double descent. More epochs may still pay.",
        "Nakkiran 2020; Stephenson & Lee 2021",
        0.8,
    )


@rule
def decay_first(f: Findings) -> Advice | None:
    rates = f.phase.curve("learning_rate")
    if f.verdict.state not in PAST_BEST or not np.isfinite(rates).any():
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
