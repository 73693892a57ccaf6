"""`kreg.search`: every setting on the same folds and seeds, the best one trained on all rows."""

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from kreg import check, files, private_keras
from kreg.randomness import same_randomness
from kreg.searching.building import Builder, thrown_away, wanted
from kreg.searching.cross_validation import FEW, Trials, failure
from kreg.searching.found import Found, best_of
from kreg.searching.grid import Grid
from kreg.searching.journal import PAGE, Journal
from kreg.searching.likeness import probe
from kreg.searching.trials import OBJECTIVE, Data, Training, refitted
from kreg.sweeps.reading import Sweep, as_told
from kreg.sweeps.settings import settings as settings_of

MOST = 5000  # trainings, unless more are asked for


def search(
    build: Callable[..., Any],
    x: Any,
    y: Any,
    settings: Mapping[str, Any],
    *,
    folds: int = 5,
    seeds: int | Sequence[int] = 1,
    choose: str = "min",
    epochs: int = 100,
    batch_size: int | None = None,
    early_stopping: bool = True,
    loss: Any = None,
    metrics: Any = None,
    optimizer: Any = "adam",
    most: int = MOST,
    directory: str | PathLike[str] | None = None,
    verbose: int = 1,
) -> Found:
    """Which regularizer, and how much? Cross-validates all combinations for your own model.

    Every setting is trained with `kreg.fit` on the same folds, from the same seeds. The rows of
    the held-out fold train nothing and stop nothing: early stopping looks at 15 % of all rows,
    which are split off the training rows. Settings are compared by the model's loss without
    penalties on the held-out fold, differences pair by pair. Where `reg` is searched the optimizer
    takes kreg's proximal step, under which the zeros of a penalty are exact.

    The same call finds the same numbers: each training begins with Keras's random seed set. The
    global random numbers of Python, NumPy, Keras and TensorFlow go on afterwards as if there had
    been no search.

    With a `directory` each finished training is on the disk. The same call, also one with more
    values, seeds or another `choose`, trains what is missing there, and the last model on all rows.
    What has other rows, another `build` or another length of training counts as missing.

    Args:
        build: A function that returns a fresh Keras model, compiled or not. It gets the settings
            that it has parameters for: `build(units)` gets those of `"units"`.
        x, y: Arrays of shape (n, ...), or nests of them.
        settings: Name to list of values. kreg applies, unless `build` takes them itself: `"reg"`
            (`"none"`, `"l1"`, `"l0"`, `"adaptive_l1"`, `"l2"`, `"elasticnet"`, `"group"`,
            `"sparse_group"`, `"mcp"`, `"scad"`, `"group_mcp"`, `"group_scad"`, `"l2sp"`) and its
            `"strength"` >= 0, halved between the two numbers of `"elasticnet"` and
            `"sparse_group"`; `"dropout"` in [0, 1), of the model's own dropout layers, else
            behind its hidden Dense layers; `"learning_rate"` > 0.
        folds: Whole number >= 2. Defaults to `5`.
        seeds: How many, or which ones: each draws folds, first weights and order anew.
        choose: `"min"`, or `"1se"`: the simplest setting within one standard error of the best.
        epochs: At most so many; exactly so many without early stopping. Defaults to `100`.
        batch_size: As in `fit`.
        early_stopping: Whether trainings stop and go back to their best epoch. Defaults to `True`.
        loss, metrics, optimizer: For a model that `build` does not compile.
        most: Trainings that a search may have. Defaults to `5000`.
        directory: A new or empty folder, or that of an earlier search: `search.jsonl` keeps the
            trainings, `search.html` is the page. Defaults to `None`: nothing is written.
        verbose: `1` says how many trainings there are, and each setting when it is done.

    Returns:
        A `kreg.searching.Found`: `.best`, `.model` (trained on all rows, for the median of the
        best epochs), `.table`, `.runs`, `.answer`.

    Raises:
        ValueError: Before anything is trained, for a setting that cannot be built, a `build` that
            ignores what it is given or returns another architecture each time, and too many
            trainings; afterwards if no setting could be trained.

    >>> import keras, numpy as np
    >>> def build():
    ...     return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> x = np.random.default_rng(0).normal(size=(40, 2))
    >>> found = search(build, x, x[:, :1], {"reg": "l2", "strength": [0.0, 100.0]},
    ...                folds=2, epochs=3, loss="mse", verbose=0)
    >>> found.best
    {'reg': 'l2', 'strength': 0.0}
    """
    grid, data = Grid(settings), Data.of(x, y)
    wants = wanted(build, list(grid.values))
    numbers = checked_seeds(seeds)
    checked_folds(folds, len(data))
    check.choice("choose", choose, ("min", "1se"))
    how = Training(
        check.integer("epochs", epochs, low=1),
        None if batch_size is None else check.integer("batch_size", batch_size, low=1),
        check.flag("early_stopping", early_stopping),
    )
    say = print if verbose else silent
    say(count(grid, folds, numbers, how, most))
    first = data.rows(slice(FEW))
    proximal = "reg" in grid.values and "reg" not in wants
    builder = Builder(build, wants, loss, metrics, optimizer, first[0], proximal)
    journal = Journal(None if directory is None else Path(directory))
    with same_randomness(), private_keras.same_global_seeds(), journal.opened():
        with thrown_away():
            like = probe(builder, grid, *first, numbers[0])
        trials = Trials(builder, like, data, how, folds, numbers, journal)
        rows = [row for setting in grid for row in trials.of(setting, say)]
        found = conclude(as_sweep(rows, grid, choose), grid, trials)
    return written(found, journal)


def conclude(sweep: Sweep, grid: Grid, trials: Trials) -> Found:
    """Choose, and train the chosen setting on all rows."""
    names = list(grid.values)
    failed = [failure(row, names) for _, row in sweep.runs.iterrows() if row["status"] != "done"]
    whole = trials.folds * len(trials.seeds)
    if not any(setting.objective.count == whole for setting in settings_of(sweep)[:1]):
        raise ValueError(" ".join(["No setting could be trained on all folds.", *failed[:3]]))
    best, runs = best_of(sweep, names)
    found = Found(sweep, names, best)
    epochs, seed = max(1, round(runs["best_epoch"].median())), trials.seeds[0]
    model = trials.model(best, seed)
    problem = refitted(model, trials.data, trials.how, epochs, seed)
    found.model = None if problem else model
    found.more = [trained(len(trials.data), epochs, problem, trials.how.stops), *failed]
    return found


def trained(rows: int, epochs: int, problem: str, stops: bool) -> str:
    """What the model is, or why there is none."""
    if problem:
        return f"There is no model: its training on all {rows:,} rows broke. {problem}"
    why = ", the median of its trainings' best epochs" if stops else ""
    return f"The model was trained on all {rows:,} rows for {epochs} epochs{why}."


def written(found: Found, journal: Journal) -> Found:
    """The page, in the search's folder; a full disk costs the page and nothing else."""
    if journal.folder is not None:
        try:
            files.write(journal.folder / PAGE, found.page)
        except OSError as error:
            found.more.append(f"{journal.folder / PAGE} could not be written: {error}.")
    return found


def as_sweep(rows: list[dict[str, Any]], grid: Grid, choose: str) -> Sweep:
    """The trainings as a sweep's runs; a value that a setting does not have is `None`."""
    frame = as_told(rows, list(grid.values))
    frame.insert(0, "run", [str(place) for place in range(len(frame))])
    return Sweep(Path("kreg.search"), frame, [*grid.varied, "seed", "data.fold"], OBJECTIVE, choose)


def count(grid: Grid, folds: int, seeds: list[int], how: Training, most: int) -> str:
    """How many trainings there will be, before the first one; too many are refused."""
    total = grid.size * folds * len(seeds)
    parts = several(grid.size, "setting"), several(folds, "fold"), several(len(seeds), "seed")
    told = f"{' x '.join(parts)} = {several(total, 'training')}"
    if total > check.integer("most", most, low=1):
        raise ValueError(
            f"kreg.search: {told}, more than most={most:,}. Give fewer values, folds or seeds, or "
            f"most={total}."
        )
    return f"kreg.search: {told} of at most {how.epochs} epochs, and one on all rows."


def several(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def checked_seeds(seeds: int | Sequence[int]) -> list[int]:
    if isinstance(seeds, (list, tuple, range)) and seeds:
        return list(dict.fromkeys(check.integer("seeds", seed, low=0) for seed in seeds))
    return list(range(check.integer("seeds", seeds, low=1)))


def checked_folds(folds: int, rows: int) -> None:
    check.integer("folds", folds, low=2)
    if rows < 4 * folds:
        advice = "Each fold should hold a few rows, and there must be some to stop by."
        raise check.invalid("folds", f"at most a quarter of the {rows} rows", folds, advice)


def silent(told: str) -> None:
    """Say nothing."""
