"""The records of a finished run: all that new rows need, read without TensorFlow or the rows."""

import dataclasses
import math
import re
from pathlib import Path
from typing import Any

from kreg import __version__, check, files
from kreg.data.preprocessing import features_of
from kreg.files import AnyPath
from kreg.foreign import content, json_text
from kreg.runs.schema import Calibration, Configuration, Preparation, Result

CONFIG, DATA, RESULT = "config.json", "data.json", "result.json"
CALIBRATION, MODEL, SWEEP = "calibration.json", "best.keras", "sweep.json"
MODELS = ("train", "table_ensemble")  # procedures that leave one model, and what it needs


@dataclasses.dataclass(frozen=True)
class Kept:
    """What a run has kept; each part is described in `kreg.runs.schema`.

    Args:
        folder: The run directory.
        config: `config.json`.
        data: `data.json`.
        result: `result.json`.
        calibration: `calibration.json`, or `None` of a run of 0.1.
    """

    folder: Path
    config: dict[str, Any]
    data: dict[str, Any]
    result: dict[str, Any]
    calibration: dict[str, Any] | None

    @property
    def task(self) -> str:
        return str(self.data["task"])

    @property
    def reading(self) -> dict[str, Any]:
        """How the rows were read; of a run of 0.1, what its configuration says of that."""
        return self.data.get("reading") or _reading_of_0_1(self.config.get("data", {}))

    @property
    def words(self) -> list[str]:
        """The classes, the labels or the several targets, as the user wrote them."""
        names = self.data["class_names"] or self.data.get("target_names", [])
        return list(self.data.get("words") or names)

    @property
    def numeric(self) -> list[dict[str, Any]]:
        """The numeric columns of a table."""
        return self._columns("numeric")

    @property
    def categorical(self) -> list[dict[str, Any]]:
        """The categorical columns of a table."""
        return self._columns("categorical")

    @property
    def features(self) -> list[str]:
        """The columns that a table must have; those of an array, as far as they have names."""
        columns = [column["name"] for column in (*self.numeric, *self.categorical)]
        columns = columns or list((self.data["preprocessing"] or {}).get("names", []))
        return columns or list(self.data["feature_names"])

    @property
    def target(self) -> list[str]:
        """The columns of the target in the user's table; none elsewhere."""
        return list(self.reading.get("target", []))

    def _columns(self, kind: str) -> list[dict[str, Any]]:
        return list((self.data["preprocessing"] or {}).get(kind, []))


def read(run: AnyPath) -> Kept:
    """The records of a run directory.

    Args:
        run: The directory, wherever it lies now.

    Raises:
        ValueError: With one sentence, if it is none, or unfinished, damaged, of a newer version,
            or not one training.
    """
    folder = Path(run).expanduser()
    _refuse_no_run(folder)
    config = _record(folder, CONFIG, Configuration)
    _refuse_unfinished(folder)
    result = _record(folder, RESULT, Result)
    _refuse_other(folder, config, result)
    data = _record(folder, DATA, Preparation)
    calibration = None
    if (folder / CALIBRATION).exists():
        calibration = _record(folder, CALIBRATION, Calibration)
    if not files.is_regular(folder / MODEL):
        raise ValueError(f"{folder} has no {MODEL}: the run is not whole. Copy all of its files.")
    found = Kept(folder, config, data, result, calibration)
    _refuse_contradictions(found)
    return found


def _refuse_no_run(folder: Path) -> None:
    if not folder.is_dir():
        advice = ""
        if folder.parent.is_dir():
            names = [entry.name for entry in folder.parent.iterdir() if entry.is_dir()]
            advice = check.did_you_mean(folder.name, names)
        if folder.is_file():
            advice = f"Say {folder.parent}."
        raise check.invalid("run", "a run directory", str(folder), advice)
    if (folder / SWEEP).exists():
        raise ValueError(f"{folder} is a sweep of several runs. Name the folder of one of them.")
    if not (folder / CONFIG).exists():
        raise ValueError(f"{folder} is no run directory of kreg: it has no {CONFIG}.")


def _refuse_unfinished(folder: Path) -> None:
    if not (folder / RESULT).exists():
        raise ValueError(
            f"The run {folder} is not finished: it has no {RESULT}. Give its training command "
            "again, and it goes on."
        )


def _refuse_other(folder: Path, config: dict[str, Any], result: dict[str, Any]) -> None:
    procedure = result.get("procedure") or config.get("procedure", "train")
    if procedure not in MODELS:
        hint = f" Name its best line, {folder / 'best'}." if procedure == "population" else ""
        raise ValueError(
            f"{folder} is the result of {procedure}, which is not one training: it has no model "
            f"that could predict.{hint}"
        )
    if result.get("status") != "done":
        reason = result.get("error", "unknown")
        raise ValueError(f"The run {folder} has failed ({reason}), so it has no model.")
    written = result.get("versions", {}).get("kreg", "0")
    if minor(written) > minor(__version__):
        raise ValueError(
            f"The run {folder} was written by kreg {written}, and this is {__version__}. Install "
            "that version to use it."
        )


def _refuse_contradictions(kept: Kept) -> None:
    """Parts that are each what they should be, and do not belong together."""
    outputs, shape = kept.data["outputs"], kept.data["input_shape"]
    words = {"binary": (2,), "regression": (0, outputs)}.get(kept.task, (outputs,))
    widths = _widths(kept.data["preprocessing"])
    target = [len(kept.data["target"][part]) for part in ("mean", "scale")]
    scores = ((kept.calibration or {}).get("conformal") or {}).get("scores")
    wrong = {
        "words": len(kept.words) not in words,
        "preprocessing": any(width != math.prod(shape) for width in widths),
        "target": target not in ([0, 0], [outputs, outputs]),
    }
    for part, found in wrong.items():
        if found:
            raise ValueError(f"{kept.folder / DATA} is damaged: its {part} do not fit the model.")
    if scores is not None and len(scores) != (outputs if kept.task == "regression" else 1):
        raise ValueError(f"{kept.folder / CALIBRATION} is damaged: it has other outputs.")


def _widths(fitted: dict[str, Any] | None) -> list[int]:
    """How many columns each part of a preprocessing makes."""
    if fitted is None:
        return []
    if fitted["kind"] == "standard":
        return [len(fitted[part]) for part in ("mean", "scale", "low", "high") if part in fitted]
    return [len(features_of(fitted["numeric"], fitted["categorical"]))]


def minor(version: str) -> tuple[int, ...]:
    """Major and minor version.

    >>> minor("0.12.1rc1"), minor("1")
    ((0, 12), (1,))
    """
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _record(folder: Path, name: str, kind: Any) -> dict[str, Any]:
    try:
        text = content.text(folder / name, json_text.MOST, follow=False)
        found: dict[str, Any] = json_text.parse(text, kind, name)
    except OSError as error:
        raise ValueError(f"{folder / name} cannot be read ({error}).") from error
    except content.DamagedError as error:
        raise ValueError(f"{folder / name} is damaged: {error}.") from error
    return found


def _reading_of_0_1(source: dict[str, Any]) -> dict[str, Any]:
    """What the `data` group says of the rows: it has the target, and no types of columns."""
    kind, target = source.get("kind"), source.get("target")
    if kind in ("csv", "parquet") and target:
        names = [target] if isinstance(target, str) else list(target)
        known = {"separator": source.get("separator", "auto"), "missing": source.get("missing")}
        return {"kind": "table", "columns": {}, "target": names, **known}
    return {"kind": "array"} if kind == "npz" else {}
