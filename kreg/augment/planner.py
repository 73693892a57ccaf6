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

from kreg.augment import groups
from kreg.augment.geometry_group import GeometryGroup
from kreg.augment.stage import Filter, Geometry, Linear, Mixing, Pointwise, Rows
from kreg.augment.steps import Step, flatten, thread

FUSE = ("strict", "fast", "off")


def plan(stages, spec, fuse: str) -> tuple[list, int, object]:
    """Groups, the number of columns, and the final spec."""
    flat = flatten(stages)
    steps, final = thread(flat.steps, spec)
    if fuse == "fast":
        steps, final = thread(geometry_first(steps), spec)
    return [make(batch, fuse) for batch in batches(steps, fuse)], flat.columns, final


def geometry_first(steps: list[Step]) -> list[Step]:
    """Move geometry to the front of each run of stages with which it commutes, up to fill."""
    ordered = []
    for commutes, run in itertools.groupby(steps, key=lambda step: step.stage.commutes):
        run = list(run)
        if commutes:
            run.sort(key=lambda step: not isinstance(step.stage, Geometry))
        ordered += run
    return ordered


def batches(steps: list[Step], fuse: str) -> list[list[Step]]:
    """Split the steps where the next one cannot join the group before it."""
    result: list[list[Step]] = []
    for step in steps:
        if result and fuse != "off" and joins(result[-1], step, fuse):
            result[-1].append(step)
        else:
            result.append([step])
    return result


def joins(batch: list[Step], step: Step, fuse: str) -> bool:
    if isinstance(step.stage, Geometry) and isinstance(batch[0].stage, Geometry):
        return geometry_joins(batch, step, fuse)
    pixelwise = (Linear, Pointwise)
    if isinstance(step.stage, pixelwise) and isinstance(batch[0].stage, pixelwise):
        return pixels_join(batch, step, fuse)
    return False


def geometry_joins(batch: list[Step], step: Step, fuse: str) -> bool:
    stages = [s.stage for s in batch] + [step.stage]
    fills = {(s.fill_mode, s.fill_value) for s in stages if s.fill_mode is not None}
    kernels = {s.interpolation for s in stages if not s.exact}
    if len(fills) > 1 or len(kernels) > 1:
        return False
    if fuse == "fast":
        return True
    return all(s.exact for s in stages) and all(mode == "constant" for mode, _ in fills)


def pixels_join(batch: list[Step], step: Step, fuse: str) -> bool:
    """The mean of the group's input is all that is known: later means must follow from it."""
    if not getattr(step.stage, "needs_mean", False):
        return True
    return fuse == "fast" and all(isinstance(s.stage, Linear) for s in batch)


def make(batch: list[Step], fuse: str):
    """The group that runs these steps."""
    stage = batch[0].stage
    if isinstance(stage, Geometry):
        return GeometryGroup(batch)
    if isinstance(stage, (Linear, Pointwise)):
        return groups.PixelGroup(batch, compose=fuse == "fast")
    if isinstance(stage, Mixing):
        return groups.MixingGroup(batch)
    if isinstance(stage, Filter):
        return groups.FilterGroup(batch)
    if isinstance(stage, Rows):
        return groups.RowsGroup(batch)
    return groups.TargetGroup(batch)
