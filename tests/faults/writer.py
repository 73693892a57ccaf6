"""Writes states and dies on the way. A program without TensorFlow, so that it may fork.

python tests/faults/writer.py kill FOLDER     SIGKILL after every so many bytes of the write
python tests/faults/writer.py full FOLDER     the disk is full after every so many bytes
"""

import os
import resource
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from kreg.runs import StateFile

POINTS = 60


def state(epoch):
    generator = np.random.default_rng(epoch)
    return {"epoch": epoch, "variables": {"model": [generator.standard_normal((20, 30))]}}


def same(read, epoch) -> bool:
    expected = state(epoch)["variables"]["model"][0]
    return read["epoch"] == epoch and (read["variables"]["model"][0] == expected).all()


def write_and_die(folder, epoch, after):
    """Write a state whose temporary file kills its writer after `after` bytes."""
    from kreg import archive

    whole = archive.write

    def partly(file, value):
        class Deadly:
            written = 0

            def write(self, data):
                data = memoryview(data).cast("B")
                room = after - self.written
                if len(data) >= room:
                    file.write(data[:room])
                    file.flush()
                    os.kill(os.getpid(), signal.SIGKILL)
                self.written += len(data)
                return file.write(data)

            def __getattr__(self, name):
                return getattr(file, name)

        whole(Deadly(), value)

    archive.write = partly
    StateFile(folder).write(state(epoch))


def in_child(action) -> int:
    """The exit status of `action` in a forked process."""
    child = os.fork()
    if not child:
        try:
            action()
        except OSError as error:
            sys.stdout.write(str(error))
            sys.stdout.flush()
            os._exit(3)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def kill(folder):
    store = StateFile(folder)
    size = store.write(state(1)).stat().st_size
    for after in np.linspace(0, size - 1, POINTS).astype(int).tolist():
        status = in_child(lambda after=after: write_and_die(folder, 2, after))
        if not (os.WIFSIGNALED(status) and same(store.read(), 1)):
            sys.exit(f"killed after {after} bytes: status {status}")
    store.write(state(2))
    left = sorted(path.name for path in folder.iterdir())
    if not same(store.read(), 2) or len(left) != 2:
        sys.exit(f"left behind: {left}")


def full(folder):
    store = StateFile(folder)
    size = store.write(state(1)).stat().st_size

    def limited(limit):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        StateFile(folder).write(state(2))

    for limit in np.linspace(0, size - 1, POINTS).astype(int).tolist():
        status = in_child(lambda limit=limit: limited(limit))
        left = [path.name for path in folder.iterdir()]
        if os.WEXITSTATUS(status) != 3 or left != ["epoch_000001.npz"] or not same(store.read(), 1):
            sys.exit(f"full after {limit} bytes: status {status}, left {left}")


if __name__ == "__main__":
    {"kill": kill, "full": full}[sys.argv[1]](Path(sys.argv[2]))
