"""What the classifier and the regressor have in common: parameters, fit, what is known after it."""

import sys
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted

from kreg.config import automatic, earlier_defaults
from kreg.config.root import Config
from kreg.data.preprocessing import Columns
from kreg.printable import say
from kreg.sklearn import outputs, rows, settings

if TYPE_CHECKING:
    from os import PathLike

    from kreg.data import Raw
    from kreg.pages import Report
    from kreg.training.plan import Plan
    from kreg.training.trained import Trained

LARGEST = 2**31 - 1  # seed
TRAINING = threading.RLock()  # random numbers, precision and Hydra belong to the whole process
Array = NDArray[Any]


class DataWarning(UserWarning):
    """Something about the rows of `fit` that is worth a look; it trains all the same."""


class KregEstimator(BaseEstimator):
    """The base of `KregClassifier` and `KregRegressor`, which say what their parameters mean."""

    random_state: Any
    log_dir: "str | PathLike[str] | None"
    verbose: int

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        if "model_" not in state:
            return state
        from kreg.sklearn.portable import Portable

        return state | {"model_": Portable(state["model_"])}

    def report_(self) -> "Report":
        """The report on the training of `fit`; it prints as a table, and `.save(folder)` writes it.

        Raises:
            ValueError: If nothing was measured: `overrides=("diagnostics=off",)`.
        """
        from kreg.pages import Report

        check_is_fitted(self)
        if self._document is None:
            raise ValueError("There is no report: nothing was measured, by diagnostics=off.")
        return Report(self._document)

    def _configuration(self) -> Config:
        """The checked configuration of the parameters."""
        seed = self.random_state
        if not isinstance(seed, int | np.integer) or isinstance(seed, bool):
            seed = check_random_state(seed).randint(LARGEST)
        with TRAINING:
            return settings.configuration(self.get_params(deep=False), int(seed))

    def _train(self, raw: "Raw", config: Config) -> None:
        """The training of `train.py` on these rows, and what is known after it."""
        from kreg.training import start

        with TRAINING, start.as_guest(config.trainer, config.seed) as device:
            from kreg.training import app, lines, plan

            training = plan.make(config, given=raw)
            config = automatic.for_task(config, training.data.task)
            lines.announce(training, device, config)
            if self.log_dir is None:
                trained = app.train_in_memory(training, config)
            else:
                trained = trained_in(Path(self.log_dir), training, config)
            self._keep(trained)
        for sentence in trained.result["warnings"]:
            warnings.warn(sentence, DataWarning, stacklevel=3)
        if self.verbose and self.verdict_ is not None:
            say(f"verdict: {self.verdict_.headline}", sys.stdout)

    def _keep(self, trained: "Trained") -> None:
        from kreg.surgery.low_rank import merged

        data, measured = trained.plan.data, trained.callbacks.diagnostics
        model = trained.plan.model
        self.model_ = merged(model)  # the same, but for finetune=lora
        fitted = data.preprocessing
        self.preprocessing_ = fitted if isinstance(fitted, Columns) else None
        self.result_ = trained.result
        self.history_ = dict(model.history.history)
        self.n_iter_ = int(trained.result["epochs"])
        self.verdict_ = None if measured is None else measured.verdict
        self.selected_features_ = self._selected_features()
        self._document = trained.document
        self._task, self._input = data.task, (data.input_shape, str(data.train.x.dtype))
        self._target = data.to_target()

    def _selected_features(self) -> Array | None:
        """The columns of a table that an output depends on, by name or number."""
        if self.preprocessing_ is None:
            return None
        from kreg.surgery import selected_features

        owners, chosen = outputs.owners(self.preprocessing_), selected_features(self.model_)
        read = {owners[int(place)] for place in chosen}
        places = [i for i, name in enumerate(rows.names_of(self)) if name in read]
        names = getattr(self, "feature_names_in_", np.arange(self.n_features_in_))
        return np.asarray(names)[places]

    def _outputs(self, x: Any) -> Array:
        """What the network says of new rows, `(rows, outputs)`."""
        check_is_fitted(self)
        found = rows.inputs(self, x, reset=False)
        inputs = outputs.encoded(found, self.preprocessing_, *self._input)
        return outputs.raw_outputs(self.model_, inputs)


def trained_in(folder: Path, training: "Plan", config: Config) -> "Trained":
    """The training in a run directory of its own below `folder`, as `train.py` leaves one.

    Raises:
        KeyboardInterrupt: After Ctrl-C; the state of the last whole epoch is kept.
    """
    from kreg.runs import RunDirectory
    from kreg.training import app

    with RunDirectory.create(folder) as place:
        try:
            recorded = earlier_defaults.record(config, None)
            return app.train_and_record(training, config, place, recorded)
        except SystemExit as error:
            raise KeyboardInterrupt from error
