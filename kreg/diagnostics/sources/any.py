"""Whatever the user points at: a path or an object, as a document."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kreg.diagnostics.record import Record
from kreg.diagnostics.report_document import Document, document
from kreg.diagnostics.sources import (
    csv_log,
    events,
    history,
    sqlite_store,
    tensorboard,
    trainer_state,
    wandb_run,
)
from kreg.diagnostics.stopping_replay import RULES
from kreg.diagnostics.upgrade import upgraded
from kreg.diagnostics.verdict import diagnose
from kreg.foreign import json_text
from kreg.foreign.sqlite_file import is_sqlite

EXPECTED = (
    "a run directory, a history.csv, a report.json, a record.npz, a TensorBoard directory, "
    "Lightning's metrics.csv, Hugging Face's trainer_state.json, MLflow's mlflow.db, "
    "Trackio's PROJECT.db, a folder of W&B's, a Keras History or a kreg.Diagnostics"
)


# what a directory may hold, the best first
FILES = ("report.json", "record.npz", "history.csv", trainer_state.FILE, "metrics.csv")
OWN = ("record.npz", "config.json")  # beside these a report is the last word of kreg's own run
RESULT = "result.json"


def load(source: Any, *, rules: str = RULES) -> tuple[Document, Record | None]:
    """The document of a source, and its record where there is one.

    A `report.json` is shown as it was written: what was judged once is not judged again. Everything
    else is judged now. A directory's report is that of the run alone: beside which other one an
    earlier call has put it, that call has said.

    Raises:
        FileNotFoundError: If the path does not exist.
        ValueError: If nothing in it can be read, with what was found.
    """
    record = as_record(source)
    if record is not None:
        return document(record, rules=rules), record
    path = Path(source)
    if is_sqlite(path.parent):  # one run of a tracker, behind its store
        record = sqlite_store.read(path.parent, path.name)
        return document(record, rules=rules), record
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist. Expected {EXPECTED}.")
    return from_directory(path, rules) if path.is_dir() else from_file(path, rules)


def as_record(source: Any) -> Record | None:
    """The record of an object that is not a path."""
    if isinstance(source, Record):
        return source
    record = getattr(source, "record", None)
    if isinstance(record, Record):
        return record
    if isinstance(source, Mapping) or isinstance(getattr(source, "history", None), Mapping):
        return history.read(source)
    if isinstance(source, (str, Path)) or hasattr(source, "__fspath__"):
        return None
    raise ValueError(
        f"Nothing to report on. Expected {EXPECTED}. Received: {type(source).__name__}."
    )


def from_file(path: Path, rules: str) -> tuple[Document, Record | None]:
    if path.suffix == ".json":
        return from_json(path, rules)
    if "tfevents" in path.name:
        return from_directory(path.parent, rules)
    record = reader_of(path)(path)
    return document(record, rules=rules), record


def reader_of(path: Path) -> Callable[[Path], Record]:
    """What reads a file of one training, or of several."""
    readers = {".npz": Record.load, wandb_run.SUFFIX: wandb_run.read}
    return sqlite_store.read if is_sqlite(path) else readers.get(path.suffix, csv_log.read)


def from_json(path: Path, rules: str) -> tuple[Document, Record | None]:
    """A report as it was written, or what Hugging Face's `Trainer` has logged."""
    found = json_text.read(path)
    if not trainer_state.is_trainer_state(found):
        return upgraded(found), None
    record = trainer_state.read(path)
    return document(record, rules=rules), record


def from_directory(path: Path, rules: str) -> tuple[Document, Record | None]:
    """The best that a directory has: its report, with its record; its history; its events."""
    refuse_several(path)
    problems: list[str] = []
    found = first(path, FILES[1:] if is_overtaken(path) else FILES, rules, problems)
    if found is not None:
        record = found[1]
        if record is None:  # a report keeps the curves thinned and no single rows
            record = (first(path, ("record.npz", "history.csv"), rules, problems) or found)[1]
        return noted(named(found[0], path) | {"against": None}, problems), record
    reader = below(path)
    if reader is not None:
        record = reader(path)
        return noted(document(record, rules=rules), problems), record
    listing = ", ".join(sorted(p.name for p in path.iterdir())[:8]) or "nothing"
    reasons = " ".join(problems) or f"It holds: {listing}."
    instead = others(path) or f"Expected {EXPECTED}."
    raise ValueError(f"{path} has no record of a training yet. {reasons} {instead}")


def others(path: Path) -> str:
    """A sentence that names the trainings in folders below one that has none itself."""
    files = (
        one for name in FILES for depth in ("*", "*/*") for one in path.glob(f"{depth}/{name}")
    )
    below = sorted({str(one.parent) for one in files})[:8]
    return f"Name one of its trainings: {', '.join(below)}." if below else ""


def refuse_several(path: Path) -> None:
    """Refuse what an experiment of several trainings has left: none of them stands for it.

    A `report.json` there was made of one of them, by a version that did.

    Raises:
        ValueError: With its page, and with the trainings below it.
    """
    name = (json_text.read_object(path / RESULT) or {}).get("procedure")
    if not isinstance(name, str) or name == "train":
        return
    found = (one for depth in ("*", "*/*") for one in path.glob(f"{depth}/{RESULT}"))
    below = sorted(str(one.parent) for one in found)[:8]
    named = f" Name one of its trainings: {', '.join(below)}." if below else ""
    raise ValueError(
        f"{path} is no single training: experiment={name} has written it, and its page is "
        f"{path / name}.html.{named}"
    )


def is_overtaken(path: Path) -> bool:
    """Whether logs of others, where nothing of kreg's lies, say more than the report beside them.

    What they hold says so. The times of files do not: they change when a folder is copied.
    """
    told = told_by(path / FILES[0])
    if not told or any((path / name).is_file() for name in OWN):
        return False
    try:
        record = logged(path)
        return record is not None and say_more(diagnose(record).as_dict(), told)
    except (ValueError, OSError):  # told where the file is read
        return False


def logged(path: Path) -> Record | None:
    """The record of what the programs of others have logged in a directory."""
    found = first(path, FILES[2:], RULES, [])
    if found is not None:
        return found[1]
    reader = below(path)
    return None if reader is None else reader(path)


def say_more(logs: Mapping[str, Any], report: Mapping[str, Any]) -> bool:
    """Whether a verdict on logs stands on other facts; clean losses stay what they were."""
    return facts(logs) != facts(report) and not (report.get("honest") and not logs["honest"])


def told_by(report: Path) -> Mapping[str, Any]:
    """The verdict of a report; empty where it is none, or not there."""
    found = (json_text.read_object(report) or {}).get("verdict")
    return found if isinstance(found, Mapping) else {}


def facts(verdict: Mapping[str, Any]) -> list[Any]:
    """What a verdict was given on, whatever it says."""
    return [
        verdict.get(name) for name in ("monitor", "epoch", "best_epoch", "best_loss", "last_loss")
    ]


def below(path: Path) -> Callable[[Path], Record] | None:
    """What reads the logs of several trainings in a directory, and below it."""
    if any(path.rglob(events.PATTERN)):
        return tensorboard.read
    if sqlite_store.within(path):
        return sqlite_store.read
    if wandb_run.logs(path):
        return wandb_run.read
    return trainer_state.read_last if trainer_state.checkpoints(path) else None


def first(
    path: Path, names: tuple[str, ...], rules: str, problems: list[str]
) -> tuple[Document, Record | None] | None:
    """Document and record of the first file that can be read; the others become sentences."""
    for name in names:
        if not (path / name).is_file():
            continue
        try:
            return from_file(path / name, rules)
        except (ValueError, OSError) as error:
            problems.append(f"{name}: {error}")
    return None


def named(found: Document, path: Path) -> Document:
    """A run without a name of its own is called like its directory."""
    return {**found, "name": path.resolve().name} if found["name"] in ("run", "") else found


def noted(found: Document, problems: list[str]) -> Document:
    """The document with what could not be read among its caveats."""
    verdict = found["verdict"]
    return {**found, "verdict": {**verdict, "caveats": [*verdict["caveats"], *problems]}}
