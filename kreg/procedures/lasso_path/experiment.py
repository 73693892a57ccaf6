"""`experiment=lasso_path`: which columns of your table, and how strong a lasso?

A linear model with an L1 penalty at a hundred strengths, cross-validated; the chosen strength, its
columns with their weights, and how many of the folds agree. No TensorFlow is started.
"""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from kreg import files
from kreg.config.experiment_arguments import check_path
from kreg.config.root import Config
from kreg.data.assembly import safe
from kreg.foreign import json_text
from kreg.pages import View, html, markdown, terminal
from kreg.procedures.lasso_path import page, rows
from kreg.procedures.lasso_path.cross_validation import cross_validated, follow
from kreg.procedures.lasso_path.outcome import Outcome, table
from kreg.procedures.lasso_path.rows import Part, Rows
from kreg.procedures.lasso_path.solvers import Floats, strongest

PAGE = "lasso_path.html"
WIDE, TALL = 0.01, 0.001  # weakest over strongest strength with more columns than rows, and fewer


def run(
    out_dir: str | Path,
    *,
    config: Config,
    folds: int = 5,
    count: int = 100,
    ratio: float | None = None,
    choose: str = "min",
) -> dict[str, Any]:
    """Follow the path, choose a strength, print its columns; write the page and the numbers.

    Args:
        out_dir: Where `lasso_path.html`, `lasso_path.md` and `path.csv` go.
        config: The checked configuration: its `data` and its `seed`.
        folds: Whole number >= 2. The test rows (`data.test`) are set aside before.
        count: Whole number >= 2 of strengths.
        ratio: Weakest over strongest strength, in (0, 1). Defaults to 0.01 where there are more
            columns than rows, and to 0.001.
        choose: `"min"`, the smallest error, or `"1se"`, the strongest one within one standard
            error of it.

    Returns:
        The fields of `result.json`: see `Outcome.as_dict`.
    """
    check_path({"folds": folds, "count": count, "ratio": ratio, "choose": choose})
    found = solve(rows.read(config.data, config.seed, folds), count, ratio, choose)
    name, target = (
        safe(found.rows.raw.name),
        str(getattr(config.data, "target", "") or "the target"),
    )
    result = found.as_dict()
    shown = page.view(found, result, name, target)
    write(Path(out_dir), found, shown, markdown.text(shown))
    terminal.show(shown)
    print(f"page: {Path(out_dir) / PAGE}")
    return json_text.parse(json.dumps(result))  # type: ignore[no-any-return]


def solve(table: Rows, count: int, ratio: float | None, choose: str) -> Outcome:
    """The path of all rows but those of the test, and of every fold at the same strengths."""
    whole = table.encoded()
    part, scale = whole.train, 1.0
    if table.squared:  # as the target of a training is: the strengths are those of `reg.l1`
        scale = float(part.y.std()) or 1.0
    strengths = grid(part, table, scale, count, ratio)
    path = follow(part, strengths, table.squared, scale)
    errors = cross_validated(table.in_folds(), path.strengths, whole.names, table.squared, scale)
    return Outcome(table, whole, path, errors, scale, choose)


def grid(part: Part, table: Rows, scale: float, count: int, ratio: float | None) -> Floats:
    """Falling strengths at even ratios; at the first one every weight is zero."""
    first = strongest(part.x, part.y / scale, part.weight, table.squared)
    if not first > 0:
        raise ValueError(
            f"{safe(table.raw.name)}: no column has anything to do with the target, so there is no "
            "path."
        )
    last = WIDE if part.x.shape[1] > len(part) else TALL
    strengths: Floats = first * (ratio or last) ** (np.arange(count) / (count - 1))
    return strengths


def write(folder: Path, outcome: Outcome, shown: View, text: str) -> None:
    """The page, its Markdown, and the weights at every strength."""
    heads, lines = table(outcome)
    cells = io.StringIO()
    csv.writer(cells).writerows([heads, *lines])
    files.write(folder / "path.csv", cells.getvalue())
    files.write(folder / "lasso_path.md", text)
    files.write(folder / PAGE, html.page(shown))
