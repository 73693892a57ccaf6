"""Advice that comes first: the data, guessing, and trainings that were not finished."""

from typing import Any

import numpy as np

from kreg.diagnostics.advice.base import Advice, finetuned, rule, the_penalty
from kreg.diagnostics.data_findings import data_findings
from kreg.diagnostics.findings import Findings
from kreg.diagnostics.proof import proof
from kreg.diagnostics.record import Event
from kreg.diagnostics.rest import STEADY, fall, falls_on

DEAD = 0.95  # share of a layer's units that are never active
MUCH = 0.1  # of the loss: less does not name a cause
NEVER = ("GUESSING", "UNDERFITTING", "TOO STRONG")
LONGER = 10  # times the budget: what small data take


@rule
def look_at_the_data(f: Findings) -> Advice | None:
    found = data_findings(f.record)
    if not found:
        return None
    return Advice("look_at_the_data", " ".join(found), "Kaufman 2012; Northcutt 2021", 1.0)


@rule
def train_longer(f: Findings) -> Advice | None:
    if f.verdict.state not in ("UNDER-TRAINED", "SCHEDULE ENDED"):
        return None
    length, code = longer(f)
    if f.verdict.state == "SCHEDULE ENDED":
        text = f"Train for {length}, on the same schedule, and compare the last losses."
        return Advice("train_longer", text, "Li & Arora 2020", 0.9, code)
    return Advice("train_longer", f"{gain(f)} {how(f, length)}", "Li & Arora 2020", 1.0, code)


def longer(f: Findings) -> tuple[str, str]:
    """So many epochs or steps, in words and as it is typed."""
    epochs = LONGER * (f.verdict.epoch or 1)
    trainer, steps = f.record.settings.get("trainer"), f.record.inputs.get("steps")
    if not isinstance(trainer, dict):
        return f"{epochs:,} epochs", f"model.fit(..., epochs={epochs})"
    if trainer.get("epochs") != "auto" or not steps:
        return f"{epochs:,} epochs", f"trainer.epochs={epochs}"
    found = proof(f.record)  # a typed length alone would stop by patience
    rule = "stop=gap " if found is not None and found.waited else ""
    return f"{epochs * steps:,} steps", f"{rule}trainer.steps={epochs * steps}"


def gain(f: Findings) -> str:
    """What longer training would bring: as a few steps on a copy show, or as it is proved."""
    restart, found = f.record.restart, proof(f.record)
    if not restart:
        return found.sentence() if found is not None else ""
    before, after = restart["validation"]
    return (
        f"{restart['steps']} more steps of Adam at a rate from {restart['rate']:g}, on a copy, "
        f"lower the validation loss from {before:.4g} to {after:.4g}, "
        f"{fall(restart['validation']):.0%} less: that is the least to be gained."
    )


def how(f: Findings, length: str) -> str:
    """What to change: the rate where it was steady, else the length."""
    rates = f.phase.curve("learning_rate")
    last = f.until("learning_rate", f.verdict.epoch)
    if last is None or last < STEADY * np.nanmax(rates):
        return f"Train for {length}."
    return f"The learning rate was {last:.3g} to the end: try another, or {length}."


@rule
def without_regularization(f: Findings) -> Advice | None:
    free = f.record.restart.get("free")
    if f.verdict.state not in NEVER or not free or fresh_start(f) or not much_better(f, free):
        return None
    return Advice(
        "without_regularization",
        f"{from_start(free)} without noise, penalties and augmentation: lower the dropout "
        f"rate, {the_penalty(f)} or the augmentation.",
        "Srivastava 2014",
        0.97,  # tried: what else is seen follows from it
    )


@rule
def another_rate(f: Findings) -> Advice | None:
    fresh = f.record.restart.get("fresh")
    if f.verdict.state not in NEVER or not fresh or not fresh_start(f):
        return None
    rate = f.until("learning_rate", f.verdict.epoch)
    rates = f.phase.curve("learning_rate")
    top = f" (at most {np.nanmax(rates):.3g} here)" if rate is not None else ""
    return Advice(
        "another_rate",
        f"{from_start(fresh)}: the learning rate{top} is what failed. Lower it by ten, clip the "
        "gradients to norm 1, or warm up.",
        "Pascanu 2013",
        0.95,
        "kreg.optimizers.Adam(1e-3, global_clipnorm=1.0)",
    )


def fresh_start(f: Findings) -> bool:
    """Whether the initial weights and a few steps of the same objective are much better."""
    fresh = f.record.restart.get("fresh") or {}
    return bool(fresh) and falls_on(fresh) and much_better(f, fresh)


def much_better(f: Findings, found: dict[str, Any]) -> bool:
    """Whether a descent ends far below the run's validation loss, and below that of guessing.

    A model that has memorised rows is worse than guessing; a start from nothing is not.
    """
    guess = f.record.baseline.get("validation", {}).get("loss")
    after = found["validation"][1]
    return fall(found["validation"]) >= MUCH and (guess is None or fall([guess, after]) >= MUCH)


def from_start(found: dict[str, Any]) -> str:
    """What a descent from the initial weights has reached."""
    before, after = found["validation"]
    return (
        f"From the initial weights, {found['steps']} steps of Adam from a rate of "
        f"{found['rate']:g} reach a validation loss of {after:.4g} instead of {before:.4g}"
    )


@rule
def nothing_trains(f: Findings) -> Advice | None:
    if f.verdict.state not in NEVER or not all_frozen(f):
        return None
    return Advice(
        "nothing_trains",
        "No layer is trainable, so no weight has moved: what the losses show is the luck of the "
        "initial weights. Set `trainable` of the layers to True, then compile.",
        "",
        0.98,  # known: nothing else can be the cause
        "model.trainable = True",
    )


def all_frozen(f: Findings) -> bool:
    """Whether the model has weights, and none that is trained."""
    return bool(f.layers) and not any(row.get("trainable", True) for row in f.layers)


@rule
def dead_layer(f: Findings) -> Advice | None:
    dead = [row for row in f.layers if (row.get("dead") or 0.0) >= DEAD]
    if f.verdict.state not in NEVER or not dead:
        return None
    return Advice(
        "dead_layer",
        f"{dead[0]['dead']:.0%} of the units of {dead[0]['name']} are never active, so no gradient "
        "passes: start again with a lower learning rate, another initializer, or leaky_relu.",
        "Lu 2020",
        0.96,  # seen, where the rules before infer
    )


@rule
def nothing_learned(f: Findings) -> Advice | None:
    train = f.record.baseline.get("train", {}).get("loss")
    now = f.until("clean_loss", f.verdict.epoch)
    if f.verdict.state != "GUESSING" or train is None or now is None:
        return None
    if now < 0.9 * train:
        text = (
            f"The training loss is {now:.4g}, guessing costs {train:.4g} there, yet no better than "
            "guessing on validation: the model has memorised rows. Check that labels belong to "
            "their rows on both sides, and that both sides are from one distribution; else the "
            "inputs do not tell the answer."
        )
        return Advice("nothing_learned", text, "Zhang 2017", 0.9)
    text = (
        f"The training loss of {now:.4g} is that of guessing ({train:.4g}). Look whether inputs "
        "and labels belong together; then try a learning rate ten times lower, and without "
        "regularization."
    )
    return Advice("nothing_learned", text, "", 0.85)


@rule
def more_capacity(f: Findings) -> Advice | None:
    near = f.record.baseline.get("validation", {}).get("neighbours")
    if f.verdict.state != "UNDERFITTING" or near is None or all_frozen(f):
        return None
    if finetuned(f) in ("head", "lora"):  # more layers are there: they are not trained
        return None
    return Advice(
        "more_capacity",
        f"The nearest neighbours in the inputs predict validation at a loss of {near:.4g}, "
        f"the model at {f.verdict.last_loss:.4g}: give it more units or layers.",
        "Cover & Hart 1967",
        0.7,
    )


@rule
def early_zeros(f: Findings) -> Advice | None:
    back = [event for event in f.record.events if event.get("kind") == "restore"]
    at = back[-1]["epoch"] if back else None
    there, end = (f.until("sparsity", epoch) for epoch in (at, f.verdict.epoch))
    if at is None or there is None or end is None or end - there < 0.05:
        return None
    return Advice(
        "early_zeros",
        f"{put_back(back[-1])}, far from the optimum of the penalised loss: "
        f"{there:.1%} of the weights are zero there, {end:.1%} at the end. Take stop=none "
        "for the zeros, or a weaker penalty for the loss.",
        "",
        min(0.92, 0.3 + end - there),
    )


def put_back(event: Event) -> str:
    """Which early weights a training ended with.

    >>> put_back({"epoch": 3, "kind": "restore", "text": "", "mean": [2, 3]})
    'The mean of the early epochs 2, 3 was restored, with the zeros of epoch 3'
    """
    at, mean = event["epoch"], event.get("mean")
    if not mean:
        return f"An early epoch ({at}) was restored"
    told = ", ".join(map(str, mean))
    return f"The mean of the early epochs {told} was restored, with the zeros of epoch {at}"
