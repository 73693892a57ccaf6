"""A sweep's own directory: what it was asked to do, whether it is finished, who works in it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kreg import files
from kreg.runs import ForeignError, new_name
from kreg.runs.lock import Lock
from kreg.runs.ownership import refuse_links
from kreg.sweeps.results import CONFIG, PAGE, PLAN, RESULT, fingerprint, read_json, shown

LOCK = "sweep.lock"
SUBMITIT = ".submitit"  # a queue's own folder, in which submitit lays links itself
ENDED = ("done", "failed")
ASKED = {"jobs", "search"}  # of `sweep.json`: one of them says what the command was


class SweepDirectory:
    """`logs/<task>/sweeps/<date_time>_<4 hex>/`, one folder below it a job.

    Use it as a context: one process at a time sweeps in it.

    Args:
        path: The directory; it need not exist yet.
        jobs: The overrides of every job, in order; of a search, some that it may ask for.
        total: How many jobs there will be, if not as many as `jobs`.
        search: The words of a search, which names no jobs before it has asked for them. Defaults to
            none: the jobs are known.
    """

    def __init__(
        self,
        path: str | Path,
        jobs: list[list[str]],
        total: int | None = None,
        search: Sequence[str] = (),
    ):
        self.path = Path(path)
        self.jobs, self.search = jobs, list(search)
        self.total = len(jobs) if total is None else total
        self.lock = Lock(self.path / LOCK)

    def __enter__(self) -> "SweepDirectory":
        self.refuse_foreign()
        self.path.mkdir(parents=True, exist_ok=True)
        self.lock.acquire()
        files.sweep(self.path)
        known = read_json(self.path / PLAN)
        kept = {k: v for k, v in known.items() if k not in ASKED} if self.is_same(known) else {}
        files.write_json(self.path / PLAN, {**kept, **self.asked})  # kept: how they were stacked
        return self

    def __exit__(self, *exception: object) -> None:
        self.lock.release()

    @property
    def asked(self) -> dict[str, Any]:
        """What `sweep.json` says of the command."""
        return {"search": self.search} if self.search else {"jobs": self.jobs}

    def is_same(self, plan: Mapping[str, Any]) -> bool:
        """Whether a `sweep.json` is that of the same command.

        An earlier version wrote of a search some jobs that it might ask for.
        """
        known = "jobs" if "jobs" in plan else "search"
        return bool(plan.get(known) == getattr(self, known))

    def refuse_foreign(self) -> None:
        """Leave a directory alone that is neither new, nor empty, nor a sweep of kreg's.

        Raises:
            ForeignError: With one sentence; nothing has been changed.
        """
        if not self.path.exists():
            return
        refuse_links(self.path, skip=(SUBMITIT,))
        names = {e.name for e in self.path.iterdir() if not files.LEFTOVER.fullmatch(e.name)}
        if names - {LOCK} and not ASKED & read_json(self.path / PLAN).keys():
            raise ForeignError(
                f"{self.path} is not empty and no sweep of kreg (it has no {PLAN} of kreg's). "
                "Nothing in it was changed. Choose another directory with hydra.sweep.dir=..."
            )

    @property
    def ended(self) -> int:
        """How many jobs have a result, good or bad."""
        results = self.path.glob(f"*/{RESULT}")
        return sum(read_json(result).get("status") in ENDED for result in results)

    @property
    def complete(self) -> bool:
        """Whether all jobs have ended, and the page knows all of them."""
        if self.ended < self.total:
            return False
        known = shown(self.path / PAGE)
        return known is not None and known in ("", fingerprint(self.path))

    @property
    def has_runs(self) -> bool:
        """Whether any job has left something to compare; a full disk may have kept all from it."""
        return any(any(self.path.glob(f"[!.]*/{name}")) for name in (RESULT, CONFIG))


def choose(
    parent: str | Path,
    jobs: list[list[str]],
    *,
    anew: bool = False,
    total: int | None = None,
    search: Sequence[str] = (),
    fits: Callable[[Path], bool] = lambda folder: True,
) -> SweepDirectory:
    """The newest unfinished sweep of the same jobs below `parent`, else a new one.

    Args:
        parent: Where the task's sweeps lie: `logs/<task>/sweeps`.
        jobs: As in `SweepDirectory`, and `total` and `search` too.
        anew: Do not look for an unfinished one. Defaults to `False`.
        fits: Whether what lies in a folder may be continued, whatever its jobs are called.
    """
    parent = Path(parent)
    folders = sorted(parent.iterdir(), reverse=True) if parent.is_dir() and not anew else []
    for folder in folders:
        sweep = SweepDirectory(folder, jobs, total, search)
        same = sweep.is_same(read_json(folder / PLAN))
        if same and not sweep.complete and sweep.lock.is_free() and fits(folder):
            return sweep
    return SweepDirectory(parent / new_name(), jobs, total, search)
