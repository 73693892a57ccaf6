"""Run directories: names that never collide, a lock, an atomic state, and how to go on."""

from kreg.archive import DamagedError
from kreg.runs.checkpoint import Checkpoint, lengths, rewind
from kreg.runs.directory import RunDirectory, new_name
from kreg.runs.identity import canonical, differences
from kreg.runs.lock import InUseError, Lock
from kreg.runs.ownership import ForeignError
from kreg.runs.resume import Decision, ResumeError, decide
from kreg.runs.state import StateFile

__all__ = [
    "Checkpoint",
    "DamagedError",
    "Decision",
    "ForeignError",
    "InUseError",
    "Lock",
    "ResumeError",
    "RunDirectory",
    "StateFile",
    "canonical",
    "decide",
    "differences",
    "lengths",
    "new_name",
    "rewind",
]
