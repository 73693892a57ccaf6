"""The user's own Keras callbacks: what a resume cannot bring back of them, and who raised."""

import contextlib
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kreg.config.root import Config
from kreg.factories import callbacks

if TYPE_CHECKING:
    import keras

    from kreg.data import Data


class CallbackError(ValueError):
    """A callback of the user's has raised; told in a sentence that names it."""


def of(config: Config, data: "Data") -> "list[keras.callbacks.Callback]":
    """The user's callbacks; of those without a state the run says what that means."""
    from kreg.callbacks import stateful

    found = callbacks.callbacks(config.callbacks, data)
    for callback in found:
        if stateful(callback) is None:
            data.warnings.append(
                f"The callback {type(callback).__name__} has no get_state and set_state: a resumed "
                "run starts it anew, and may differ from one that was not interrupted."
            )
    return found


@contextlib.contextmanager
def named(own: "Sequence[keras.callbacks.Callback]", place: Path) -> Iterator[None]:
    """Name the user's callback from which an error comes.

    Args:
        own: The user's callbacks.
        place: The run's directory, which keeps its state.

    Raises:
        CallbackError: In place of what a callback has raised.
    """
    try:
        yield
    except Exception as error:
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        owners = [frame.f_locals.get("self") for frame in frames]
        for callback in own:
            if any(owner is callback for owner in owners):
                raise CallbackError(sentence(callback, error, place)) from error
        raise


def sentence(callback: "keras.callbacks.Callback", error: Exception, place: Path) -> str:
    """Who raised what, where, and how to go on."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}, line {last.lineno}"
    words = " ".join(str(error).split())
    return (
        f"The callback {type(callback).__name__} raised {type(error).__name__}: {words} ({where}). "
        f"The last good state is kept: mend the callback, then go on with resume={place}."
    )
