"""Exit codes, and which errors are told in a sentence."""

import traceback
from pathlib import Path

from kreg.config.validate import ConfigError
from kreg.foreign.content import DamagedError

DONE, FAILED, BAD_CONFIGURATION, INTERRUPTED = 0, 1, 2, 130
SENTENCES = (ValueError, OSError, FloatingPointError, ModuleNotFoundError)
KREG = Path(__file__).parents[1]
TIME_IS_UP = "UncompletedJobError"  # submitit's, in a cluster's job; submitit is an extra


def of(error: BaseException) -> int:
    """The exit code of the contract for what ended a job."""
    if isinstance(error, SystemExit):
        told = FAILED if error.code else DONE  # a sentence, or nothing
        return error.code if isinstance(error.code, int) else told
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == TIME_IS_UP:
        return INTERRUPTED
    return BAD_CONFIGURATION if isinstance(error, ConfigError) else FAILED


def is_sentence(error: BaseException) -> bool:
    """Whether the message is for the user: kreg raised it itself, or the machine refused a file."""
    if isinstance(error, ConfigError | OSError | DamagedError):
        return True
    frames = traceback.extract_tb(error.__traceback__)
    raised_here = Path(frames[-1].filename).is_relative_to(KREG)
    return isinstance(error, SENTENCES) and raised_here and str(error).endswith((".", "?"))
