"""A tree that nobody may touch, and a hook that hears when a process is started."""

import os
import resource
import sys
from pathlib import Path

STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork",
          "os.forkpty", "pty.spawn", "os.startfile")  # fmt: skip
heard: list[str] = []
listening = False


def _hear(event: str, arguments: object) -> None:
    if listening and event in STARTS:
        heard.append(f"{event} {arguments!r}")


sys.addaudithook(_hear)  # for the rest of the process: it cannot be taken back


class Listening:
    """A context in which no process may be started."""

    def __enter__(self) -> None:
        global listening
        listening = True
        heard.clear()

    def __exit__(self, *exception: object) -> None:
        global listening
        listening = False


class Decoys:
    """Files above and beside a folder `logs`, which must stay as they are.

    Args:
        ground: An empty folder; the program works in `ground/work`.
    """

    def __init__(self, ground: Path) -> None:
        self.ground, self.work = ground, ground / "work"
        self.work.mkdir()
        for place in ("above", "work/beside", "above/tensorboard"):
            (ground / place).mkdir(exist_ok=True)
            for name in ("decoy.txt", "history.csv", "notes.tmp", "decoy.yaml", "run.lock",
                         "events.out.tfevents.1.kreg", ".config.0a1b2c3d.tmp.json"):  # fmt: skip
                (ground / place / name).write_text(f"mine: {name}\n" * 20)
        self.before = self.now()

    def now(self) -> dict[str, tuple[bytes, int]]:
        """Every decoy with its content and its mode; a new file beside one counts too."""
        found = {}
        for place in ("above", "work/beside"):
            for path in sorted((self.ground / place).rglob("*")):
                content = path.read_bytes() if path.is_file() else b""
                found[str(path)] = (content, path.lstat().st_mode)
        found["ground"] = (repr(sorted(os.listdir(self.ground))).encode(), 0)
        return found


def memory() -> float:
    """The most that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
