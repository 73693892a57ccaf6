"""Which checks did not run, and why: what a page leaves out is not what it has found to be well."""

from collections.abc import Callable

from kreg.diagnostics.findings import Findings
from kreg.diagnostics.proof import proof
from kreg.diagnostics.report_schema import Unchecked
from kreg.diagnostics.rest import ASKED
from kreg.diagnostics.series import REFINED
from kreg.diagnostics.thresholds import Thresholds

MODEL = "only the logged curves are known, not the model"
NOT_MEASURED = "they were not measured: `kreg.fit` or `kreg.Diagnostics` measures them"
BINARY_AND_MORE = ("classification", "binary")
CLASSES = (*BINARY_AND_MORE, "multilabel")


def unchecked(f: Findings) -> list[Unchecked]:
    """The checks that this record does not allow, in the order of the page."""
    found = []
    for check, why in CHECKS.items():
        reason = why(f)
        if reason:
            found.append(Unchecked(check=check, reason=reason))
    return found


def unseen(f: Findings) -> bool:
    """Whether the record is a log of curves and nothing else."""
    return not f.record.provenance


def no_validation(f: Findings) -> str:
    return "" if len(f.series) else "there is no validation loss"


def clean(f: Findings) -> str:
    if f.series.honest or not len(f.series):
        return no_validation(f)
    return NOT_MEASURED if unseen(f) else "they could not be measured: see the caveats"


def trend(f: Findings) -> str:
    window = Thresholds().window
    short = 0 < len(f.series) < window
    return no_validation(f) or (f"{len(f.series)} of {window} validations" if short else "")


def test_of_rows(f: Findings) -> str:
    known = len(f.series) and f.series.examples[-1] is not None
    return "" if known else no_validation(f) or "the losses of single rows are not known"


def comparable(f: Findings) -> str:
    if no_validation(f) or test_of_rows(f):
        return no_validation(f) or test_of_rows(f)
    return "" if f.series.honest and f.series.comparable else "it needs clean losses of both sides"


def guessing(f: Findings) -> str:
    missing = [s for s in ("train", "validation") if "loss" not in f.record.baseline.get(s, {})]
    if not missing:
        return ""
    if unseen(f):
        return MODEL
    return f"the best constant is not known for this loss ({' and '.join(missing)} rows)"


def neighbours(f: Findings) -> str:
    if "neighbours" in f.record.baseline.get("validation", {}):
        return ""
    return guessing(f) or "it needs training rows at hand with up to 4,096 numbers as inputs"


def training_on(f: Findings) -> str:
    if f.record.restart:
        return ""
    if unseen(f):
        return MODEL
    found = proof(f.record)
    if found is not None and found.closed:
        return "the optimum is proved"
    if f.verdict.state not in (*ASKED, "SCHEDULE ENDED"):
        return "more steps would not change what was found"
    return (
        "it was switched off, or a copy cannot be trained as this model was (rows that are not at "
        "hand, a `train_step` of its own, over 20 million weights)"
    )


def refined(f: Findings) -> str:
    if f.record.measured(REFINED).any():
        return ""
    if f.record.task and f.record.task not in CLASSES:
        return "only a classifier has a temperature"
    return MODEL if unseen(f) else "the loss is no cross-entropy, or has no class scores"


def calibration(f: Findings) -> str:
    if f.calibration:
        return ""
    if f.record.task and f.record.task not in BINARY_AND_MORE:
        return "only a classifier of one label a row has confidences"
    return MODEL if unseen(f) else "the predictions are no probabilities of classes"


def ledger(f: Findings) -> str:
    there = f.ledger.get("best") or f.ledger.get("last")
    return "" if there else clean(f) or "Keras's `loss` or the clean training loss is missing"


def layers(f: Findings) -> str:
    return "" if f.layers else MODEL


def rows(f: Findings) -> str:
    if "rows_found" in f.record.inputs or "found" in f.record.inputs:
        return ""
    return MODEL if unseen(f) else "the training rows were not at hand"


def rate(f: Findings) -> str:
    return "" if "learning_rate" in f.record.curves else "it is not in the record"


CHECKS: dict[str, Callable[[Findings], str]] = {
    "The clean losses": clean,
    "The trend over eight validations": trend,
    "How sure: a test over single validation rows": test_of_rows,
    "Validation better than training by more than chance": comparable,
    "Better than guessing": guessing,
    "Better than the nearest neighbours": neighbours,
    "Training on, on a copy": training_on,
    "Over-confidence: what one temperature removes": refined,
    "Calibration": calibration,
    "What the logged losses are made of": ledger,
    "Layer by layer: dead units, zeros, penalties": layers,
    "The rows: leaks, duplicates, outliers, shifts": rows,
    "The learning rate: did a schedule end the training": rate,
}
