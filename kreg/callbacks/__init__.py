"""Keras callbacks: clean curves, early stopping that says why, and state that resumes."""

from kreg.callbacks import snapshots
from kreg.callbacks.clean import Clean, Measurement
from kreg.callbacks.diagnostics import Diagnostics
from kreg.callbacks.gap import DualityGap
from kreg.callbacks.history import HistoryFile
from kreg.callbacks.interrupt import Interrupt
from kreg.callbacks.kept import clean_of, weights_of
from kreg.callbacks.model_file import export
from kreg.callbacks.non_finite import NonFinite
from kreg.callbacks.progress import ProgressBar
from kreg.callbacks.pruning import Pruner
from kreg.callbacks.rows import Rows, take
from kreg.callbacks.saver import Saver
from kreg.callbacks.state import KerasState, stateful
from kreg.callbacks.stopping import EarlyStopping
from kreg.callbacks.tensorboard import TensorBoard
from kreg.diagnostics import criteria
from kreg.metric_names import direction

__all__ = [
    "Clean",
    "Diagnostics",
    "DualityGap",
    "EarlyStopping",
    "HistoryFile",
    "Interrupt",
    "KerasState",
    "Measurement",
    "NonFinite",
    "ProgressBar",
    "Pruner",
    "Rows",
    "Saver",
    "TensorBoard",
    "clean_of",
    "criteria",
    "direction",
    "export",
    "snapshots",
    "stateful",
    "take",
    "weights_of",
]
