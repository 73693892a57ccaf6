"""Which model suits the data of a command line, one answer for all jobs of a sweep."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from kreg.config import suited
from kreg.config.suited import Suited
from kreg.launch import commandline
from kreg.launch.commandline import CommandLine
from kreg.launch.compose import choices, compose_trusted
from kreg.launch.said import of, values
from kreg.launch.trust import UntrustedError
from kreg.printable import say

MODEL, DATA, AUTO = "model", "data", "auto"
EXPERIMENT, SEARCH = "experiment", "cocktail"  # a search begins with what suits the data, too
ABOVE = ("recipe", "experiment", "procedure")  # what chooses a model, or has no use for one


class Found(NamedTuple):
    """What suits the data, and the options of all groups where it is not said."""

    suited: Suited
    options: dict[str, str]


NOTHING = Found(suited.NOTHING, {})


def for_all_data(line: CommandLine) -> Found:
    """What suits the data, or those of every job of a sweep."""
    others = commandline.one_by_one(line)
    swept = [o for o in of(line, DATA) if o.is_sweep_override()]
    names = [f"{DATA}={name}" for o in swept for name in values(line, o)]
    jobs = [[*others, *commandline.parse_overrides([name])] for name in names] or [others]
    found = [_for_job(job, line.config_dir) for job in jobs]
    if len({one.suited.word for one in found}) == 1:
        return found[0]
    say(
        f"{swept[0].input_line}: no model suits tables and pictures alike, so that all jobs get "
        f"model={AUTO} as it is for kreg's own pictures. Name another to compare with: model=tabm."
    )
    return NOTHING


def _for_job(parsed: Sequence[Override], config_dir: str | None) -> Found:
    """What suits the data of one job; nothing where something else is wrong with it."""
    try:
        tree = compose_trusted(parsed, config_dir)
        return Found(_for_tree(tree), choices(tree))
    except UntrustedError:
        raise
    except (ValueError, OmegaConfBaseException):  # whoever checks the job says it better
        return NOTHING


def _for_tree(tree: DictConfig) -> Suited:
    """What suits the data of a composed tree, if no file has chosen a model."""
    chosen: Any = OmegaConf.select(tree, "hydra.runtime.choices")
    searches = tree.procedure == chosen.get(EXPERIMENT) == SEARCH
    above = any(chosen.get(name) for name in ABOVE) or tree.procedure != "train"
    if (above and not searches) or chosen[MODEL] != AUTO:
        return suited.NOTHING
    container: Any = OmegaConf.to_container(tree[DATA], resolve=True)
    found = suited.for_data(container)
    return suited.model_alone(found) if searches else found
