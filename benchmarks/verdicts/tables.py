"""The tables: one row a rule, printed as they come."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.verdicts import (
    averaging_rules,
    paired_rules,
    stopping_rules,
    stopping_score,
    verdict_score,
)
from benchmarks.verdicts.protocol import StoppingRule, VerdictRule
from benchmarks.verdicts.stopping_score import Outcome, frontier, measuring, of, outcomes, solved
from benchmarks.verdicts.suite import EXAMPLES, HELD_OUT, KERAS, KERAS_HELD_OUT, PATH, Run
from benchmarks.verdicts.verdict_score import truth

SUITES: dict[str, Path] = {"development": PATH, "held-out": HELD_OUT}
SUITES |= {"keras-development": KERAS, "keras-held-out": KERAS_HELD_OUT}
STOPS = stopping_rules.RULES | averaging_rules.RULES
NEEDS = stopping_rules.NEEDS | averaging_rules.NEEDS
ORACLES = stopping_rules.ORACLES | averaging_rules.ORACLES
NAME = 32  # characters


def verdicts(title: str, rules: Mapping[str, VerdictRule], runs: Sequence[Run]) -> None:
    """The table of the verdict rules."""
    if not measuring(EXAMPLES, runs):
        print(f"\n{title}: no table of verdicts, the suite has no losses of single rows")
        return
    past = sum(truth(run)[0].mean() for run in runs) / len(runs)
    print(f"\n{title}: {len(runs)} runs, {past:.0%} of their epochs past the best")
    print(f"{'verdict rule':{NAME}s} {verdict_score.COLUMNS}")
    for name, rule in rules.items():
        print(f"{name:{NAME}s} {verdict_score.score(rule, runs)}", flush=True)


def stops(
    title: str, rules: Mapping[str, StoppingRule], runs: Sequence[Run], against: str | None = None
) -> None:
    """The table of the stopping rules, and of what nobody can have.

    Args:
        title: What stands above it.
        rules: Rows; those that need a curve which no run has are left out.
        runs: The runs.
        against: A row from which all others are subtracted, run by run, in a second table.
    """
    out = [run.meta["name"] for run in runs if solved(run)]
    runs = [run for run in runs if not solved(run)]
    note = f"; solved, left out: {', '.join(out)}" if out else ""
    print(f"\n{title}: {len(runs)} runs{note}")
    print(f"{'stopping rule':{NAME}s} {stopping_score.COLUMNS}")
    done: dict[str, list[Outcome]] = {}
    for name, rule in rules.items():
        if name in NEEDS and not measuring(NEEDS[name], runs):
            continue  # it would be another row under this name
        done[name] = outcomes(rule, runs)
        print(f"{name:{NAME}s} {of(done[name])}", flush=True)
    for name, curve in ORACLES.items():
        there = measuring(curve, runs)
        if there:
            note = "" if len(there) == len(runs) else f"  ({len(there)} runs)"
            print(f"{name:{NAME}s} {stopping_score.oracle(curve, runs)}{note}")
    print("on the frontier:", ", ".join(frontier({name: of(kept) for name, kept in done.items()})))
    if against:
        differences(done, against)


def differences(done: Mapping[str, Sequence[Outcome]], against: str) -> None:
    """The table of what each rule has more of than one of them, on the same runs."""
    print(f"\nminus {against}, on the same runs; standard errors over the tasks")
    print(f"{'stopping rule':{NAME}s} {paired_rules.COLUMNS}")
    for name, kept in done.items():
        if name != against:
            print(f"{name:{NAME}s} {paired_rules.compare(kept, done[against])}")
