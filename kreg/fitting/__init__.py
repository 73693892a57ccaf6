"""`kreg.fit`: Keras's `fit` with its data given once, and a history that knows the verdict."""

from kreg.fitting.history import History
from kreg.fitting.pretrained import finetune
from kreg.fitting.training import fit

__all__ = ["History", "finetune", "fit"]
