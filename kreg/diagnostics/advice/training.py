"""Advice on how the model is trained: noise, step size, batch statistics."""

from kreg.diagnostics.advice.base import Advice, rule, the_penalty
from kreg.diagnostics.findings import Findings

WORTH = 0.05  # of the clean training loss: less is not what holds the model back


@rule
def less_noise(f: Findings) -> Advice | None:
    entry = f.ledger["last"]
    if f.verdict.state not in ("UNDERFITTING", "TOO STRONG") or not entry:
        return None
    tax = entry["train"]["noise"] + entry["train"]["penalty"]
    if tax <= max(entry["clean_gap"], WORTH * abs(entry["train"]["clean"])):
        return None
    return Advice(
        "less_noise",
        f"Noise, augmentation and penalties cost {tax:.3g} of training loss, the clean gap is only "
        f"{entry['clean_gap']:.3g}: lower the dropout rate, {the_penalty(f)} or the augmentation.",
        "Srivastava 2014",
        0.8,
    )


@rule
def calm_down(f: Findings) -> Advice | None:
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
def batch_statistics(f: Findings) -> Advice | None:
    entry, kinds = f.ledger["last"], {row.get("type") for row in f.layers}
    if not entry or "BatchNormalization" not in kinds or entry["train"]["noise"] >= 0:
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
