"""One process a run directory; the kernel lets go when the owner dies, however it dies."""

import os
import socket
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: no flock, so no protection; the documentation says so
    fcntl = None


class InUseError(OSError):
    """Another process trains in this directory."""


class Lock:
    """An exclusive `flock` on `path`, held from `acquire` to `release` or to the process's end."""

    def __init__(self, path):
        self.path = Path(path)
        self._file = None

    def acquire(self) -> "Lock":
        """Take the lock.

        Raises:
            InUseError: If a living process holds it; the sentence names the process.
        """
        file = open(self.path, "a+", encoding="utf-8")  # noqa: SIM115 - it must stay open
        try:
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            owner = file.read().strip() or "another process"
            file.close()
            raise InUseError(
                f"{self.path.parent} is in use by {owner}. "
                "Wait for it, or choose another directory."
            ) from error
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        file.flush()
        self._file = file
        return self

    def release(self) -> None:
        """Give the lock back; the file stays."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def wait(self) -> None:
        """Until whoever holds the lock has ended; does not take it."""
        if fcntl and self.path.exists():
            with open(self.path, "a+", encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_EX)

    def is_free(self) -> bool:
        """Whether nobody holds it now; a directory without a lock file is free."""
        if not self.path.exists():
            return True
        try:
            Lock(self.path).acquire().release()
        except (InUseError, OSError):
            return False
        return True
