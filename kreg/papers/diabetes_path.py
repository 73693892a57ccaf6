"""The lasso path of the diabetes data, beside scikit-learn's coordinate descent.

Efron, Hastie, Johnstone & Tibshirani (Least angle regression, 2004) made it famous for one event:
s3 enters fourth, leaves near the end, and comes back. Strengths are printed in the units of the
shipped data (columns of length 1, the target in its own units); training standardizes both.
"""

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import lasso_path

from kreg import check, files
from kreg.optimizers import path
from kreg.papers.linear_fit import linear_model
from kreg.regularizers import L1


def run(
    out_dir: str | Path, *, count: int = 60, ratio: float = 6e-4, steps: int = 2000
) -> dict[str, Any]:
    """Follow the path, print its events, write `path.png` and `path.json`.

    Args:
        out_dir: Where the figure and the table go.
        count: Strengths on the logarithmic grid, >= 2.
        ratio: Weakest over strongest strength, in (0, 1).
        steps: Full-batch steps at each strength.
    """
    steps = check.integer("steps", steps, low=100)
    data = load_diabetes()
    x, y = standardized(data.data), standardized(data.target)
    units = data.target.std() / np.sqrt(len(x))  # from standardized strengths to the shipped data's
    model = linear_model(x, L1(1.0), steps)
    found = path(model, x, y, count=count, ratio=ratio, steps=steps, names=data.feature_names)
    with files.replacing(Path(out_dir) / "path.png") as temporary:
        found.plot(temporary)
    events = [(strength * units, name, what) for strength, name, what in found.events()]
    result: dict[str, Any] = {
        "events": events,
        **agreement(found.strengths, found.coefficients, x, y),
    }
    files.write_json(Path(out_dir) / "path.json", result)
    print(table(result))
    return result


def standardized(a: np.ndarray) -> np.ndarray:
    scaled: np.ndarray = (a - a.mean(0)) / a.std(0)
    return scaled


def agreement(
    strengths: np.ndarray, coefficients: np.ndarray, x: np.ndarray, y: np.ndarray
) -> dict[str, Any]:
    """How far the path is from scikit-learn's on the same strengths."""
    _, expected, _ = lasso_path(x, y, alphas=strengths / 2, tol=1e-12, max_iter=10**6)
    expected = expected.T
    expected[np.abs(expected) < 1e-12] = 0  # at the first strength it holds 1e-16
    same = np.all((coefficients != 0) == (expected != 0), axis=1)
    return {
        "strengths": len(same),
        "same_support": int(same.sum()),
        "largest_difference": float(np.abs(coefficients - expected).max()),
    }


def table(result: dict[str, Any]) -> str:
    lines = ["   l1 <=  event"]
    lines += [f"{strength:8.4f}  {name:4s} {what}" for strength, name, what in result["events"]]
    lines.append(
        f"support equal to scikit-learn's at {result['same_support']} of {result['strengths']} "
        f"strengths; largest difference of a coefficient {result['largest_difference']:.1e}"
    )
    return "\n".join(lines)
