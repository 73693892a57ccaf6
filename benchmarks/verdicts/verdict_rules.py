"""Verdict rules to be measured beside: the textbook's, other tools', Keras's and kreg's."""

import numpy as np

from benchmarks.verdicts.protocol import Seen, VerdictRule, whole
from benchmarks.verdicts.verdict_score import trailing
from kreg.diagnostics.judge import Check, walk
from kreg.diagnostics.series import Series, judged
from kreg.diagnostics.statistics import paired_z
from kreg.diagnostics.trailing import WINDOW

LOGGED = ("loss", "val_loss")
CLEAN = ("clean_loss", "val_clean_loss")


@whole
def kreg(seen: Seen) -> list[bool | int]:
    """kreg's verdict after each epoch, with its date: the middle of the best five validations."""
    record = seen.record()
    series = judged(record)
    checks = walk(series, baseline=record.baseline)
    return [check.past_best and since(check, series) for check in checks]


def since(check: Check, series: Series) -> bool | int:
    """The date that the verdict would give, had the training ended there."""
    return True if check.anchor is None else int(series.epochs[check.anchor])


def textbook(train: str, validation: str) -> VerdictRule:
    """Training loss falls and validation loss rises, from one epoch to the next."""

    @whole
    def rule(seen: Seen) -> list[bool | int]:
        falls = np.diff(seen.curves[train], prepend=np.nan) < 0
        rises = np.diff(seen.curves[validation], prepend=np.nan) > 0
        return list(falls & rises)

    return rule


@whole
def sagemaker(seen: Seen) -> list[bool | int]:
    """Amazon SageMaker Debugger's Overfit: (val - train) / train > 0.1 for more than one step."""
    train, validation = (seen.curves[name] for name in LOGGED)
    over = validation > 1.1 * train
    return list(over & np.concatenate([[False], over[:-1]]))


def trainproof(seen: Seen) -> bool:
    """trainproof 0.22's TP-OVERFIT: validation is 20 % above its smallest while training fell.

    The median of the last three validations counts, none of which is the smallest. Source:
    `check_overfit` of trainproof 0.22.0 (PyPI, 2026).
    """
    train, validation = (seen.curves[name] for name in LOGGED)
    best = int(validation.argmin())
    if len(validation) - best - 1 < 3 or np.median(validation[-3:]) <= 1.2 * validation[best]:
        return False
    return bool(train[-1] < train[best])


@whole
def patience(seen: Seen) -> list[bool | int]:
    """Keras's EarlyStopping as a verdict: no smaller `val_loss` for ten epochs; since the best."""
    best, alarm = 0, []
    loss = seen.curves["val_loss"]
    for t, value in enumerate(loss):
        best = t if value < loss[best] else best
        alarm.append(t - best >= 10 and best + 1)
    return alarm


@whole
def clean_gap(seen: Seen) -> list[bool | int]:
    """Validation is 10 % above training, both clean."""
    train, validation = (seen.curves[name] for name in CLEAN)
    return list(validation > 1.1 * train)


@whole
def gl2(seen: Seen) -> list[bool | int]:
    """GL > 2 % on the clean loss, no test of significance."""
    loss = seen.curves["val_clean_loss"]
    return list(loss > 1.02 * np.minimum.accumulate(loss))


@whole
def gl_and_paired(seen: Seen) -> list[bool | int]:
    """GL > 2 % and paired z > 1.28, twice in a row, on single epochs."""
    loss, examples, hits = seen.curves["val_clean_loss"], seen.examples, 0
    alarm: list[bool | int] = []
    for t, value in enumerate(loss):
        best = int(loss[: t + 1].argmin())
        z = paired_z(examples[t], examples[best]) if t != best else 0.0
        hits = hits + 1 if value > 1.02 * loss[best] and z > 1.28 else 0
        alarm.append(hits >= 2)
    return alarm


@whole
def one_number(seen: Seen) -> list[bool | int]:
    """Is the last validation surely more than 2 % above the mean of the best five?

    Paired z of that difference: above 1 to begin, above 0 to go on, from the eighth validation.
    """
    rows = seen.examples
    means = trailing(rows, WINDOW)
    level, best, on = means.mean(axis=1), 0, False
    alarm: list[bool | int] = []
    for t, now in enumerate(rows):
        best = t if level[t] < level[best] else best
        z = paired_z(now, means[best] + 0.02 * abs(level[best]))
        on = t >= 7 and z > (0 if on else 1)
        alarm.append(on and max(best - WINDOW // 2, 0) + 1)
    return alarm


RULES: dict[str, VerdictRule] = {
    "kreg's verdict": kreg,
    "surely more than 2 % above": one_number,
    "textbook table, logged": textbook(*LOGGED),
    "textbook table, clean": textbook(*CLEAN),
    "SageMaker Overfit, logged": sagemaker,
    "trainproof 0.22, logged": trainproof,
    "Keras patience 10, as a verdict": patience,
    "clean gap > 10 %": clean_gap,
    "GL > 2 % on the clean loss": gl2,
    "GL > 2 %, paired z > 1.28": gl_and_paired,
}
