"""`seeds=8` and `data.folds=5`: trainings of one setting that differ by chance, one job each.

Both expand by one rule, with or without `-m`: `seeds=8` is `seed=0,1,...,7`, and `data.folds=5` is
`data.fold=0,1,2,3,4`. What becomes of them is a sweep, whose answer averages over them.
"""

import dataclasses
from collections.abc import Iterable

from kreg.config.root import Config
from kreg.config.validate import ConfigError
from kreg.launch import commandline
from kreg.launch.commandline import CommandLine
from kreg.sweeps.results import REPLICATES

SEEDS = "seeds"


def expanded(line: CommandLine, config: Config) -> CommandLine | None:
    """A command line with its replicates written out; `None` where there are none to write.

    Args:
        line: The user's.
        config: The checked configuration of its first job.

    Raises:
        ConfigError: If seeds or folds are told twice.
    """
    wanted = of(config)
    if not wanted:
        return None
    for override in line.overrides:
        key, several = override.key_or_group, override.is_sweep_override()
        if several and (key == "data.folds" or (key in ("seed", SEEDS) and "seed" in wanted)):
            raise ConfigError(
                f"{override.input_line!r} names several values, but seeds and folds are replicates "
                "of every setting. Give `seeds` and `data.folds` one value each, or list "
                "`seed` and `data.fold`."
            )
    replaced = {SEEDS, *wanted} if "seed" in wanted else set(wanted)
    gone = [commandline.told(o) for o in line.overrides if o.key_or_group in replaced]
    words = [word for word in line.arguments if word not in gone]
    words += [f"{key}={','.join(map(str, values))}" for key, values in wanted.items()]
    if "seed" in wanted and not any(word.startswith(f"{SEEDS}=") for word in gone):
        words.append(f"{SEEDS}=1")  # a file has said it
    alone = [] if line.multirun else ["-m"]
    return dataclasses.replace(commandline.parse([*alone, *words]), replicated=True)


def of(config: Config) -> dict[str, Iterable[int]]:
    """The keys that a configuration wants to have several values, and these."""
    found: dict[str, Iterable[int]] = {}
    if config.seeds > 1:
        found["seed"] = range(config.seed, config.seed + config.seeds)
    folds = getattr(config.data, "folds", 0)
    if folds and getattr(config.data, "fold", None) is None:
        found["data.fold"] = range(folds)
    return found


def check(line: CommandLine, configs: Iterable[Config]) -> None:
    """Refuse what only replicates could answer, and jobs that want other ones than the first.

    Raises:
        ConfigError: With the keys to add.
    """
    keys = {o.key_or_group for o in line.overrides if o.is_sweep_override()}
    for config in configs:
        if line.multirun and of(config):
            raise ConfigError(
                "The jobs of a sweep must have the same number of seeds and folds. Say `seeds` and "
                "`data.folds` on the command line, not in the option of one job alone."
            )
        if config.choose == "1se" and not keys.intersection(REPLICATES):
            raise ConfigError(
                "choose=1se needs a standard error: trainings that differ by chance alone. Add "
                "seeds=5 or data.folds=5."
            )
