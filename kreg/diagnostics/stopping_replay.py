"""What if: stopping rules run over a finished history."""

import math
from collections.abc import Iterable
from typing import Any, TypeAlias

from kreg.diagnostics import criteria
from kreg.diagnostics.record import Record
from kreg.diagnostics.series import Series, judged

Row: TypeAlias = dict[str, Any]  # of the table, see `replay`
RULES = "fast,default,careful,gl:2,up:2,trend:8,textbook:1"


def replay(record: Record, rules: str | Iterable[str] = RULES) -> list[Row]:
    """Where each rule would have stopped this run, what it saves and what it costs.

    Args:
        record: A finished run.
        rules: Rule strings, comma-separated or a list; see `kreg.diagnostics.criteria.parse`.

    Returns:
        One dict a rule: `rule`, `stop_epoch` (`None` for never), `reason`, `sentence`,
        `best_epoch` (what it would have restored), `loss` there, `epochs` trained, `saved` epochs,
        `regret` in percent of the best loss of the whole history, and `error`, a sentence, where
        the rule cannot run on this history.
    """
    names = criteria.split(rules) if isinstance(rules, str) else list(rules)
    series = judged(record)
    return [replay_one(record, series, rule) for rule in names]


def replay_one(record: Record, series: Series, rule: str) -> Row:
    """One row of the table."""
    examples = bool(len(series)) and all(row is not None for row in series.examples)
    train, monitor = series.names
    criterion = criteria.parse(rule, examples=examples, monitor=monitor, train=train)
    row: Row = dict.fromkeys(
        ("stop_epoch", "best_epoch", "loss", "epochs", "saved", "regret", "reason", "error")
    )
    row |= {"rule": rule, "sentence": ""}
    if series.best is None:
        return row | {"error": f"No finite `{monitor}` to decide by."}
    try:
        decision, at = run(criterion, record, series)
    except ValueError as error:
        return row | {"error": str(error)}
    return row | outcome(record, series, decision, at)


def run(
    criterion: criteria.Criterion, record: Record, series: Series
) -> tuple[criteria.Decision | None, int]:
    """The stopping decision and the epoch it falls in, or `(None, last epoch)`."""
    rows = {int(epoch): rows for epoch, rows in zip(series.epochs, series.examples)}
    names = dict.fromkeys((*criterion.monitors, *series.names))
    curves = {name: (record.curve(name), record.measured(name)) for name in names}
    for i, epoch in enumerate(record.epochs):
        values = {name: float(curve[i]) for name, (curve, there) in curves.items() if there[i]}
        decision = criterion.update(epoch, values, rows.get(epoch))
        if decision.stop:
            return decision, epoch
    return None, record.epochs[-1]


def outcome(record: Record, series: Series, decision: criteria.Decision | None, at: int) -> Row:
    """What stopping at epoch `at` and going back to the best epoch until then amounts to."""
    seen = series.epochs <= at
    losses = [v if ok and math.isfinite(v) else math.inf for v, ok in zip(series.validation, seen)]
    chosen = min(range(len(losses)), key=losses.__getitem__)
    best = float(series.validation[series.best])
    loss = losses[chosen]
    trained = sum(1 for epoch in record.epochs if epoch <= at)
    return {
        "stop_epoch": at if decision else None,
        "reason": decision.reason if decision else None,
        "sentence": decision.sentence if decision else "It would not have stopped.",
        "best_epoch": int(series.epochs[chosen]) if math.isfinite(loss) else None,
        "loss": loss if math.isfinite(loss) else None,
        "epochs": trained,
        "saved": len(record.epochs) - trained,
        "regret": 100 * (loss - best) / abs(best) if best and math.isfinite(loss) else None,
    }
