"""What a search has found: the best setting, its model, the table, and the answer in sentences."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import keras
import pandas as pd

from kreg.pages import html
from kreg.pages.views import Section, View
from kreg.searching.grid import Setting
from kreg.sweeps import page
from kreg.sweeps.answer import answer
from kreg.sweeps.effect import Effect, effects
from kreg.sweeps.reading import Sweep
from kreg.sweeps.settings import chosen, settings, text


@dataclass
class Found:
    """The result of `kreg.search`.

    Args:
        sweep: All trainings, as a sweep has its runs.
        names: The names of all settings, those with one value included.
        best: The chosen setting, name to value.
        model: Its model, trained on all rows; `None` where that failed, which `answer` says.
        more: Sentences about the model, and about settings that failed.
    """

    sweep: Sweep
    names: list[str]
    best: Setting
    model: keras.Model | None = None
    more: list[str] = field(default_factory=list)

    @property
    def answer(self) -> list[str]:
        """The best setting, how far the next one is, what each setting is worth: sentences."""
        return [*answer(self.sweep, self.effects), *self.more]

    @property
    def effects(self) -> list[Effect]:
        """What each value does to the loss, among the trainings that have one."""
        return effects(self.sweep)

    @property
    def runs(self) -> pd.DataFrame:
        """One row a training: setting, fold, seed, status, loss and metrics of the fold."""
        renamed = {"data.fold": "fold", "objective": self.sweep.objective}
        return self.sweep.runs.drop(columns="run").rename(columns=renamed)

    @property
    def table(self) -> pd.DataFrame:
        """One row a setting, the best first.

        Columns: the settings; `trainings`; the mean loss of the held-out folds, and `error`, its
        standard error; `difference` to the chosen setting, paired, and `difference_error`;
        `zeros`, the mean fraction of weights that are exactly zero.
        """
        found = settings(self.sweep)
        best = chosen(self.sweep, found)
        rows = []
        for one in found:
            gap = one.difference(best, self.sweep.replicates)
            rows.append(
                {name: one.runs.iloc[0][name] for name in self.names}
                | {"trainings": one.objective.count, self.sweep.objective: one.objective.mean}
                | {"error": one.objective.error, "difference": gap.mean}
                | {"difference_error": gap.error, "zeros": one.estimate("sparsity").mean}
            )
        return pd.DataFrame(rows)

    def __str__(self) -> str:
        shown = self.table.map(lambda value: text(value) if value is None else value)
        return "\n".join([shown.to_string(index=False, na_rep=""), "", *self.answer])

    @property
    def page(self) -> str:
        """The answer, the loss against the strength, settings and effects: one file of HTML."""
        return html.page(self.view(page.sections(self.sweep, self.effects)))

    def _repr_html_(self) -> str:
        """In a notebook: the answer, the settings, the effects."""
        parts = [page.per_setting(self.sweep), page.effects_section(self.sweep, self.effects)]
        return html.inside(html.fragment(self.view(parts)))

    def view(self, parts: Sequence[Section | None]) -> View:
        """Some sections below the answer."""
        head = replace(page.head(self.sweep, self.effects), sentences=self.answer)
        return View(head, [part for part in parts if part is not None])


def best_of(sweep: Sweep, names: list[str]) -> tuple[Setting, pd.DataFrame]:
    """The chosen setting and its trainings."""
    runs = chosen(sweep, settings(sweep)).runs
    first = runs.iloc[0]
    return {name: first[name] for name in names if first[name] is not None}, runs
