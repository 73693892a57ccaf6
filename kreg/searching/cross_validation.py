"""Every setting on every fold and seed; what an earlier search has trained is not trained again."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import pandas as pd

from kreg.searching.building import Builder, thrown_away
from kreg.searching.grid import Setting
from kreg.searching.journal import Journal, digest
from kreg.searching.likeness import Likeness, all_of
from kreg.searching.trials import OBJECTIVE, Data, Training, split
from kreg.sweeps.settings import name_of

Row = dict[str, Any]
FEW = 8  # rows on which models are compared


class Trials:
    """The trainings of a search, setting by setting.

    Args:
        builder: Makes the model of a setting.
        like: What `build` has returned before.
        data: All rows.
        how: How each training goes.
        folds, seeds: On which of them.
        journal: Keeps what is done.
    """

    def __init__(
        self,
        builder: Builder,
        like: Likeness,
        data: Data,
        how: Training,
        folds: int,
        seeds: list[int],
        journal: Journal,
    ) -> None:
        self.builder, self.like, self.data, self.how = builder, like, data, how
        self.folds, self.seeds, self.journal = folds, seeds, journal
        self.common = "" if journal.folder is None else digest(data.x, data.y, how, folds)

    def of(self, setting: Setting, say: Callable[[str], Any]) -> list[Row]:
        """All trainings of one setting; the first one that breaks is its last."""
        mark, known = self.mark(setting), len(self.journal.known)
        rows: list[Row] = []
        for seed in self.seeds:
            for fold in range(self.folds):
                own = self.once(f"{mark} {seed} {fold}", setting, seed, fold)
                rows.append({**setting, "seed": seed, "data.fold": fold, **own})
                if rows[-1]["status"] != "done":
                    say(failure(rows[-1], list(setting)))
                    return rows
        mean = sum(row["objective"] for row in rows) / len(rows)
        done = ", done before" if mark and len(self.journal.known) == known else ""
        say(f"{name(setting)}: {OBJECTIVE} {mean:.4g}{done}")
        return rows

    def mark(self, setting: Setting) -> str:
        """What tells the trainings of a setting apart from all others; empty where none is kept.

        The rows, how it goes, the setting, and all that the first model of `build` shows of itself.
        """
        if self.journal.folder is None:
            return ""
        with thrown_away():
            model = self.bare(setting, self.seeds[0])
            shown = all_of(model, *self.data.rows(slice(FEW)))
        return digest(self.common, sorted(setting.items()), shown)

    def once(self, of: str, setting: Setting, seed: int, fold: int) -> Row:
        """One training, or what it was."""
        if of in self.journal.known:
            return self.journal.known[of]
        rows = split(self.data, self.folds, fold, seed, self.how.stops)
        with thrown_away():
            model = self.model(setting, seed)
        found = self.how.run(model, self.data, rows, seed)
        self.journal.add(of, found)
        return found

    def bare(self, setting: Setting, seed: int) -> keras.Model:
        """A fresh one of `build`, which is like those that it has returned before."""
        keras.utils.set_random_seed(seed)
        model = self.builder.bare(setting)
        self.like.check(model, setting)
        return model

    def model(self, setting: Setting, seed: int) -> keras.Model:
        """A fresh one, ready to be trained."""
        return self.builder.finished(self.bare(setting, seed), setting, seed)


def failure(row: Mapping[str, Any] | pd.Series, names: list[str]) -> str:
    """Which setting has failed, where, and why."""
    setting = {key: row[key] for key in names if row[key] is not None}
    where = f"fold {row['data.fold']}, seed {row['seed']}"
    return f"{name(setting)} has failed ({where}): {row['problem']}"


def name(setting: Setting) -> str:
    return name_of(pd.Series(setting, dtype=object), list(setting))
