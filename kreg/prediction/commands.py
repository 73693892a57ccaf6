"""`kreg predict` and `kreg evaluate`: what the command line calls."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from kreg import check, files
from kreg.prediction import sources, writing
from kreg.prediction.answers import Answers
from kreg.prediction.findings import Findings
from kreg.prediction.run import REASON, Run, load_run
from kreg.prediction.sources import Source
from kreg.printable import say
from kreg.quiet_start import for_good, quiet_start

if TYPE_CHECKING:
    import pandas as pd

OK, NOTHING = 0, 1
TARGET = "the target {name!r} is in the new rows; predict does not look at it, evaluate does."


def predict(
    path: str,
    rows: Sequence[str],
    *,
    out: str | None = None,
    format: str | None = None,
    batch_size: int | None = None,
    uncertainty: str | None = None,
    level: float = 0.9,
    threshold: float | None = None,
    keep: Sequence[str] = (),
    allow: Sequence[str] = (),
) -> int:
    """Write the predictions of a run for new rows, and say on the error stream what is unusual.

    Args:
        path: The run directory.
        rows: As for `kreg.prediction.sources.opened`.
        out: The file; `None`: standard output.
        format: `"csv"`, `"parquet"`, `"jsonl"`, or `None`: by the ending of `out`.
        batch_size: Rows at once.
        uncertainty: `"conformal"`, `"dropout"` or `None`.
        level: Of intervals and sets.
        threshold: Of a binary run.
        keep: Columns to repeat beside the predictions.
        allow: Packages whose parts the model may have.

    Returns:
        0, or 1 where no row has a prediction.

    Raises:
        ValueError: With one sentence, before TensorFlow starts, for what can be known by then.
    """
    run = load_run(path, allow=allow)
    kind = writing.format_of(out, format)
    writing.refuse_out(out, [name for name in rows if name != sources.STDIN])
    _check_size(batch_size)
    run.refuse_foreign()
    answers = Answers(run.kept, uncertainty, level, threshold)
    source = sources.opened(run.kept, rows, labelled=False, keep=keep)
    findings, predicted, total = Findings(), 0, 0
    note_target(run, source, findings)
    start_quietly()
    with writing.writer(out, kind) as write, progress(source.total) as shown:
        for block, said in run.answered(source, answers, batch_size, findings):
            write(beside(block.keys, run.placed(block, said), findings))
            total, predicted = total + len(block), predicted + int((block.reasons == "").sum())
            shown(block.done)
    for sentence in findings.sentences():
        say(sentence)
    if predicted < total:
        say(f"{total - predicted:,} of {total:,} rows have no prediction; the column {REASON!r} "
            "says why.")  # fmt: skip
    return OK if predicted else NOTHING


def evaluate(
    path: str,
    rows: Sequence[str],
    *,
    out: str | None = None,
    batch_size: int | None = None,
    allow: Sequence[str] = (),
) -> int:
    """Print the scores of a run on rows whose truth is known; returns 0.

    Args:
        path: The run directory.
        rows: As for `kreg.prediction.sources.opened`, with the truth.
        out: A JSON file for the scores, too, or `None`.
        batch_size: Rows at once.
        allow: Packages whose parts the model may have.

    Raises:
        ValueError: With one sentence, before TensorFlow starts, for what can be known by then.
    """
    from kreg.prediction import scores

    run = load_run(path, allow=allow)
    writing.refuse_out(out, [name for name in rows if name != sources.STDIN])
    _check_size(batch_size)
    run.refuse_foreign()
    source = sources.opened(run.kept, rows, labelled=True, keep=())
    findings = Findings()
    start_quietly()
    with progress(source.total) as shown:
        found = scores.of(run, source, batch_size, findings, shown)
    for sentence in found.notes:
        say(sentence)
    print(found)
    if out is not None:
        files.write_json(out, found.to_dict())
    return OK


def _check_size(batch_size: int | None) -> None:
    if batch_size is not None:
        check.integer("batch_size", batch_size, low=1)


def note_target(run: Run, source: Source, findings: Findings) -> None:
    """Say that the truth is among the new rows, and that nothing looks at it."""
    columns = getattr(source, "header", [])
    for name in run.kept.target:
        if name in columns:
            findings.note(TARGET.format(name=name))


def beside(keys: "pd.DataFrame", said: "pd.DataFrame", findings: Findings) -> "pd.DataFrame":
    """The keys and the predictions; a key that is called like a prediction is left out."""
    import pandas as pd

    for name in set(keys.columns) & set(said.columns):
        findings.note(f"the column {name!r} of the new rows is left out: predictions have it, too.")
    kept = keys.drop(columns=[name for name in keys.columns if name in said.columns])
    return pd.concat([kept.reset_index(drop=True), said], axis=1)


def start_quietly() -> None:
    """Import TensorFlow and Keras without the lines that they log at their start."""
    with quiet_start(), for_good():
        import tensorflow as tf

        tf.config.list_physical_devices()


@contextlib.contextmanager
def progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on the error stream, where that is a terminal and somebody knows the end."""
    if not total or not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("predicting", total=total)
        yield lambda done: bar.update(task, completed=done)
