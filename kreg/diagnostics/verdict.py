"""The verdict: what the training is doing, since when, how sure, and what it has cost."""

import math
from dataclasses import asdict, dataclass, field, replace
from html import escape
from typing import Any

from kreg.diagnostics import phases, zeros
from kreg.diagnostics.data_findings import data_findings, label_noise
from kreg.diagnostics.judge import Check, walk
from kreg.diagnostics.onset import interval
from kreg.diagnostics.overconfidence import removed
from kreg.diagnostics.proof import proof, proved
from kreg.diagnostics.record import Record
from kreg.diagnostics.references import differs, high, right
from kreg.diagnostics.rest import MOVING, RESTING, STOPPED, cannot_tell, fall, resolved
from kreg.diagnostics.series import Series, judged
from kreg.diagnostics.states import PAST_BEST, STATES, since
from kreg.diagnostics.thresholds import Thresholds
from kreg.diagnostics.timeline import Stretch, timeline

BIASED = "logged losses only: biased"
FEW_ROWS = (
    "A copy that trained on lowered its validation loss by {:.0%} and its training loss by {:.0%}. "
    "{} validation rows cannot tell that from chance; more could: data.validation, data.folds."
)
USE_DIAGNOSTICS = (
    "They carry penalties, noise and a running mean; use kreg.Diagnostics to compute the clean "
    "ones."
)
UNMEASURED = (
    "They carry penalties, noise and a running mean, and the clean ones could not be measured."
)
NO_BASELINE = (
    "What guessing costs is not known here, so CONVERGED cannot be told from UNDERFITTING. Look at "
    "the height of the training loss."
)
NO_RATES = (
    "The learning rate is not known here, so it cannot be told whether the losses came to rest or "
    "a schedule ended."
)
ONE_SIDED = "The validation loss falls. Nothing is known of the training loss."
STANDS_IN = (
    "The clean training loss was not measured: Keras's `loss` without the penalty, a running mean "
    "with noise, stands for it. Pass `train=(x, y)` to kreg.Diagnostics, or call kreg.fit."
)
REMOVED = "One temperature, fitted on the validation rows, removes {:.0%} of the rise."
AT_GUESSING = "The validation loss was not better than guessing so far."


@dataclass(frozen=True)
class Verdict:
    """What `diagnose` found. Losses are those of `monitor`; epochs count from 1.

    Args:
        state: One of `kreg.diagnostics.STATES`.
        tone: `"good"`, `"watch"`, `"bad"` or `"unknown"`.
        meaning: What the state means, one sentence.
        action: What to do, one sentence.
        headline: The state with its date, for one line.
        honest: Whether clean curves were judged.
        monitor: Name of the judged validation curve.
        epoch: The last validated epoch, or `None`.
        since: First epoch of the unbroken stretch with this state, or `None`.
        best_epoch: Epoch of the smallest validation loss: what to go back to. Or `None`.
        onset: Middle of the best five validations when the loss is past them, else `None`. Where
            the curve jitters, the best single epoch can be a lucky one after the onset.
        interval: First and last epoch that cannot be told from the best stretch, or `None`.
        best_loss, last_loss: Validation loss there and now.
        lost: Percent by which the last loss is above the best.
        sure: Probability that the model is worse than at its best (see
            `kreg.diagnostics.trailing`), or `None` without per-example losses.
        gap: Validation minus training loss, now.
        removed: Share of the rise since the best stretch, in [0, 1], that one temperature removes:
            it is over-confidence, not refinement lost. `None` where that was not measured.
        timeline: `{"state", "first", "last"}` for each unbroken stretch.
        caveats: Sentences that limit what was said.
    """

    state: str
    tone: str
    meaning: str
    action: str
    headline: str
    honest: bool
    monitor: str
    epoch: int | None = None
    since: int | None = None
    best_epoch: int | None = None
    onset: int | None = None
    interval: tuple[int, int] | None = None
    best_loss: float | None = None
    last_loss: float | None = None
    lost: float | None = None
    sure: float | None = None
    gap: float | None = None
    removed: float | None = None
    timeline: list[Stretch] = field(default_factory=list)
    caveats: list[str] = field(default_factory=list)

    @property
    def past_best(self) -> bool:
        """Whether the validation loss is past its best, by any name: of GUESSING, too."""
        return self.state in PAST_BEST or self.onset is not None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def _repr_html_(self) -> str:
        """In a notebook: the headline, what it means and what to do."""
        limits = "".join(f"<li>{escape(text)}</li>" for text in self.caveats)
        words = f"<p><b>{escape(self.headline)}</b></p><p>{escape(self.meaning)}</p>"
        return f"{words}<p>{escape(self.action)}</p>{limits and f'<ul>{limits}</ul>'}"


def diagnose(record: Record, limits: Thresholds | None = None) -> Verdict:
    """Judge a run by its clean curves, or by the logged ones where nothing else is there.

    Where layers were frozen at first, the verdict is about the epochs after the thaw.

    Args:
        record: What the run has measured.
        limits: Thresholds. Defaults to `Thresholds()`.
    """
    *before, now = phases.phases(record)
    found = of_phase(now, limits or Thresholds())
    if not before:
        return found
    earlier = [of_phase(phase, limits or Thresholds()).timeline for phase in before]
    return replace(
        found,
        timeline=[*(stretch for part in earlier for stretch in part), *found.timeline],
        caveats=[*phases.caveat(record), *found.caveats],
    )


def of_phase(record: Record, limits: Thresholds) -> Verdict:
    """The verdict on epochs in which the same layers were trained."""
    series = judged(record)
    if not len(series):
        return plain("NO VALIDATION", series, record, [])
    noisy = label_noise(record) > 0
    checks = walk(series, baseline=record.baseline, limits=limits, noisy=noisy)
    checks = renamed(checks, last_word(checks, series, record, limits))
    return dated(record, series, checks, limits)


def last_word(checks: list[Check], series: Series, record: Record, limits: Thresholds) -> str:
    """The word of the last epoch, once it is known why its losses rest."""
    states, epochs = [check.state for check in checks], [check.epoch for check in checks]
    word, found = states[-1], proof(record)
    if found is None or not (found.closed or found.waited):
        word = resolved(word, states, epochs, record)
    if found is None:
        return word
    return proved(word, high(series, len(series) - 1, record.baseline, limits), found)


def renamed(checks: list[Check], word: str) -> list[Check]:
    """The checks, the last stretch of one word with another."""
    states = [check.state for check in checks]
    last = states[-1]
    first = len(states) - next((i for i, s in enumerate(states[::-1]) if s != last), len(states))
    if word == "UNDER-TRAINED" and last in MOVING:  # it was true, until the training ended
        first = len(states) - 1
    return [*checks[:first], *(replace(check, state=word) for check in checks[first:])]


def dated(record: Record, series: Series, checks: list[Check], limits: Thresholds) -> Verdict:
    """The verdict of a validated run: with its dates where one validation loss is finite."""
    last, best, anchor = checks[-1], checks[-1].best, checks[-1].anchor
    if best is None or anchor is None:
        return plain("NON-FINITE", series, record, checks)
    past_best = last.state in PAST_BEST or (last.state == "GUESSING" and last.past_best)
    stretch = interval(series, anchor, best, limits.z, limits.trailing)
    onset = int(series.epochs[anchor]) if past_best else None
    gap = float(series.validation[-1] - series.train[-1]) if series.comparable else math.nan
    share = removed(series, len(series) - 1, anchor, limits) if past_best else None
    return Verdict(
        **named(last.state, series, checks, record, share),
        headline=headline(last.state, onset, stretch, last.epoch),
        epoch=last.epoch,
        since=timeline(checks)[-1]["first"],
        best_epoch=int(series.epochs[best]),
        onset=onset,
        interval=stretch,
        best_loss=float(series.validation[best]),
        last_loss=float(series.validation[-1]),
        lost=last.lost if math.isfinite(last.lost) else None,
        sure=last.sure if math.isfinite(last.sure) else None,
        gap=gap if math.isfinite(gap) else None,
        removed=share,
    )


def plain(state: str, series: Series, record: Record, checks: list[Check]) -> Verdict:
    """The verdict of a run that has nothing to compare."""
    epoch = checks[-1].epoch if checks else (record.epochs[-1] if record.epochs else None)
    return Verdict(**named(state, series, checks, record), headline=state, epoch=epoch)


def named(
    state: str, series: Series, checks: list[Check], record: Record, share: float | None = None
) -> dict[str, Any]:
    """The fields that depend on the state's name and on the record alone."""
    return {
        "state": state,
        "tone": tone(state, series, checks, record),
        "meaning": ONE_SIDED if one_sided(state, series) else meaning(state, record, share),
        "action": STATES[state].action,
        "honest": series.honest,
        "monitor": series.names[1],
        "timeline": timeline(checks),
        "caveats": caveats(record, series, checks, state),
    }


def one_sided(state: str, series: Series) -> bool:
    """Whether the word was found without a training loss, which its meaning would speak of."""
    return state == "LEARNING" and bool(len(series)) and series.one_sided


def meaning(state: str, record: Record, share: float | None = None) -> str:
    """What the state means; of a convex problem, with what is proved; of a rise, its share."""
    if share is not None:
        return f"{STATES[state].meaning} {REMOVED.format(share)}"
    found = proof(record)
    if found is None:
        return STATES[state].meaning
    if state == "UNDER-TRAINED":
        return f"The optimum of this convex problem is not reached. {found.sentence()}"
    return f"{STATES[state].meaning} {found.sentence()}"


def tone(state: str, series: Series, checks: list[Check], record: Record) -> str:
    """The state's own; never good where the data are doubtful or nothing beats guessing."""
    doubtful = data_findings(record) or at_guessing(series, checks, record)
    own = STATES[state].tone
    return "watch" if own == "good" and doubtful else own


def is_growing(state: str, record: Record) -> bool:
    """Whether the losses rest but the zeros of a penalty do not."""
    known = proof(record)
    at_its_end = known is not None and known.closed
    return state in RESTING and not at_its_end and zeros.growing(record) is not None


def at_guessing(series: Series, checks: list[Check], record: Record) -> bool:
    """Whether validation is at the level of guessing at its best, answers included."""
    best = checks[-1].best if checks else None
    guess = record.baseline.get("validation", {}).get("loss")
    if best is None or guess is None:
        return False
    limits = Thresholds()
    known = right(series, best, record.baseline, limits)
    return not known and differs(series, best, guess, limits) >= 0


def headline(state: str, onset: int | None, stretch: tuple[int, int] | None, last: int) -> str:
    """`OVERFITTING since epoch 7 (5 to 9 cannot be told apart)`."""
    said = since(state, onset)
    if onset is None or stretch is None or stretch[0] == stretch[1]:
        return said
    if stretch[1] >= last:
        return f"{said.partition(' since ')[0]}, since when cannot be told"
    return f"{said} ({stretch[0]} to {stretch[1]} cannot be told apart)"


def caveats(record: Record, series: Series, checks: list[Check], state: str) -> list[str]:
    """What limits the verdict."""
    found = []
    if not series.honest:
        found.append(f"{BIASED}. {UNMEASURED if record.provenance else USE_DIAGNOSTICS}")
    if len(series) and not series.comparable:
        found.append(STANDS_IN)
    if len(series) and series.examples[-1] is None:
        found.append("No per-example losses: how sure the verdict is cannot be computed.")
    if len(series) < len(record.epochs) and len(series):
        found.append(f"Validated at {len(series)} of {len(record.epochs)} epochs.")
    if len(series) and not math.isfinite(series.train[-1]):
        found.append(f"The training loss `{series.names[0]}` is missing: its curve counts as flat.")
    if state == "CONVERGED" and "loss" not in record.baseline.get("train", {}):
        found.append(NO_BASELINE)
    if state in STOPPED and not record.restart and "learning_rate" not in record.curves:
        found.append(NO_RATES)
    if state in STOPPED and cannot_tell(record):
        found.append(few_rows(record))
    if state != "GUESSING" and at_guessing(series, checks, record):
        found.append(AT_GUESSING)
    if is_growing(state, record) and (more := zeros.growing(record)) is not None:
        found.append(zeros.sentence(more))
    return found + list(record.warnings)


def few_rows(record: Record) -> str:
    """What the validation rows leave open about a training that could go on."""
    sides = (fall(record.restart[side]) for side in ("validation", "train"))
    return FEW_ROWS.format(*sides, record.sizes.get("validation", "The"))
