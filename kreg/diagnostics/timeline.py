"""The words of a training in their order: unbroken stretches of epochs with one state."""

from typing import TypedDict

from kreg.diagnostics.judge import Check


class Stretch(TypedDict):
    """Epochs in a row with one state."""

    state: str
    first: int
    last: int


def timeline(checks: list[Check]) -> list[Stretch]:
    """Unbroken stretches of one state."""
    stretches: list[Stretch] = []
    for check in checks:
        if stretches and stretches[-1]["state"] == check.state:
            stretches[-1]["last"] = check.epoch
        else:
            stretches.append({"state": check.state, "first": check.epoch, "last": check.epoch})
    return stretches
