"""`experiment=cocktail`: which mixture of regularizers is best for these rows and this model?

Every ingredient that kreg has may be in or out, with a strength of its own; a search under a time
budget minimises the clean validation loss, and hopeless trials are cut short. Then the best mixture
is taken apart: each ingredient is left out once. Source of the idea: Kadra et al., Well-tuned
simple nets excel on tabular datasets, 2021.
"""

import json
import math
import time
from pathlib import Path

from rich.console import Console

from kreg import check
from kreg.build import data, reuse
from kreg.config.validate import validate
from kreg.experiments import cocktail_page, ingredients
from kreg.experiments.trials import attempt, train
from kreg.pages import terminal
from kreg.sweeps.search import Study

PAGE = "cocktail.html"
SHARE = 0.7  # of the time goes to the search, the rest to taking the best mixture apart


def run(
    out_dir,
    *,
    config,
    seconds: float = 300.0,
    trials: int = 1000,
    seeds: int = 2,
    sampler: str = "auto",
    only: list | None = None,
) -> dict:
    """Search, take apart, and write `cocktail.html`, `cocktail.json` and the best mixture's option.

    Args:
        out_dir: Where the files go. A search that was killed goes on in the same directory.
        config: The checked configuration: data, model and trainer come from here.
        seconds: Number > 0: the time for everything.
        trials: Whole number >= 1: at most so many settings.
        seeds: Whole number >= 1 of starts with which the best mixture and its variants are trained.
        sampler: `"auto"`, `"tpe"` or `"random"`; see `kreg.sweeps.search.Study`.
        only: Names of ingredients to search over; the others stay out. Defaults to all.

    Returns:
        `{"best": params, "metrics": {...}, "ablation": [...], "plain": {...}, "trials": n,
        "objective": val_clean_loss}`.
    """
    check.number("seconds", seconds, low=0, low_open=True)
    check.integer("trials", trials, low=1)
    check.integer("seeds", seeds, low=1)
    began = time.monotonic()
    out_dir = Path(out_dir)
    bar = Bar(config, out_dir, only, sampler)
    while len(bar.study.trials) < trials and time.monotonic() - began < SHARE * seconds:
        bar.serve()
    if bar.study.best is None:
        raise ValueError("No setting had a finite validation loss. Look at the data and the model.")
    best = bar.study.best.params
    result = {
        "best": best,
        "ablation": bar.take_apart(best, seeds, began + seconds),
        "trials": len(bar.study.trials),
        "seconds": time.monotonic() - began,
    }
    first = result["ablation"][0]
    result |= {"metrics": first["metrics"], "objective": first["val_clean_loss"]}
    write(out_dir, bar, result)
    show(result)
    print(f"page: {out_dir / PAGE}")
    return result


class Bar:
    """Where cocktails are mixed: trains settings of one configuration and remembers them."""

    def __init__(self, config, out_dir: Path, only: list | None = None, sampler: str = "auto"):
        self.config = config
        info = data.load(config.data, config.seed)
        self.image = info.is_image
        whole = ingredients.space(info.is_image, config.model.kind, info.task != "regression")
        space = ingredients.restricted(whole, only)
        self.study = Study(
            space, out_dir / "trials.jsonl", config.seed, sampler, ingredients.first(space)
        )

    def tree(self, params: dict) -> dict:
        """The configuration of a setting as plain data."""
        return ingredients.applied(self.config.to_dict(), ingredients.STARTS | params, self.image)

    def checked(self, params: dict):
        """The configuration that is trained for a setting."""
        return validate(ingredients.sharing(self.tree(params), self.study.space))

    def serve(self) -> None:
        """Train the next setting; what fails is worth nothing and ends no search."""
        trial = self.study.ask()
        try:
            with reuse.sharing():
                found = attempt(self.checked(trial.params), self.study.hopeless)
        except FloatingPointError:
            found = {"value": math.inf}
        self.study.tell(trial, **found)

    def take_apart(self, best: dict, seeds: int, deadline: float) -> list[dict]:
        """The best setting, the same without each of its ingredients, and without all of them."""
        variants = {"the cocktail": best}
        variants |= {"without all": ingredients.plain(best)}
        for name in ingredients.active(best):
            variants[f"without {name}"] = best | {name: ingredients.WITHOUT[name]}
        rows = []
        for name, params in variants.items():
            late = time.monotonic() > deadline and len(rows) >= 2
            runs = [] if late else [self.repeat(params, k) for k in range(seeds)]
            if runs:
                mean = {key: sum(run[key] for run in runs) / len(runs) for key in runs[0]}
                losses = [run["val_clean_loss"] for run in runs]
                told = {"name": name, "val_clean_loss": mean["val_clean_loss"]}
                rows.append({**told, "losses": losses, "metrics": mean})
        return rows

    def repeat(self, params: dict, number: int) -> dict:
        """One start of a setting on the same split."""
        config = self.checked(params)
        with reuse.sharing():
            return train(config, start=config.seed + number)


def write(out_dir: Path, bar: Bar, result: dict) -> None:
    """The result, the mixture as an option file, and the page."""
    (out_dir / "experiment").mkdir(parents=True, exist_ok=True)
    command = f"python train.py --config-dir {out_dir} experiment=cocktail_best"
    text = ingredients.as_yaml(bar.tree(result["best"]), command)
    (out_dir / "experiment" / "cocktail_best.yaml").write_text(text, encoding="utf-8")
    (out_dir / "cocktail.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    page = cocktail_page.render(result, bar.study.trials, text, command)
    (out_dir / PAGE).write_text(page, encoding="utf-8")


def show(result: dict) -> None:
    """What was found, and what each ingredient is worth."""
    rows = result["ablation"]
    console = Console()
    console.print(
        f"{result['trials']} settings tried; each ingredient of the best left out once:\n"
    )
    console.print(terminal.table(cocktail_page.table(rows), console))
