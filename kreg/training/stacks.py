"""Which jobs of a sweep are trained as one stacked model, which are not, and why.

Decided before the first job, from configurations and sizes alone: the same command has the same
stacks on every machine, also when it goes on after an interruption.
"""

import itertools
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kreg import weight_names
from kreg.config.root import Config
from kreg.factories import data
from kreg.runs import RunDirectory
from kreg.training import plan as plans
from kreg.training import shared_steps, start
from kreg.training.class_weights import NONE
from kreg.training.plan import Plan
from kreg.training.shared_steps import SharedSteps
from kreg.training.stack import Stack, batch_of, prepare, state_of
from kreg.training.stacked_step import StackedStep

KINDS = {  # what has been compared with single runs; `Custom` has none of these names
    "model": ("linear", "shallow", "deep", "wide"),
    "optimizer": ("adam", "adamw", "sgd"),
    "reg": ("none", "l1", "l2", "elasticnet", "group", "sparse_group"),
    "dropout": ("none", "dropout"),
    "augment": ("none",),
    "callbacks": ("none",),
    "finetune": ("full",),
}
MOST_PARAMETERS = 100_000  # above, products of matrices take the time, and a stack saves none
MOST_MEMBERS = 64
MOST_COMPILED = 4  # steps that are kept for a later round of a search
MOST_BYTES = 2**30  # of all states that the stacks of a sweep keep
ALONE = "no other job differs from it in numbers alone"
TOLD = (
    "Trained in a stack of {} jobs: a run of its own has the same zeros and differs by rounding, "
    "about 1e-5 after an epoch. The first jobs of a stack wait for the training of all: their "
    "seconds, `training_seconds` among them, are those of the stack and not their own."
)


@dataclass
class Group:
    """Jobs of one compiled step, in their order, or one that is trained by itself.

    Args:
        jobs: Their numbers.
        why: Why they are not stacked; empty where they are.
        sizes: What decided: `parameters`, `rows`, `epochs`, `bytes` that a member takes.
    """

    jobs: list[int]
    why: str = ""
    sizes: dict[str, int] = field(default_factory=dict)


class Stacks:
    """The stacks of one sweep.

    Args:
        configs: The checked configurations of all jobs, in their order.
        folders: Where they write; a job that ended in an earlier process has its result there.
        numbers: What `sweep.json` calls them. Defaults to their places.
        compiled: The steps of earlier stacks of the process, by what they were made of: a search
            has stacks in every round. Defaults to none.
    """

    def __init__(
        self,
        configs: Sequence[Config],
        folders: Sequence[Path] = (),
        numbers: Sequence[int] | None = None,
        compiled: dict[str, StackedStep] | None = None,
    ):
        self.configs, self.folders = list(configs), list(folders)
        self.numbers = list(range(len(self.configs)) if numbers is None else numbers)
        self.compiled = {} if compiled is None else compiled
        self.number = {id(config): number for number, config in enumerate(self.configs)}
        self.groups: list[Group] = []
        self.known_rows: dict[str, int] = {}
        self.ended: dict[int, int] = {}  # job -> its epochs
        self.trained: dict[int, tuple[Stack, list[Plan]]] = {}  # by the place of the group

    def decide(self) -> dict[str, Any]:
        """Form the stacks; returns what `sweep.json` says of them."""
        if not self.configs:
            return {"stacks": [], "not_stacked": []}
        start.prepare(self.configs[0].trainer, self.configs[0].seed)
        groups = [self.sized(group) for group in self.alike()]
        count = sum(not group.why for group in groups)
        self.groups = [part for group in groups for part in parts(group, count)]
        stacked = [{"jobs": self.told(g), **g.sizes} for g in self.groups if not g.why]
        others = [{"jobs": self.told(g), "why": g.why} for g in self.groups if g.why]
        found: dict[str, Any] = {"stacks": stacked, "not_stacked": others}
        bounds = [bound for group in groups if (bound := memory_bound(group, count))]
        return found | ({"memory": bounds[0]} if bounds else {})

    def told(self, group: Group) -> list[int]:
        """The jobs of a group by their numbers in the sweep."""
        return [self.numbers[job] for job in group.jobs]

    def alike(self) -> list[Group]:
        """Jobs that differ in numbers alone and have as many rows; the others with their reason."""
        found: dict[tuple[str, Any], list[int]] = {}
        for number, config in enumerate(self.configs):
            why = obstacle(config)
            key = why or (
                shared_steps.structure(config.to_dict(), length(config)),
                self.rows(config),
            )
            found.setdefault((why, key), []).append(number)
        return [
            Group(jobs, why or (ALONE if len(jobs) == 1 else ""))
            for (why, _), jobs in found.items()
        ]

    def rows(self, config: Config) -> int:
        """Training rows of a job; -1 where they cannot be read, which the job itself will say."""
        key = json.dumps([asdict(config.data), config.seed], default=repr)
        if key not in self.known_rows:
            try:
                self.known_rows[key] = len(data.load(config.data, config.seed).train)
            except Exception:  # whatever it is
                self.known_rows[key] = -1
        return self.known_rows[key]

    def sized(self, group: Group) -> Group:
        """The same jobs with the sizes of a member, or with what they say against a stack."""
        if group.why:
            return group
        config = self.configs[group.jobs[0]]
        start.again(config.seed)
        try:
            made = plans.make(config, whole_epochs=True)
        except Exception as error:  # whatever it is, each of the jobs will say it
            return Group(group.jobs, f"they cannot be built ({type(error).__name__})")
        if why := too_heavy(made):
            return Group(group.jobs, why)
        prepare(made.model, batch_of(made))
        return Group(group.jobs, "", sizes_of(made))

    def take(self, config: Config, steps: SharedSteps) -> Plan | None:
        """The plan of a job whose model plays its part of a stack; `None` for all others.

        Args:
            config: One of the sweep's, this very object.
            steps: What the jobs of this process share: the model with its evaluators.
        """
        number = self.number.get(id(config))
        place = next((i for i, g in enumerate(self.groups) if number in g.jobs and not g.why), None)
        if number is None or place is None:
            return None
        self.let_go(number)
        group, known = self.groups[place], place in self.trained
        stack, members = self.stack(place)
        if not known:  # the members were built since the job has begun
            start.prepare(config.trainer, config.seed, steps)
        member = group.jobs.index(number)
        for before in range(member):
            stack.train(before, self.epochs(group.jobs[before]))
        made = members[member]
        made.model = steps.adopt(made.model, config, ("stacked", *plans.constants(made, config)))
        made.model.train_function = stack.player(member, made.model)
        made.stacked = len(stack)
        made.data.warnings.append(TOLD.format(len(stack)))
        return made

    def let_go(self, job: int) -> None:
        """Forget the stacks whose last job is before this one; others may take turns with it."""
        for place in [one for one in self.trained if max(self.groups[one].jobs) < job]:
            del self.trained[place]

    def epochs(self, job: int) -> int:
        """How many epochs a job that has ended has asked for, well or not; else 0."""
        if job not in self.ended:
            found = RunDirectory(self.folders[job]).result if self.folders else None
            self.ended[job] = int((found or {}).get("epochs", 0))
        return self.ended[job]

    def stack(self, place: int) -> tuple[Stack, list[Plan]]:
        """The stack of a group, and its members' plans: each as its own run would begin."""
        if place not in self.trained:
            members = []
            for number in self.groups[place].jobs:
                config = self.configs[number]
                start.again(config.seed)
                members.append(plans.make(config, whole_epochs=True))
            self.trained[place] = self.begun(members, config), members
        return self.trained[place]

    def begun(self, members: list[Plan], config: Config) -> Stack:
        """A stack of members, with the step of an earlier one of their structure."""
        made = members[-1]
        inputs = (*length(config), made.batch_size, *plans.constants(made, config))
        key = shared_steps.structure(config.to_dict(), inputs)
        fuse = config.trainer.jit_compile == "auto"
        stack = Stack(members, self.compiled.pop(key, None), fuse)
        self.compiled[key] = stack.step
        while len(self.compiled) > MOST_COMPILED:
            del self.compiled[next(iter(self.compiled))]
        return stack


def obstacle(config: Config) -> str:
    """What in a configuration speaks against a stack; empty where nothing does."""
    if config.procedure != "train" or config.check:
        return "nothing is trained, or not by fit"
    for group, known in KINDS.items():
        kind = getattr(getattr(config, group), "kind", None)
        if kind not in known:
            return f"{group}={kind} is not among {', '.join(known)}"
    return next((why for why, holds in exclusions(config).items() if holds), "")


def exclusions(config: Config) -> dict[str, bool]:
    """Settings of the known kinds that a stack does not know."""
    optimizer, trainer = config.optimizer, config.trainer
    return {
        "optimizer.accumulate takes several batches": getattr(optimizer, "accumulate", 1) != 1,
        "reg.rules, reg.max_norm, reg.nonneg or reg.activity go with its penalty": any(
            getattr(config.reg, key, None) for key in ("rules", "max_norm", "nonneg", "activity")
        ),
        "trainer.class_weight weighs rows": trainer.class_weight != NONE,
        "trainer.precision is not float32": trainer.precision != "float32",
        "the objective is a time": config.objective == "seconds",
        "compress goes on with the training": config.compress.enabled,
    }


def length(config: Config) -> tuple[Any, ...]:
    """What decides how long a training is."""
    return (config.trainer.epochs, config.trainer.steps)


def too_heavy(plan: Plan) -> str:
    """What the sizes of a member say against a stack; empty where nothing does."""
    from kreg.data.dataset import is_lazy

    parameters, rows = weight_names.parameters(plan.model), plan.data.train
    if parameters > MOST_PARAMETERS:
        return f"{parameters:,} parameters are more than {MOST_PARAMETERS:,}: a stack saves nothing"
    if rows.weight is not None:
        return "the rows have weights"
    return "the rows are read from files" if is_lazy(rows.x) else ""


def sizes_of(plan: Plan) -> dict[str, int]:
    """What `sweep.json` says of a member; `bytes` are those of all its states and rows."""
    import numpy as np

    states = sum(part.nbytes for part in state_of(plan.model)) * (plan.budget.epochs + 1)
    rows = plan.data.train
    size = states + np.asarray(rows.x).nbytes + rows.y.nbytes
    found = {"parameters": weight_names.parameters(plan.model), "epochs": plan.budget.epochs}
    return {**found, "rows": len(rows), "bytes": size}


def parts(group: Group, stacks: int) -> list[Group]:
    """A group in stacks of equal size, as large as memory allows to each of so many."""
    if group.why:
        return [group]
    most = min(MOST_MEMBERS, fitting(group, stacks))
    if most < 2:
        why = f"the states of two jobs take more than {spoken(MOST_BYTES / max(stacks, 1))}"
        return [Group(group.jobs, why)]
    count = -(-len(group.jobs) // most)
    bounds = [len(group.jobs) * i // count for i in range(count + 1)]
    chunks = [group.jobs[a:b] for a, b in itertools.pairwise(bounds)]
    return [Group(jobs, "" if len(jobs) > 1 else ALONE, group.sizes) for jobs in chunks]


def fitting(group: Group, stacks: int) -> int:
    """How many members memory allows to each of so many stacks."""
    return int(MOST_BYTES // max(stacks, 1) // group.sizes["bytes"])


def memory_bound(group: Group, stacks: int) -> str:
    """What is said where memory lets fewer jobs train at once than there are."""
    wanted = min(len(group.jobs), MOST_MEMBERS)
    if group.why or not 1 < fitting(group, stacks) < wanted:
        return ""
    asked, bound = group.sizes["bytes"] * wanted, MOST_BYTES / max(stacks, 1)
    return (
        f"The states of {wanted} jobs would take {spoken(asked)} of memory, and a stack may take "
        f"{spoken(bound)}: at most {fitting(group, stacks)} train at once."
    )


def spoken(size: float) -> str:
    """Bytes in words.

    >>> spoken(2**30), spoken(3.2 * 2**20)
    ('1.0 GiB', '3.2 MiB')
    """
    return f"{size / 2**30:.1f} GiB" if size >= 2**29 else f"{size / 2**20:.1f} MiB"
