"""Arrays of new rows: of the shape and the kind of numbers that the model was trained on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kreg.data.sources import npz
from kreg.prediction.findings import Findings
from kreg.prediction.kept import Kept

NOT_FINITE = "a value is missing or not finite"


def checked(kept: Kept, x: Any, what: str) -> NDArray[Any]:
    """`x` as an array of rows of the run.

    Args:
        kept: The run.
        x: Rows of numbers, or pictures.
        what: How they are called.

    Raises:
        ValueError: If it has another shape, or pictures have another kind of numbers.
    """
    rows = np.asarray(x)
    if rows.dtype.kind not in "biuf":
        raise ValueError(f"{what} holds {rows.dtype}, and the model reads numbers.")
    image = kept.data["is_image"]
    if image and rows.ndim == 3:
        rows = rows[..., None]
    wanted = expected_shape(kept)
    if rows.ndim != len(wanted) + 1 or tuple(rows.shape[1:]) != wanted:
        named = "pictures" if image else "rows"
        raise ValueError(
            f"{what} has the shape {rows.shape}, and the model reads {named} of shape "
            f"(rows, {', '.join(map(str, wanted))})."
        )
    if image:
        _refuse_other_numbers(kept, rows, what)
    return rows


def expected_shape(kept: Kept) -> tuple[int, ...]:
    """Of one row as it stands in the source: coded columns become more of them."""
    if (kept.data["preprocessing"] or {}).get("kind") == "columns":
        return (len(kept.features),)
    return tuple(kept.data["input_shape"])


def _refuse_other_numbers(kept: Kept, rows: NDArray[Any], what: str) -> None:
    """Pictures of bytes are divided by 255 in the model; whoever has done so must not here."""
    trained = kept.data.get("input_type", str(rows.dtype))
    if (trained == "uint8") != (rows.dtype.kind in "biu"):
        scale = "whole numbers from 0 to 255" if trained == "uint8" else "fractions"
        raise ValueError(f"{what} holds {rows.dtype}; the model was trained on {scale}.")
    if trained == "uint8" and rows.size and (rows.min() < 0 or rows.max() > 255):
        raise ValueError(f"{what} holds values beyond 0 to 255, the range of pictures.")


def as_trained(kept: Kept, rows: NDArray[Any]) -> NDArray[Any]:
    """Pictures as they enter the model."""
    return rows.astype(kept.data.get("input_type", str(rows.dtype)), copy=False)


def examine(kept: Kept, rows: NDArray[Any], findings: Findings) -> NDArray[np.bool_]:
    """Count what is beyond the training range; returns which rows are not all finite."""
    fitted = kept.data["preprocessing"] or {}
    ends = zip(fitted.get("low", []), fitted.get("high", []), strict=True)
    for place, (low, high) in enumerate(ends):
        name = kept.features[place] if place < len(kept.features) else str(place)
        findings.range(name, rows[:, place], low, high)
    return ~np.isfinite(rows.reshape(len(rows), -1)).all(axis=1)


def as_frame(kept: Kept, rows: NDArray[Any]) -> Any:
    """A coded table as the frame that its preprocessing was fitted on."""
    reading = kept.reading
    return npz.coded_frame(rows, reading.get("names") or [], reading.get("levels"))
