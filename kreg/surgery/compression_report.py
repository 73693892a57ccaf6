"""What compression did: numbers before and after, layer by layer, in words and as plain values."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from kreg.surgery.table import html_table, text_table

HEADER = ("layer", "class", "shape", "now", "parameters")


@dataclass(frozen=True)
class LayerChange:
    """One layer before and after: parameters, and the shape of its first weight.

    Two layers in the place of one have the shape (inputs, rank, units).
    """

    layer: str
    kind: str
    shape: tuple[int, ...]
    new_shape: tuple[int, ...]
    parameters: int
    new_parameters: int


@dataclass(frozen=True)
class Size:
    """What a model costs.

    Args:
        parameters: Number of weights.
        flops: Multiplications and additions for one example, dense and convolutional layers.
        latency_ms: Median time of one prediction of one batch; `None` where it was not measured.
    """

    parameters: int
    flops: int
    latency_ms: float | None = None


@dataclass(frozen=True)
class CompressionReport:
    """What `compress` removed.

    Args:
        before: Size of the model.
        after: Size of the compressed model.
        layers: Every layer with weights.
        features: By input name the indices of the features (last axis) that an output depends on.
        barriers: By layer name why it was kept whole.
        notes: Remarks in sentences.
        difference: Largest difference of the outputs, relative to the largest output.
    """

    before: Size
    after: Size
    layers: tuple[LayerChange, ...]
    features: dict[str, np.ndarray]
    barriers: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    difference: float = 0.0

    @property
    def ratio(self) -> float:
        """Parameters after over parameters before, in (0, 1]."""
        return self.after.parameters / max(self.before.parameters, 1)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        features = {name: [int(i) for i in kept] for name, kept in self.features.items()}
        return {**asdict(self), "features": features, "ratio": self.ratio}

    def __str__(self) -> str:
        rows = self._changed()
        table = [text_table(HEADER, rows)] if rows else []
        return "\n".join([*table, *self.summary(), *self.notes])

    def _repr_html_(self) -> str:
        """In a notebook."""
        return html_table(HEADER, self._changed(), *self.summary(), *self.notes)

    def _changed(self) -> list[tuple[object, ...]]:
        changed = [row for row in self.layers if row.shape != row.new_shape]
        return [(r.layer, r.kind, r.shape, r.new_shape, r.new_parameters) for r in changed]

    def summary(self) -> list[str]:
        lines = [
            f"parameters {self.before.parameters} -> {self.after.parameters} ({self.ratio:.1%})",
            f"operations {self.before.flops} -> {self.after.flops}",
            f"outputs differ by at most {self.difference:.1e} of the largest",
        ]
        if self.after.latency_ms is not None:
            times = f"{self.before.latency_ms:.2f} -> {self.after.latency_ms:.2f} ms"
            lines.insert(2, f"latency    {times} a batch")
        return lines
