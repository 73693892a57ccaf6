"""Which neighbouring steps become one compiled group.

`fuse="off"`     one group a step, in order: the oracle.
`fuse="strict"`  merges only where the result is that of `"off"`, bit for bit on uint8: flips, crops
                 and translations with a constant fill; pixelwise colour, with its rounding.
`fuse="fast"`    merges all neighbouring geometry into one resampling (less blur than several, and
                 pixels that a crop would have thrown away can come back under a later rotation),
                 moves geometry before neighbouring colour (so fill is coloured too), and composes
                 linear colour without rounding or clipping in between.
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, TypeGuard, TypeVar

from kreg.augment.engine import groups
from kreg.augment.engine.geometry_group import GeometryGroup
from kreg.augment.engine.input_spec import Spec
from kreg.augment.engine.steps import AnyStep, Step, flatten, thread
from kreg.augment.stage import (
    AnyStage,
    Filter,
    Geometry,
    LinearColor,
    Mixing,
    Pixelwise,
    Rows,
    Stage,
    Targets,
)

T = TypeVar("T", bound=Stage[Any])

FUSE = ("strict", "fast", "off")


def plan(
    stages: Iterable[AnyStage], spec: Spec, fuse: str
) -> tuple[list[groups.Group[Any]], int, Spec]:
    """Groups, the number of columns, and the final spec."""
    flat = flatten(stages)
    steps, final = thread(flat.steps, spec)
    if fuse == "fast":
        steps, final = thread(geometry_first(steps), spec)
    return [make(batch, fuse) for batch in batches(steps, fuse)], flat.columns, final


def geometry_first(steps: list[AnyStep]) -> list[AnyStep]:
    """Move geometry to the front of each run of stages with which it commutes, up to fill."""
    ordered: list[AnyStep] = []
    for commutes, found in itertools.groupby(steps, key=lambda step: step.stage.commutes):
        run = list(found)
        if commutes:
            run.sort(key=lambda step: not isinstance(step.stage, Geometry))
        ordered += run
    return ordered


def batches(steps: list[AnyStep], fuse: str) -> list[list[AnyStep]]:
    """Split the steps where the next one cannot join the group before it."""
    result: list[list[AnyStep]] = []
    for step in steps:
        if result and fuse != "off" and joins(result[-1], step, fuse):
            result[-1].append(step)
        else:
            result.append([step])
    return result


def are(batch: Sequence[AnyStep], kind: type[T]) -> TypeGuard[Sequence[Step[T]]]:
    """Whether the steps of a batch, which are all alike, are of this kind."""
    return isinstance(batch[0].stage, kind)


def joins(batch: Sequence[AnyStep], step: AnyStep, fuse: str) -> bool:
    if isinstance(step.stage, Geometry) and are(batch, Geometry):
        return geometry_joins([*(other.stage for other in batch), step.stage], fuse)
    if isinstance(step.stage, Pixelwise) and are(batch, Pixelwise):
        return pixels_join(batch, step.stage, fuse)
    return False


def geometry_joins(stages: Sequence[Geometry], fuse: str) -> bool:
    fills = {(s.fill_mode, s.fill_value) for s in stages if s.fill_mode is not None}
    kernels = {s.interpolation for s in stages if not s.exact}
    if len(fills) > 1 or len(kernels) > 1:
        return False
    if fuse == "fast":
        return True
    return all(s.exact for s in stages) and all(mode == "constant" for mode, _ in fills)


def pixels_join(batch: Sequence[Step[Pixelwise]], stage: Pixelwise, fuse: str) -> bool:
    """The mean of the group's input is all that is known: later means must follow from it."""
    if not stage.needs_mean:
        return True
    return fuse == "fast" and all(isinstance(s.stage, LinearColor) for s in batch)


def make(batch: Sequence[AnyStep], fuse: str) -> groups.Group[Any]:
    """The group that runs these steps."""
    if are(batch, Geometry):
        return GeometryGroup(batch)
    if are(batch, Pixelwise):
        return groups.PixelGroup(batch, compose=fuse == "fast")
    if are(batch, Filter):
        return groups.FilterGroup(batch)
    if are(batch, Mixing):
        return groups.MixingGroup(batch)
    if are(batch, Rows):
        return groups.RowsGroup(batch)
    if are(batch, Targets):
        return groups.TargetGroup(batch)
    raise TypeError(f"{batch[0].stage.name} is of no kind that kreg.augment.stage knows.")
