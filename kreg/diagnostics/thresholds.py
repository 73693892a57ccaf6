"""Every number the verdict depends on."""

from dataclasses import dataclass

from kreg.diagnostics.trailing import WINDOW


@dataclass(frozen=True)
class Thresholds:
    """Every number the verdict depends on.

    Args:
        window: Validations whose slope is read (Theil-Sen).
        flat: Relative change over the window below which a curve is flat.
        rises: Mann-Kendall z over the window that a rise must exceed: 5 %, one-sided.
        falls: The same of a fall: 16 %. A rise that is none alarms, a fall that is none only waits.
        lost: Percent above the best from which the loss counts as worse.
        back: Percent at or below which it counts as recovered.
        trailing: Validations averaged before they are compared with the best.
        sure: Probability of being worse, from which it is believed: that of |z| above `z`.
        checks: Validations in a row that must agree where there are no per-example losses.
        z: |paired z| below which an epoch cannot be told from the best.
        moved: Relative change of the training loss since the best epoch that counts.
        suspicious: Standard errors by which validation may lie below training.
        high: Share of the baseline's loss above which a training loss at rest is underfitting,
            where it is not known what the nearest neighbours cost.
        all: Share of a rise that one temperature must remove for the rise to be over-confidence.
        worse: Percent above the best from which a loss that may be chance is not called calm.
        shaken: Median |log change| from one validation to the next of a loss that jumps.
        size: Share of what guessing costs by which a loss that jumps goes up and down.
        matters: Share of what guessing costs up to which a loss that a penalty raises is no harm.
    """

    window: int = 8
    flat: float = 0.01
    rises: float = 1.64
    falls: float = 1.0
    lost: float = 2.0
    back: float = 1.0
    trailing: int = WINDOW
    sure: float = 0.9
    checks: int = 2
    z: float = 1.28
    moved: float = 0.02
    suspicious: float = 2.0
    high: float = 0.5
    all: float = 0.9
    worse: float = 10.0
    shaken: float = 0.2
    size: float = 0.05
    matters: float = 0.01
