"""`kreg train | predict | export | report | ...`: thin over the functions of the same names."""

import argparse
import os
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
    except BrokenPipeError:  # whoever reads the output has enough, `head` say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, OSError) as error:
        say(error)
        return 2
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kreg", description="What happened in a training run?")
    names = "train | predict | evaluate | export | report | compare | replay"
    commands = parser.add_subparsers(required=True, metavar=names)
    commands.add_parser("train", help="what train.py does: kreg train model=deep reg=l1")
    _predict(commands.add_parser("predict", help="what a finished run says of new rows"))
    _evaluate(commands.add_parser("evaluate", help="its scores on rows whose truth is known"))
    _export(commands.add_parser("export", help="its model for programs without kreg"))
    _report(commands.add_parser("report", help="the overfitting page of a finished run"))
    _compare(commands.add_parser("compare", help="one table and one page for a sweep"))
    _replay(commands.add_parser("replay", help="where stopping rules would have stopped"))
    return parser


def _train(arguments: list[str]) -> int:
    from kreg.launch.program import main as train

    sys.argv[:] = ["kreg train", *arguments]
    return train(arguments)


def _predict(parser: argparse.ArgumentParser) -> None:
    _rows(parser, "new rows: a CSV, Parquet, TFRecord or npz file, - for CSV on standard input, a "
          "folder of pictures, or picture files")  # fmt: skip
    parser.add_argument("--out", help="a file .csv, .parquet or .jsonl (default: standard output)")
    parser.add_argument(
        "--format", choices=("csv", "parquet", "jsonl"), help="where the name does not say it"
    )
    parser.add_argument(
        "--uncertainty", nargs="?", const="conformal", choices=("conformal", "dropout"),
        help="intervals or sets that hold the truth as often as --level says (conformal), or the "
        "spread of Monte Carlo dropout",
    )  # fmt: skip
    parser.add_argument("--level", type=float, default=0.9, help="of conformal (default: 0.9)")
    parser.add_argument(
        "--threshold", type=float, help="of two classes (default: the run's operating point)"
    )
    parser.add_argument(
        "--keep", action="append", default=[], metavar="COLUMN",
        help="a column to repeat beside the predictions, several times if need be (default: those "
        "that the model does not read, else the number of the row)",
    )  # fmt: skip
    parser.set_defaults(command=_run_predict)


def _rows(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("run", help="the directory of a finished run")
    parser.add_argument("rows", nargs="+", help=what)
    parser.add_argument("--batch-size", type=int, help="rows at once: what bounds the memory")
    _allow(parser)


def _run_predict(options: argparse.Namespace) -> int:
    from kreg.prediction import commands

    return commands.predict(
        options.run,
        options.rows,
        out=options.out,
        format=options.format,
        batch_size=options.batch_size,
        uncertainty=options.uncertainty,
        level=options.level,
        threshold=options.threshold,
        keep=options.keep,
        allow=options.allow,
    )


def _evaluate(parser: argparse.ArgumentParser) -> None:
    _rows(parser, "rows with their truth, as for predict; of pictures the folder is the class")
    parser.add_argument("--out", help="a JSON file for the scores, too")
    parser.set_defaults(command=_run_evaluate)


def _run_evaluate(options: argparse.Namespace) -> int:
    from kreg.prediction import commands

    return commands.evaluate(
        options.run,
        options.rows,
        out=options.out,
        batch_size=options.batch_size,
        allow=options.allow,
    )


def _export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", help="the directory of a finished run")
    parser.add_argument(
        "--to", required=True, choices=("keras", "savedmodel", "onnx", "litert"), help="the format"
    )
    parser.add_argument(
        "--out", required=True,
        help="a new file .keras, .onnx or .tflite, or a new folder; OUT.json describes it",
    )  # fmt: skip
    _allow(parser)
    parser.set_defaults(command=_run_export)


def _run_export(options: argparse.Namespace) -> int:
    from kreg.exporting import commands

    return commands.export(options.run, options.to, options.out, allow=options.allow)


def _allow(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--allow", action="append", default=[], metavar="PACKAGE",
        help="a package whose layers the model has, and whose code may run",
    )  # fmt: skip


def _report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run",
        help="a run directory, a log (history.csv, metrics.csv, trainer_state.json), events, "
        "MLflow's mlflow.db, Trackio's PROJECT.db, or a folder of W&B's",
    )
    parser.add_argument(
        "--watch", action="store_true", help="look again whenever the run has gone on, to its end"
    )
    parser.add_argument(
        "--baseline", metavar="OTHER",
        help="another run: what is better than there, by how much, and how sure that is",
    )  # fmt: skip
    parser.add_argument("--out", help="where to write the page (default: beside the run)")
    parser.add_argument(
        "--fail-on", help="exit with 1 on these verdicts, e.g. overfitting,unstable"
    )
    parser.set_defaults(command=_run_report)


def _run_report(options: argparse.Namespace) -> int:
    from kreg.pages import commands

    return commands.report(
        options.run,
        out=options.out,
        fail_on=options.fail_on,
        watch=options.watch,
        baseline=options.baseline,
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
