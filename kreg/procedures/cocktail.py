"""`experiment=cocktail`: which mixture of regularizers is best for these rows and this model?

Every ingredient that kreg has may be in or out, with a strength of its own; a search under a time
budget minimises the clean validation loss, and hopeless trials are cut short. Then the best mixture
is taken apart: each ingredient is left out once. Where the defaults are better on the same rows and
starts than all that was found, they are the answer. Source of the idea: Kadra et al., Well-tuned
simple nets excel on tabular datasets, 2021.
"""

import math
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from kreg import files
from kreg.config.backends import TENSORFLOW
from kreg.config.experiment_arguments import check_cocktail
from kreg.config.procedures import MEMBERS
from kreg.config.root import Config
from kreg.config.validate import validate
from kreg.factories import data
from kreg.launch.compose import compose_job
from kreg.pages import terminal
from kreg.printable import say
from kreg.procedures import cocktail_page, ingredients
from kreg.procedures.trials import attempt, train
from kreg.sweeps import stacked
from kreg.sweeps.results import STACKS, read_json
from kreg.sweeps.study import Setting, Study
from kreg.training import units
from kreg.training.shared_steps import SharedSteps
from kreg.training.stacked_step import StackedStep
from kreg.training.stacks import Stacks

PAGE = "cocktail.html"
MIXTURE, DEFAULTS = "the cocktail", "the defaults"
SHARE = 0.7  # of the time goes to the search, the rest to taking the best mixture apart


def run(
    out_dir: str | Path,
    *,
    config: Config,
    seconds: float = 300.0,
    trials: int = 1000,
    seeds: int = 2,
    sampler: str = "auto",
    only: list[str] | None = None,
) -> dict[str, Any]:
    """Search, take apart, and write `cocktail.html`, `cocktail.json` and the best mixture's option.

    Args:
        out_dir: Where the files go. A search that was killed goes on in the same directory.
        config: The checked configuration: data, model and trainer come from here.
        seconds: Number > 0: the time for everything. One setting is tried in any case, and the best
            one, the same without any ingredient and the defaults are trained; that this took
            longer is said.
        trials: Whole number >= 1: at most so many settings.
        seeds: Whole number >= 1 of starts with which the best mixture and its variants are trained.
        sampler: `"auto"`, `"tpe"` or `"random"`; see `kreg.sweeps.study.Study`.
        only: Names of ingredients to search over; the others stay out. Defaults to all.

    Returns:
        `{"best": params, "ablation": [...], "untrained": [names], "defaults": {...},
        "answer": name, "trials": n, "seconds": s, "asked_seconds": s, "units": {...},
        "metrics": {...}, "objective": val_clean_loss}`; metrics and objective are those of the
        answer, the best mixture or the defaults; untrained are the variants for which no time was
        left.
    """
    given = {"seconds": seconds, "trials": trials, "seeds": seeds, "sampler": sampler}
    check_cocktail(given | {"only": only})
    began = time.monotonic()
    out_dir = Path(out_dir)
    search = CocktailSearch(config, out_dir, only, sampler)
    study = search.study
    while not study.trials or (
        len(study.trials) < trials and time.monotonic() - began < SHARE * seconds
    ):
        search.try_round(trials)
    if study.best is None:
        raise ValueError("No setting had a finite validation loss. Look at the data and the model.")
    best = study.best.params
    ablation = search.ablation(best, seeds, began + seconds)
    defaults = search.row(DEFAULTS, usual(config), seeds)
    answer = min(ablation[0], defaults, key=lambda row: row["val_clean_loss"])
    result = {
        "best": best,
        "ablation": ablation,
        "untrained": list(search.variants(best))[len(ablation) :],
        "defaults": defaults,
        "answer": answer["name"],
        "trials": len(study.trials),
        "seconds": time.monotonic() - began,
        "asked_seconds": float(seconds),
        "units": search.units,
        "metrics": answer["metrics"],
        "objective": answer["val_clean_loss"],
    }
    write(out_dir, search, result)
    show(result)
    print(f"page: {out_dir / PAGE}")
    return result


class StackedRounds:
    """Which settings of a search train as one model: decided round by round, said and written.

    Args:
        path: What is written, in the words of a sweep's `sweep.json`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.compiled: dict[str, StackedStep] = {}

    def begin(self, configs: Sequence[Config], numbers: Sequence[int]) -> Stacks:
        """The stacks of a round."""
        stacks = Stacks(configs, numbers=numbers, compiled=self.compiled)
        found = stacks.decide()
        for line in stacked.told(found):
            say(f"settings: {line}", sys.stdout)
        files.write_json(self.path, stacked.joined(read_json(self.path), found, set(numbers)))
        return stacks


class CocktailSearch:
    """Trains settings of one configuration, remembers them, and takes the best one apart."""

    def __init__(
        self,
        config: Config,
        out_dir: Path,
        only: list[str] | None = None,
        sampler: str = "auto",
    ) -> None:
        self.config, self.steps = config, SharedSteps()
        info = data.load(config.data, config.seed)
        self.image, self.units = info.is_image, units.of(info)
        whole = ingredients.space(info.is_image, config.model.kind, bool(info.class_names))
        space = ingredients.restricted(whole, only)
        self.study = Study(
            space,
            out_dir / "trials.jsonl",
            config.seed,
            sampler,
            ingredients.first(space, config.model.kind),
        )
        stacks = config.trainer.backend == TENSORFLOW  # no other one trains them
        self.at_once = ingredients.round_size(space, config.model.kind) if stacks else 1
        self.stacked = StackedRounds(out_dir / STACKS)

    def tree(self, params: Setting) -> ingredients.Tree:
        """The configuration of a setting as plain data."""
        return ingredients.applied(self.config.to_dict(), ingredients.STARTS | params, self.image)

    def checked(self, params: Setting) -> Config:
        """The configuration that is trained for a setting."""
        return validate(ingredients.sharing(self.tree(params), self.study.space))

    def try_round(self, most: int) -> None:
        """Train the next settings, and note what they are worth when all of them have ended.

        Args:
            most: How many trials there may be in all.
        """
        asked = self.study.ask_round(self.at_once, most)
        configs = [self.checked(trial.params) for trial in asked]
        numbers = [trial.number for trial in asked]
        stacks = self.stacked.begin(configs, numbers) if self.at_once > 1 else None
        found = [self.worth(config, stacks) for config in configs]
        known = len(self.study.trials) - numbers[0]  # what an interruption has let through
        for trial, worth in list(zip(asked, found, strict=True))[known:]:
            self.study.tell(trial, **worth)

    def worth(self, config: Config, stacks: Stacks | None) -> dict[str, Any]:
        """What a setting is worth; one that fails is worth nothing and ends no search."""
        try:
            return attempt(config, self.study.hopeless, self.steps, stacks)
        except FloatingPointError:
            return {"value": math.inf}

    def variants(self, best: Setting) -> dict[str, Setting]:
        """The best setting, the same without all of its ingredients, and without each of them."""
        found = {MIXTURE: best, "without all": ingredients.plain(best)}
        for name in ingredients.active(best):
            found[f"without {name}"] = best | {name: ingredients.WITHOUT[name]}
        return found

    def ablation(self, best: Setting, seeds: int, deadline: float) -> list[dict[str, Any]]:
        """What the variants are worth, the first two in any case, the others until the deadline."""
        rows: list[dict[str, Any]] = []
        for name, params in self.variants(best).items():
            if time.monotonic() <= deadline or len(rows) < 2:
                rows.append(self.row(name, self.checked(params), seeds))
        return rows

    def row(self, name: str, config: Config, seeds: int) -> dict[str, Any]:
        """What a configuration is worth from several starts on the same split, on average."""
        runs = [train(config, seed=config.seed + k, steps=self.steps) for k in range(seeds)]
        mean = {key: sum(run[key] for run in runs) / len(runs) for key in runs[0]}
        losses = [run["val_clean_loss"] for run in runs]
        told = {"name": name, "val_clean_loss": mean["val_clean_loss"]}
        return {**told, "losses": losses, "metrics": mean}


def usual(config: Config) -> Config:
    """What is trained on these rows where nobody says more than the model: its recipe, if any."""
    given = config.to_dict() | {"procedure": "train", "arguments": {}}
    if config.model.kind not in ingredients.RECIPES:
        return validate(given)
    tree = compose_job([MEMBERS[config.model.kind], "data=wine"]).to_dict()
    kept = {key: given[key] for key in ("data", "model", "seed", "task", "allow")}
    length = {key: tree["trainer"][key] for key in ingredients.LENGTH}
    return validate(tree | kept | {"trainer": given["trainer"] | length})


def write(out_dir: Path, search: CocktailSearch, result: dict[str, Any]) -> None:
    """The result, the mixture as an option file, and the page."""
    command = f"python train.py --config-dir {shlex.quote(str(out_dir))} experiment=cocktail_best"
    mixed = result["answer"] == MIXTURE
    tree = search.tree(result["best"]) if mixed else usual(search.config).to_dict()
    text = ingredients.as_yaml(tree, command)
    files.write(out_dir / "experiment" / "cocktail_best.yaml", text)
    files.write_json(out_dir / "cocktail.json", result)
    page = cocktail_page.render(result, search.study.trials, text, command)
    files.write(out_dir / PAGE, page)


def show(result: dict[str, Any]) -> None:
    """What was found, and what each ingredient is worth."""
    rows = result["ablation"]
    console = Console()
    tried = cocktail_page.counted(result["trials"])
    console.print(f"{tried} tried; each ingredient of the best left out once:\n")
    console.print(terminal.table(cocktail_page.table(rows), console))
    about = units.told(result["units"])
    for line in (about, cocktail_page.late(result), cocktail_page.beside(result)):
        if line:
            console.print(line, highlight=False)
