"""Other people's histories as records: a CSV log, a Keras History, TensorBoard events, a run."""

from kreg.diagnostics.sources.any import load

__all__ = ["load"]
