"""`kreg train | report | compare | replay`: thin over the functions of the same names."""

import argparse
import sys

from kreg.printable import say


def main(arguments: list[str] | None = None) -> int:
    """The console script; returns the exit code: 0 done, 1 the answer is no, 2 a wrong command."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["train"]:  # Hydra has a grammar of its own
        return _train(arguments[1:])
    options = _parser().parse_args(arguments)
    try:
        code: int = options.command(options)
    except (ValueError, OSError) as error:
        say(error)
        return 2
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kreg", description="What happened in a training run?")
    commands = parser.add_subparsers(required=True, metavar="train | report | compare | replay")
    commands.add_parser("train", help="what train.py does: kreg train model=deep reg=l1")
    _report(commands.add_parser("report", help="the overfitting page of a finished run"))
    _compare(commands.add_parser("compare", help="one table and one page for a sweep"))
    _replay(commands.add_parser("replay", help="where stopping rules would have stopped"))
    return parser


def _train(arguments: list[str]) -> int:
    from kreg.launch.program import main as train

    sys.argv[:] = ["kreg train", *arguments]
    return train(arguments)


def _report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run",
        help="a run directory, a log (history.csv, metrics.csv, trainer_state.json), or events",
    )
    parser.add_argument(
        "--watch", action="store_true", help="look again whenever the run has gone on, to its end"
    )
    parser.add_argument("--out", help="where to write the page (default: beside the run)")
    parser.add_argument(
        "--fail-on", help="exit with 1 on these verdicts, e.g. overfitting,unstable"
    )
    parser.set_defaults(command=_run_report)


def _run_report(options: argparse.Namespace) -> int:
    from kreg.pages import commands

    return commands.report(
        options.run, out=options.out, fail_on=options.fail_on, watch=options.watch
    )


def _compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sweep", help="a sweep's directory, or any folder of runs")
    parser.add_argument(
        "--choose", choices=("min", "1se"), help="the best setting, or the simplest one near it"
    )
    parser.set_defaults(command=_run_compare)


def _run_compare(options: argparse.Namespace) -> int:
    from kreg import sweeps

    return sweeps.compare(options.sweep, choose=options.choose)


def _replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("history", help="a history.csv or a run directory")
    parser.add_argument(
        "--rules", help="e.g. default,gl:2,patience:5 (default: those of the report)"
    )
    parser.set_defaults(command=_run_replay)


def _run_replay(options: argparse.Namespace) -> int:
    from kreg.pages import commands

    return commands.replay(options.history, options.rules)
