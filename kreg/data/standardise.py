"""Columns to mean 0 and standard deviation 1, with the numbers of the training rows."""

import dataclasses

import numpy as np


@dataclasses.dataclass
class Standard:
    """`(x - mean) / scale` a column; a constant column keeps scale 1."""

    mean: np.ndarray
    scale: np.ndarray
    names: list[str]

    @classmethod
    def fit(cls, x, names=()) -> "Standard":
        """Mean and population standard deviation of the rows of `x`, in float64."""
        x = np.asarray(x, np.float64)
        mean, scale = x.mean(axis=0), x.std(axis=0)
        constant = scale <= 1e-12 * np.maximum(np.abs(mean), 1.0)
        return cls(mean, np.where(constant, 1.0, scale), list(names))

    def __call__(self, x) -> np.ndarray:
        return ((np.asarray(x, np.float64) - self.mean) / self.scale).astype(np.float32)

    def to_dict(self) -> dict:
        """Plain JSON values: what the run directory keeps."""
        return {
            "kind": "standard",
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "names": self.names,
        }

    @classmethod
    def from_dict(cls, saved: dict) -> "Standard":
        return cls(np.asarray(saved["mean"]), np.asarray(saved["scale"]), list(saved["names"]))
