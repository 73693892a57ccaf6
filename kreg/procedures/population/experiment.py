"""`experiment=population`: a training that finds its own numbers while it runs.

Members of one start train as one stack. Again and again the worst of them go on with weights and
optimizer of the best, and with slightly other numbers. The line of copies that reaches the least
validation loss is kept as a run of its own, and its numbers as an option file that trains it again.
Source: Jaderberg et al., Population based training of neural networks, 2017.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from kreg import files
from kreg.config import automatic
from kreg.config.experiment_arguments import check_population
from kreg.config.root import Config
from kreg.config.validate import validate
from kreg.pages import terminal
from kreg.printable import say
from kreg.procedures.population import found, generations, numbers, page
from kreg.procedures.population.generations import Generation, Rules
from kreg.procedures.population.kept import Kept
from kreg.procedures.population.members import Members
from kreg.procedures.population.numbers import Ranges, Setting
from kreg.runs import RunDirectory
from kreg.training import app, lines, plan, stacks, start
from kreg.training.plan import Plan

PAGE, BEST, AGAIN = "population.html", "best", "retrained"
STOP = {"kind": "patience", "patience": 10**9, "average": 1}  # as stop=best
OF_BEST = ("task", "units", "metrics", "objective", "objective_name", "params", "best_epoch",
           "verdict", "headline", "warnings", "versions")  # fmt: skip
TOLD = (
    "The best line of a population of {} members: one run with the schedule of this configuration "
    "differs from it by rounding. The seconds are those of playing it back, not of the population."
)


def run(
    out_dir: str | Path,
    *,
    config: Config,
    members: int = 16,
    interval: int = 5,
    quantile: float = 0.25,
    factor: float = 1.25,
    resample: float = 0.25,
    numbers: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Train a population; keep its best line as a run, its numbers as an option, and train it so.

    Args:
        out_dir: Where the files go. A population that was killed goes on in the same directory,
            after the last generation that had ended.
        config: The checked configuration, with the numbers that the first member begins with.
        members: Whole number from 2 to 64 of networks that train at once.
        interval: Whole number >= 1 of epochs between two exploits, less than the training has.
        quantile: Share in (0, 0.5] of the members that are replaced, and of those that are copied.
        factor: Number in [1, 10] with which a copied number is multiplied, or divided.
        resample: Share in [0, 1] of the copied numbers that are drawn from their range anew.
        numbers: Key -> `[low, high]` of the numbers that are varied. Defaults to all that the
            command has switched on, each from a tenth of its number to ten times it; of an average
            of the weights its memory, `1 / (1 - momentum)` steps.

    Returns:
        Of the best line what `result.json` has of a training, `"schedule"`, key -> number or
        schedule, `"line"`, its validation losses, and `"retrained"`, the metrics of the run that
        was trained with this schedule.

    Raises:
        ValueError: If the members cannot be stacked, the interval is no part of the training, or no
            member has a finite loss.
    """
    check_population(config.arguments)
    rules = Rules(interval, float(quantile), float(factor), float(resample))
    place = Path(out_dir)
    member = of_member(config)
    training = prepared(member, members, interval)
    member = automatic.for_task(member, training.data.task)
    ranges, settings = begun(member, members, numbers)
    kept = Kept(place, training.data.fingerprint())
    done, trained = kept.generations, None
    if not RunDirectory(place / BEST).finished or not is_whole(done, training):
        trained = Members(training, settings)
        done = evolved(trained, training, settings, ranges, rules, kept, member)
    line = generations.best_line(done)
    schedule = found.configuration(member, done, line)
    option = found.write(schedule, place)
    if trained is not None:
        play(training, trained, done, line, schedule, place / BEST)
    kept.let_go()
    say("The same numbers as one run:", sys.stdout)
    app.run(schedule, place / AGAIN)
    result = told(place, done, line, schedule)
    files.write(place / PAGE, page.render(result, done, line, option, place))
    show(result, done, line)
    print(f"page: {place / PAGE}")
    return result


def of_member(config: Config) -> Config:
    """The configuration of a training that is a member.

    Raises:
        ValueError: If such trainings cannot be stacked.
    """
    tree = config.to_dict() | {"procedure": "train", "arguments": {}, "seeds": 1, "stop": STOP}
    member = validate(tree)
    if why := stacks.obstacle(member):
        raise unstackable(why)
    return member


def unstackable(why: str) -> ValueError:
    return ValueError(f"experiment=population trains its members as one stack, and here {why}.")


def prepared(member: Config, members: int, interval: int) -> Plan:
    """The plan that all members begin with.

    Raises:
        ValueError: If its sizes speak against a stack, or no exploit would come.
    """
    start.again(member.seed)
    training = plan.make(member, whole_epochs=True)
    if why := stacks.too_heavy(training):
        raise unstackable(why)
    epochs = training.budget.epochs
    if interval >= epochs:
        raise ValueError(
            f"arguments.interval={interval}: the training has {epochs} epochs, so that nobody "
            f"would copy anybody. Say fewer than {epochs}, or a longer training."
        )
    size = stacks.sizes_of(training)["bytes"]
    if size * members > stacks.MOST_BYTES:
        raise ValueError(
            f"arguments.members={members}: their states take {stacks.spoken(size * members)} of "
            f"memory, and a stack may take {stacks.spoken(stacks.MOST_BYTES)}. Say "
            f"{int(stacks.MOST_BYTES // size)} at most, or a shorter training."
        )
    return training


def begun(
    member: Config, members: int, given: Mapping[str, Any] | None
) -> tuple[Ranges, list[Setting]]:
    """The ranges of the numbers, and what each member begins with."""
    own = numbers.switched_on(member)
    ranges = numbers.ranges(own, given)
    return ranges, numbers.first(own, ranges, members, member.seed)


def is_whole(done: list[Generation], training: Plan) -> bool:
    return bool(done) and done[-1].epoch >= training.budget.epochs


def evolved(
    members: Members,
    training: Plan,
    settings: list[Setting],
    ranges: Ranges,
    rules: Rules,
    kept: Kept,
    member: Config,
) -> list[Generation]:
    """All generations of a population; those that an earlier process has kept are read."""
    done: list[Generation] = []
    epochs, seed = training.budget.epochs, member.seed
    known = kept.generations
    while not is_whole(done, training):
        if done:
            settings = generations.explored(done[-1], ranges, rules, seed)
            members.copy(done[-1].copied)
            members.give({place: settings[place] for place in done[-1].exploits})
        first = done[-1].epoch if done else 0
        until = min(first + rules.interval, epochs)
        states = kept.states(len(done)) if len(done) < len(known) else None
        if states is not None:
            members.remember(states)
            done.append(known[len(done)])
            continue
        members.train(until)
        losses, last = members.losses(), until == epochs
        done.append(generations.ended(until, settings, losses, last, rules, seed))
        kept.add(members.states(first), done)
        if member.trainer.verbose != "quiet":
            say(page.progress(done[-1], epochs), sys.stdout)
    return done


def play(
    training: Plan,
    members: Members,
    done: list[Generation],
    line: list[int],
    schedule: Config,
    folder: Path,
) -> None:
    """Leave the best line as a run: Keras's `fit` with the states that it had."""
    by_epoch = generations.by_epoch(done, line)
    player = members.player(by_epoch, done[-1].numbers[line[-1]])
    training.model.train_function = player
    training.stacked = len(done[0].losses)
    training.data.warnings.append(TOLD.format(training.stacked))
    with RunDirectory(folder) as place:
        result = app.train_and_record(training, schedule, place, schedule.to_dict()).result
        lines.show(result, place, schedule)


def told(place: Path, done: list[Generation], line: list[int], schedule: Config) -> dict[str, Any]:
    """What `result.json` says of a population."""
    best, again = (RunDirectory(place / name).result or {} for name in (BEST, AGAIN))
    tree = schedule.to_dict()
    moved = {key: tree[key.split(".")[0]][key.split(".")[1]] for key in done[0].numbers[0]}
    return {
        **{key: best[key] for key in OF_BEST},
        "members": len(done[0].losses),
        "generations": len(done),
        "exploits": sum(len(one.exploits) for one in done),
        "schedule": moved,
        "line": generations.losses_of(done, line),
        "retrained": {key: again[key] for key in ("metrics", "best_epoch", "verdict")},
        "best": str(place / BEST),
        "command": found.command(place),
    }


def show(result: dict[str, Any], done: list[Generation], line: list[int]) -> None:
    """The schedule that was found, and what it is worth."""
    console = Console()
    console.print(" ".join(page.told(result)))
    console.print(terminal.table(page.table(done, line), console))
