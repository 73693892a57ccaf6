"""What a training can be doing: the names, what each means, and the 3 x 3 table."""

from dataclasses import dataclass

FALLS, FLAT, RISES = -1, 0, 1


@dataclass(frozen=True)
class State:
    """One state: name, tone (`good`, `watch`, `bad`, `unknown`), meaning and what to do."""

    name: str
    tone: str
    meaning: str
    action: str


STATES = {
    state.name: state
    for state in (
        State("LEARNING", "good", "Both losses fall.", "Continue."),
        State(
            "MEMORISING",
            "watch",
            "The training loss falls, the validation loss does not: the gap widens, nothing is "
            "lost yet.",
            "Continue with early stopping on, or regularize more.",
        ),
        State(
            "OVERFITTING",
            "bad",
            "The training loss fell on while the validation loss got worse.",
            "Go back to the best epoch.",
        ),
        State(
            "LATE GAIN",
            "good",
            "The validation loss falls although the training loss rests (learning-rate decay, "
            "averaging).",
            "Continue.",
        ),
        State("CONVERGED", "good", "Neither loss moves.", "Stop: more epochs change nothing."),
        State(
            "UNDER-TRAINED",
            "watch",
            "The training ended before the learning, by its budget, its schedule or its learning "
            "rate: a few more steps on a copy lowered both losses.",
            "Train longer, or with a higher learning rate.",
        ),
        State(
            "SCHEDULE ENDED",
            "unknown",
            "The losses came to rest only after the learning rate had decayed: that may be the "
            "schedule's end, not that of the learning.",
            "Train longer and look whether the losses end lower.",
        ),
        State(
            "UNDERFITTING",
            "watch",
            "Neither loss moves, and both are higher than the inputs allow: above what the nearest "
            "neighbours reach or, where that is not known, half of what guessing costs.",
            "Give the model more capacity, a higher learning rate or less regularization.",
        ),
        State(
            "GUESSING",
            "bad",
            "The model is no better than one that ignores the inputs.",
            "Look at the inputs, the labels and the split, then at the learning rate.",
        ),
        State(
            "DRIFT",
            "bad",
            "The validation loss rises although the training loss rests: usually growing "
            "confidence at a training loss near zero.",
            "Stop.",
        ),
        State(
            "SETTLING",
            "good",
            "The training loss rises and the validation loss falls: regularization takes effect.",
            "Continue.",
        ),
        State(
            "TOO STRONG",
            "watch",
            "The training loss rises and validation gains nothing: the regularization or the "
            "learning rate is too strong.",
            "Lower the penalty, the dropout rate or the learning rate.",
        ),
        State(
            "UNSTABLE",
            "bad",
            "Both losses rise. This is not overfitting.",
            "Lower the learning rate, clip the gradients.",
        ),
        State(
            "NO VALIDATION",
            "unknown",
            "Nothing was validated, so nothing can be said about overfitting.",
            "Pass validation_data to fit, or validation_split (the last rows, unshuffled).",
        ),
        State(
            "NON-FINITE",
            "bad",
            "A loss or a weight is NaN or infinite.",
            "Lower the learning rate, clip the gradients, look for NaN in the data.",
        ),
        State(
            "TOO EARLY",
            "unknown",
            "Too few epochs to say: a trend takes eight validations.",
            "Train on.",
        ),
        State(
            "SUSPICIOUS",
            "bad",
            "The validation loss is below the training loss, both measured cleanly, by more than "
            "chance allows.",
            "Look for duplicates between the splits, leaked features, or an easier validation set.",
        ),
        State(
            "OVERCONFIDENT",
            "watch",
            "The validation loss got worse, the predictions did not: the model is too sure of "
            "itself.",
            "Keep it if only the decisions count; else go back, smooth the labels or scale the "
            "temperature.",
        ),
        State(
            "UNDECIDED",
            "unknown",
            "The validation loss looks worse, but this validation set cannot tell it from chance.",
            "Train on, or use a larger validation set.",
        ),
    )
}

# (training loss, validation loss) -> state
TABLE = {
    (FALLS, FALLS): "LEARNING",
    (FALLS, FLAT): "MEMORISING",
    (FALLS, RISES): "OVERFITTING",
    (FLAT, FALLS): "LATE GAIN",
    (FLAT, FLAT): "CONVERGED",
    (FLAT, RISES): "DRIFT",
    (RISES, FALLS): "SETTLING",
    (RISES, FLAT): "TOO STRONG",
    (RISES, RISES): "UNSTABLE",
}
# words of older reports
RENAMED = {"NOT ENOUGH DATA": "TOO EARLY"}
# states that say "the validation loss is past its best"
PAST_BEST = ("OVERFITTING", "OVERCONFIDENT", "DRIFT")


def since(state: str, onset: int | None) -> str:
    """A state with its date. A word that does not itself say "past its best" has it said for it.

    >>> since("OVERFITTING", 7), since("GUESSING", 7), since("GUESSING", None)
    ('OVERFITTING since epoch 7', 'GUESSING, past its best since epoch 7', 'GUESSING')
    """
    if onset is None:
        return state
    past = "" if state.upper() in PAST_BEST else ", past its best"
    return f"{state}{past} since epoch {onset}"
