"""One process a run directory; the system lets go when the owner dies, however it dies."""

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from kreg import files
from kreg.files import AnyPath

OWNER = 1  # where the owner's name begins: Windows keeps others from reading the locked first byte


class InUseError(OSError):
    """Another process trains in this directory."""


class Lock:
    """An exclusive lock on `path`, held from `acquire` to `release` or to the process's end.

    The file stays when the lock is given back, and has the name of its last owner in it.
    """

    def __init__(self, path: AnyPath) -> None:
        self.path = Path(path)
        self._lock = _lock(self.path, _sign)

    def acquire(self) -> "Lock":
        """Take the lock.

        Raises:
            InUseError: If a living process holds it; the sentence names the process.
        """
        try:
            self._lock.acquire(blocking=False)
        except Timeout as error:
            raise InUseError(
                f"{self.path.parent} is in use by {self.owner()}. "
                "Wait for it, or choose another directory."
            ) from error
        return self

    def owner(self) -> str:
        """The process that took the lock last: `process 71 on alpha`."""
        with open(files.open_regular(self.path), "rb", buffering=0) as file:
            file.seek(OWNER)
            return file.read().decode(errors="replace").strip() or "another process"

    def release(self) -> None:
        """Give the lock back; the file stays."""
        self._lock.release(force=True)

    def wait(self) -> None:
        """Until whoever holds the lock has ended; does not keep it."""
        if self.path.exists():
            with _lock(self.path):
                pass

    def is_free(self) -> bool:
        """Whether nobody holds it now; a directory without a lock file is free. Writes nothing."""
        if not os.path.lexists(self.path):
            return True
        try:
            with _lock(self.path).acquire(blocking=False):
                return True
        except (Timeout, OSError):
            return False


def _lock(path: Path, on_acquired: Callable[[int], None] | None = None) -> FileLock:
    """The package's lock, which follows no link to its file."""
    return FileLock(
        path,
        thread_local=False,
        fallback_to_soft=False,  # a lock that a killed owner keeps is worse than an error
        preserve_lock_file=True,
        on_acquired=on_acquired,
    )


def _sign(descriptor: int) -> None:
    """Write the owner's name, unless the file has another name elsewhere, a user's file say."""
    if os.fstat(descriptor).st_nlink > 1:
        raise OSError(errno.EMLINK, "the lock is a hard link to another file, and is not written")
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"\nprocess {os.getpid()} on {socket.gethostname()}\n".encode())
