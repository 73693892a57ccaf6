"""Score rules on the recorded runs.

    python -m benchmarks.verdicts                                   # the rows of the house
    python -m benchmarks.verdicts --verdict my_module:rule          # and yours
    python -m benchmarks.verdicts --stop my_module:rule --alone --suite held-out

What a rule is: `benchmarks/verdicts/README.md`.
"""

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.verdicts import tables, verdict_rules
from benchmarks.verdicts.suite import Run, load


def named(text: str) -> Callable[..., Any]:
    """The function that `module:name` names, from the working directory or what is installed.

    Raises:
        argparse.ArgumentTypeError: If there is none.
    """
    module, _, name = text.partition(":")
    if not module or not name:
        raise argparse.ArgumentTypeError(f"a rule is written module:name. Received {text!r}.")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise argparse.ArgumentTypeError(f"there is no module {module!r} to import.") from None
    if not callable(found):
        raise argparse.ArgumentTypeError(f"the module {module!r} has no function {name!r}.")
    return found


def suite(text: str) -> tuple[str, list[Run]]:
    """(name, runs) of a suite by its name or by the path of its file.

    Raises:
        argparse.ArgumentTypeError: If there is no such suite.
    """
    path = tables.SUITES.get(text, Path(text))
    if not path.is_file():
        known = ", ".join(tables.SUITES)
        raise argparse.ArgumentTypeError(
            f"a suite is one of {known}, or a file that record_suite.py wrote. Received {text!r}."
        )
    return text, load(path)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.verdicts", description=__doc__.split("\n")[0]
    )
    rule = {"type": named, "action": "append", "default": [], "metavar": "MODULE:NAME"}
    parser.add_argument("--verdict", help="a verdict rule of your own", **rule)
    parser.add_argument("--stop", help="a stopping rule of your own", **rule)
    parser.add_argument(
        "--suite",
        type=suite,
        action="append",
        help=f"{', '.join(tables.SUITES)} or the path of another file; may be repeated; "
        "default: the first two",
    )
    parser.add_argument("--alone", action="store_true", help="without the rows of the house")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--verdicts", action="store_true", help="the verdict rules only")
    only.add_argument("--stops", action="store_true", help="the stopping rules only")
    parser.add_argument(
        "--against", choices=tables.STOPS, metavar="ROW", help="less this stopping rule, run by run"
    )
    parser.add_argument("--where", type=where, metavar="FACTOR=VALUE", help="those runs only")
    given = parser.parse_args(arguments)
    if given.alone and not (given.verdict or given.stop):
        parser.error("--alone leaves no row: name a rule with --verdict or --stop.")
    if given.alone and given.against:
        parser.error("--against names a row of the house: leave --alone away.")
    both = not (given.verdict or given.stop)
    for title, runs in given.suite or [suite(name) for name in ("development", "held-out")]:
        title, runs = chosen(title, runs, given.where)
        if given.verdict or (both and not given.stops):
            tables.verdicts(title, rows(given.verdict, verdict_rules.RULES, given.alone), runs)
        if given.stop or (both and not given.verdicts):
            tables.stops(title, rows(given.stop, tables.STOPS, given.alone), runs, given.against)


def where(text: str) -> tuple[str, str]:
    """(factor, value) of `l2=0.001`.

    Raises:
        argparse.ArgumentTypeError: If it is no such pair.
    """
    factor, equals, value = text.partition("=")
    if not (factor and equals and value):
        raise argparse.ArgumentTypeError(
            f"runs are chosen by FACTOR=VALUE, such as l2=0.001. Received {text!r}."
        )
    return factor, value


def chosen(title: str, runs: list[Run], pair: tuple[str, str] | None) -> tuple[str, list[Run]]:
    """The runs with this value of this factor, and their title; all of them without a pair.

    Raises:
        SystemExit: If there is none; the sentence says which values there are.
    """
    if pair is None:
        return title, runs
    factor, value = pair
    found = [run for run in runs if factor in run.meta and str(run.meta[factor]) == value]
    if not found:
        values = ", ".join(sorted({str(run.meta.get(factor)) for run in runs}))
        raise SystemExit(f"{title} has no run with {factor}={value}. Values: {values}.")
    return f"{title}, {factor}={value}", found


def rows(own: list[Any], house: dict[str, Any], alone: bool) -> dict[str, Any]:
    """The rules by the names of their rows, the user's first."""
    mine = {f"{rule.__module__}:{getattr(rule, '__name__', rule)}": rule for rule in own}
    return mine if alone else mine | house


if __name__ == "__main__":
    main()
