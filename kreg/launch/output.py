"""The terminal may go away: a closed pipe, a full disk under a log. The training goes on."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast


class Patient:
    """A text stream whose failures are nobody's: what cannot be written is not written.

    Args:
        stream: What it writes to.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        with self._forgiven():
            self.stream.write(text)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        with self._forgiven():
            self.stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    @contextlib.contextmanager
    def _forgiven(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno == errno.EPIPE:
                self._let_go()
        except ValueError:  # closed
            if not self.stream.closed:
                raise

    def _let_go(self) -> None:
        """Nobody will ever read: what Python still holds back goes nowhere at its end."""
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)


@contextlib.contextmanager
def patient() -> Iterator[None]:
    """Print inside without ever failing; also where no stream was open at the start."""
    _fill_descriptors()
    streams = (_stream(sys.stdout, 1), _stream(sys.stderr, 2))
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        try:
            yield
        finally:
            for stream in streams:
                stream.flush()


def wrapped(stream: TextIO) -> TextIO:
    """The stream, forgiving."""
    return cast(TextIO, Patient(stream))


def _stream(stream: TextIO | None, descriptor: int) -> TextIO:
    if stream is None:  # closed when the program was started, by `>&-` or a service
        stream = os.fdopen(descriptor, "w", encoding="utf-8", closefd=False)
    return wrapped(stream)


def _fill_descriptors() -> None:
    """Whatever is opened next must not become the standard output: native code writes there."""
    while True:
        descriptor = os.open(os.devnull, os.O_RDWR)
        if descriptor > 2:
            os.close(descriptor)
            return
        os.set_inheritable(descriptor, True)
