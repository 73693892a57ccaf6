"""What an earlier process has left in a run's directory: another run, or this very result."""

from kreg.config import earlier_defaults
from kreg.config.root import Config
from kreg.runs import RunDirectory, differences, resume
from kreg.runs.ownership import CONFIG


def refuse_changed(place: RunDirectory, config: Config) -> None:
    """Leave the run of another configuration alone.

    Raises:
        ResumeError: With the keys that differ.
    """
    known = place.read_json(CONFIG)
    if known is not None and config.resume != "force":
        resume.refuse_changed(place, config.to_dict(), earlier_defaults.current(known, config))


def is_finished(place: RunDirectory, config: Config) -> bool:
    """Whether this very training has its result: with more epochs to train it has not."""
    known = place.read_json(CONFIG)
    return place.finished and (
        known is None or not differences(earlier_defaults.current(known, config), config.to_dict())
    )
