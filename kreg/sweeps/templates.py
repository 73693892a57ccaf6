"""Jobs that differ in numbers alone are composed once, and their numbers are put into copies.

Hydra takes about a quarter of a second for a job, which is as long as many a small network trains.
Where `seed=3` stands in the words of one job and `seed=4` in those of another, the trees differ in
this number and in what is said of the words; a copy costs a thirtieth of that.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from hydra._internal.config_loader_impl import get_overrides_dirname
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

Compose: TypeAlias = Callable[[], DictConfig]

MOST = 32  # trees that are kept


class Templates:
    """Composed trees whose numbers other jobs replace; for as long as no file changes."""

    def __init__(self) -> None:
        self.trees: dict[object, DictConfig] = {}

    def compose(self, words: Sequence[str], compose: Compose, more: object = None) -> DictConfig:
        """What `compose()` returns for these words; nobody else gets the same object.

        Args:
            words: All overrides, Hydra's own among them.
            compose: Has Hydra compose them.
            more: What the tree depends on beside the words.
        """
        overrides = OverridesParser.create().parse_overrides(list(words))
        numbers = {o.key_or_group: o.value() for o in overrides if is_number(o, overrides)}
        if not numbers:
            return compose()
        key = (
            more,
            tuple(
                o.key_or_group if o.key_or_group in numbers else str(o.input_line)
                for o in overrides
            ),
        )
        if key in self.trees:
            found = with_numbers(self.trees[key], numbers, overrides)
            return compose() if found is None else found
        tree = compose()
        self.trees[key] = copy.deepcopy(tree)
        while len(self.trees) > MOST:
            del self.trees[next(iter(self.trees))]
        return tree


def is_number(override: Override, others: Sequence[Override]) -> bool:
    """Whether an override sets a number that no other one touches."""
    key, value = override.key_or_group, override.value()
    is_plain = isinstance(value, int | float) and not isinstance(value, bool)
    is_set = override.package is None and str(override.input_line).startswith(f"{key}=")
    if not (is_plain and is_set) or key.startswith("hydra"):
        return False
    return not any(touches(other, key) for other in others if other is not override)


def touches(other: Override, key: str) -> bool:
    """Whether an override sets a key too; the option of a group is chosen before all numbers."""
    name, is_option = other.key_or_group, isinstance(other.value(), str)
    return name == key or name.startswith(f"{key}.") or (
        key.startswith(f"{name}.") and not is_option
    )  # fmt: skip


def with_numbers(
    template: DictConfig, numbers: dict[str, Any], overrides: Sequence[Override]
) -> DictConfig | None:
    """A copy with other numbers, as Hydra would have composed it; `None` where it must do that."""
    tree = copy.deepcopy(template)
    try:
        for key, value in numbers.items():
            OmegaConf.update(tree, key, value, merge=True)
    except Exception:  # whatever it is, Hydra will say it
        return None
    own = [override for override in overrides if not override.is_hydra_override()]
    tree.hydra.overrides.task = [override.input_line for override in own]
    names = tree.hydra.job.config.override_dirname
    tree.hydra.job.override_dirname = get_overrides_dirname(
        overrides=own,
        kv_sep=names.kv_sep,
        item_sep=names.item_sep,
        exclude_keys=names.exclude_keys,
    )
    return tree
