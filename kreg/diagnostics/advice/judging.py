"""Advice on what the model is judged by: the loss, the validation rows, the calibration."""

import numpy as np

from kreg.diagnostics.advice.base import Advice, rule
from kreg.diagnostics.findings import Findings
from kreg.diagnostics.resolution import examples_needed

WORTH = 0.05  # of the loss: less is not worth a layer
CALIBRATE = "calibrated, found = kreg.calibrate(model, x_val, y_val)"


@rule
def overconfident(f: Findings) -> Advice | None:
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
        "" if f.record.settings.get("calibrate") else CALIBRATE,
    )


@rule
def calibrate(f: Findings) -> Advice | None:
    """Where one temperature takes off more than 5 %, and more than fitting one number to chance.

    Fitted to n rows for nothing, it lowers the loss by more than 2 / n once in twenty times.
    """
    back = [event["epoch"] for event in f.record.events if event.get("kind") == "restore"]
    epoch = back[-1] if back else f.verdict.epoch
    clean, refined = f.at("val_clean_loss", epoch), f.at("val_refined_loss", epoch)
    rows = f.record.sizes.get("measured_validation")
    if f.verdict.state == "OVERCONFIDENT" or f.record.settings.get("calibrate"):
        return None
    if clean is None or refined is None or not rows or not clean - refined > 2 / rows:
        return None
    share = 1 - refined / clean
    if share < WORTH:
        return None
    return Advice(
        "calibrate",
        f"One temperature takes {share:.0%} off the validation loss of epoch {epoch} "
        f"({clean:.4g} to {refined:.4g}) and changes no class: calibrate the model.",
        "Guo 2017; Berta 2025",
        min(0.85, 0.4 + share),
        CALIBRATE,
    )


@rule
def watch_the_clean_loss(f: Findings) -> Advice | None:
    entry, epoch = f.ledger["last"], f.verdict.best_epoch
    watched = f.record.inputs.get("monitored", [])
    if (
        not entry
        or entry["validation"]["logged"] is None
        or (watched and "val_loss" not in watched)
    ):
        return None
    logged = f.record.curve("val_loss")
    if not np.isfinite(logged).any():
        return None
    chosen = f.record.epochs[int(np.nanargmin(np.where(np.isfinite(logged), logged, np.nan)))]
    there = f.at("val_clean_loss", chosen)
    best = f.verdict.best_loss
    cost = 100 * (there / best - 1) if there and best else 0.0
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
def leak(f: Findings) -> Advice | None:
    gap = f.verdict.gap
    if f.verdict.state != "SUSPICIOUS" or gap is None:
        return None
    return Advice(
        "leak",
        f"Clean validation loss is {-gap:.3g} below clean training loss. Look for "
        "duplicates between the splits and for leaked features; `validation_split` takes the last "
        "rows, unshuffled.",
        "Kaufman 2012; Keras FAQ",
        1.0,
    )


@rule
def larger_validation(f: Findings) -> Advice | None:
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
