"""The tables: one row a rule, printed as they come."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.verdicts import stopping_rules, stopping_score, verdict_score
from benchmarks.verdicts.protocol import StoppingRule, VerdictRule
from benchmarks.verdicts.stopping_score import StoppingScore, frontier, measuring
from benchmarks.verdicts.suite import HELD_OUT, PATH, Run
from benchmarks.verdicts.verdict_score import truth

SUITES: dict[str, Path] = {"development": PATH, "held-out": HELD_OUT}
NAME = 30  # characters


def verdicts(title: str, rules: Mapping[str, VerdictRule], runs: Sequence[Run]) -> None:
    """The table of the verdict rules."""
    past = sum(truth(run)[0].mean() for run in runs) / len(runs)
    print(f"\n{title}: {len(runs)} runs, {past:.0%} of their epochs past the best")
    print(f"{'verdict rule':{NAME}s} {verdict_score.COLUMNS}")
    for name, rule in rules.items():
        print(f"{name:{NAME}s} {verdict_score.score(rule, runs)}", flush=True)


def stops(title: str, rules: Mapping[str, StoppingRule], runs: Sequence[Run]) -> None:
    """The table of the stopping rules, and of what nobody can have."""
    print(f"\n{title}: {len(runs)} runs")
    print(f"{'stopping rule':{NAME}s} {stopping_score.COLUMNS}")
    scores: dict[str, StoppingScore] = {}
    for name, rule in rules.items():
        if name in stopping_rules.REFINES and not measuring(stopping_rules.REFINED, runs):
            continue  # it would be the patience row of another name
        scores[name] = stopping_score.score(rule, runs)
        print(f"{name:{NAME}s} {scores[name]}", flush=True)
    for name, curve in stopping_rules.ORACLES.items():
        there = measuring(curve, runs)
        if there:
            note = "" if len(there) == len(runs) else f"  ({len(there)} runs)"
            print(f"{name:{NAME}s} {stopping_score.oracle(curve, runs)}{note}")
    print("on the frontier:", ", ".join(frontier(scores)))
