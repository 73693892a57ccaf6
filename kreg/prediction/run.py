"""`kreg.load_run`: a finished run as an object that answers for new rows."""

import importlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kreg import check
from kreg.files import AnyPath
from kreg.foreign import keras_file
from kreg.prediction import conformal, kept
from kreg.prediction.answers import NOT_FINITE, Answers
from kreg.prediction.findings import Findings
from kreg.prediction.given_rows import given
from kreg.prediction.inputs import Inputs
from kreg.prediction.sources import Block, Source

if TYPE_CHECKING:
    import keras
    import numpy as np
    import pandas as pd

    from kreg.data.preprocessing import Columns, Standard
    from kreg.pages import Report
    from kreg.prediction.scores import Scores

REASON = "reason"
OWN = ("keras", "keras_hub", "kreg", "builtins")  # packages whose parts a model may always have
PICTURES, ROWS = 64, 8192  # at once


class Run:
    """A finished run; made by `kreg.load_run`.

    Args:
        records: What it has kept.
        allow: Packages whose parts its model may have.
    """

    def __init__(self, records: kept.Kept, allow: Sequence[str] = ()) -> None:
        self.kept = records
        self.allow = tuple(allow)
        self._inputs = Inputs(records)

    def __repr__(self) -> str:
        return f"<kreg run {self.path}: {self.task}, {len(self.features)} features>"

    @property
    def path(self) -> Path:
        """The run directory."""
        return self.kept.folder

    @property
    def task(self) -> str:
        """`"classification"`, `"binary"`, `"multilabel"` or `"regression"`."""
        return self.kept.task

    @property
    def features(self) -> list[str]:
        """The columns of a table that the model reads; empty where its inputs have no names."""
        return self.kept.features

    @property
    def classes(self) -> list[str]:
        """The classes, the labels or the several targets, as they stood in the data."""
        return self.kept.words

    @property
    def preprocessing(self) -> "Columns | Standard | None":
        """What turns rows into inputs of `model`, fitted on the training rows; `None`: nothing."""
        return self._inputs.fitted

    @cached_property
    def model(self) -> "keras.Model":
        """The trained model, `best.keras`, which returns logits or scaled targets.

        Raises:
            ValueError: If it has parts of a package that nobody has allowed, or cannot be loaded.
        """
        return self.load(kept.MODEL)

    def load(self, name: str) -> "keras.Model":
        """One of its models, without optimizer: `best.keras`, or `model.keras`.

        Raises:
            ValueError: As of `model`.
        """
        path = self.path / name
        self.refuse_foreign(name)
        from kreg.surgery import load_model

        try:
            for package in self.allow:
                importlib.import_module(package)
            return load_model(path, compile=False)
        except Exception as error:  # Keras raises whatever its layers do
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise ValueError(f"{path} cannot be loaded: {reason}") from error

    def refuse_foreign(self, name: str = kept.MODEL) -> None:
        """Parts of other packages run code: the command says which may, and never the run.

        Args:
            name: Of the file.

        Raises:
            ValueError: With the first package that nobody has allowed.
        """
        path = self.path / name
        keras_file.check(path)
        config = keras_file.member(path, "config.json") or {}
        for module in sorted(set(modules(config))):
            package = module.split(".")[0]
            if package not in (*OWN, *self.allow):
                raise ValueError(
                    f"The model of {self.path} has parts of {module!r}, whose code would run. "
                    f"If you trust it: allow=[{package!r}] in Python, --allow {package} on the "
                    "command line."
                )

    @cached_property
    def report(self) -> "Report":
        """The page of the run; `kreg.report(run.path)`."""
        from kreg import pages

        return pages.report(self.path)

    def predict(
        self,
        rows: Any,
        *,
        batch_size: int | None = None,
        uncertainty: str | None = None,
        level: float = conformal.LEVEL,
        threshold: float | None = None,
    ) -> "pd.DataFrame":
        """Predictions in the words and units of the data.

        Args:
            rows: A pandas frame with the columns `features`, an array of rows or pictures as they
                were before preprocessing, or what `kreg predict` takes: a path, or a list of
                pictures.
            batch_size: Rows at once. Defaults to 8,192, and to 64 pictures.
            uncertainty: `None`; `"conformal"`: an interval or a set that holds the truth with
                probability `level`; `"dropout"`: Monte Carlo dropout, for models with noise layers.
            level: In (0, 1). Defaults to `0.9`.
            threshold: Of a binary run, from which probability on a row is of the positive class.
                Defaults to the run's operating point.

        Returns:
            A frame, one row for each row, with the index of a frame that was given: `prediction`,
            `probability_<class>`, and `reason`, why a row has no prediction, `""` where it has.
            Its `attrs["notes"]` are sentences on what is unusual about the rows.

        Raises:
            ValueError: If the rows are of other columns or shapes.
        """
        import pandas as pd

        answers = Answers(self.kept, uncertainty, level, threshold)
        source = given(self.kept, rows, labelled=False)
        findings = Findings()
        parts = list(self.answered(source, answers, batch_size, findings))
        found = pd.concat([self.placed(block, said) for block, said in parts], ignore_index=True)
        found = found.set_axis(rows.index) if isinstance(rows, pd.DataFrame) else found
        found.attrs["notes"] = findings.sentences()
        return found

    def evaluate(self, rows: Any, *, batch_size: int | None = None) -> "Scores":
        """Scores on rows whose truth is known, with their intervals.

        Args:
            rows: A frame with the target's columns among the others, a pair `(x, y)` of arrays,
                or what `kreg evaluate` takes: a path.
            batch_size: As in `predict`.

        Raises:
            ValueError: If the rows are of other columns or shapes, or have no truth.
        """
        from kreg.prediction import scores

        source = given(self.kept, rows, labelled=True)
        return scores.of(self, source, batch_size, Findings())

    def answered(
        self, source: Source, answers: Answers, batch_size: int | None, findings: Findings
    ) -> "Iterator[tuple[Block, pd.DataFrame]]":
        """Every block of a source with the predictions of its readable rows."""
        size = batch_size or (PICTURES if self.kept.data["is_image"] else ROWS)
        for block in source.blocks(check.integer("batch_size", size, low=1), findings):
            inputs = self._inputs(block, findings)
            yield block, self._said(block, inputs, answers)

    def _said(self, block: Block, inputs: "np.ndarray", answers: Answers) -> "pd.DataFrame":
        import pandas as pd

        if not len(inputs):
            return pd.DataFrame()
        said = answers(self.model, inputs)
        numbers = said.select_dtypes("number")
        broken = ~(abs(numbers) < float("inf")).all(axis=1).to_numpy()
        good = (block.reasons == "").nonzero()[0]
        block.reasons[good[broken]] = NOT_FINITE
        return said[~broken]

    def placed(self, block: Block, said: "pd.DataFrame") -> "pd.DataFrame":
        """The predictions in the places of their rows, and the reasons of the others."""
        import pandas as pd

        places = (block.reasons == "").nonzero()[0]
        found = said.set_axis(places).reindex(range(len(block)))
        return pd.concat([found, pd.Series(block.reasons, name=REASON)], axis=1)


def modules(config: Any) -> Iterator[str]:
    """The modules that the objects of a configuration come from."""
    if isinstance(config, dict):
        if isinstance(config.get("module"), str) and "class_name" in config:
            yield config["module"]
        for value in config.values():
            yield from modules(value)
    elif isinstance(config, list):
        for value in config:
            yield from modules(value)


def load_run(path: AnyPath, *, allow: Sequence[str] = ()) -> Run:
    """A finished run that answers for new rows: `predict`, `evaluate`, `model`, `report`.

    The folder may have been copied, to another machine too; neither the training data nor the
    working directory matter. No pickle is read, and TensorFlow starts with the first prediction.

    Args:
        path: The run directory.
        allow: Packages whose layers the model may have, beside Keras and kreg: they are imported,
            and so their code runs. Defaults to none.

    Raises:
        ValueError: With one sentence, if it is no finished run of kreg.

    ```python
    run = kreg.load_run("logs/people/runs/2026-11-24_02-57-42_8ea3")
    print(run.predict(frame)["prediction"])
    ```
    """
    return Run(kept.read(path), allow)
