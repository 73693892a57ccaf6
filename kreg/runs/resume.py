"""Which directory does this command train in: a new one, or one that was left unfinished?

`resume=auto` continues the newest run of the same task whose canonical configuration is equal, that
has neither finished nor failed, and that no living process holds. `never` always starts anew.
`force` continues the newest unfinished run of the task even if the configuration has changed.
A path continues that directory, if the configuration is equal; `trainer.epochs` may differ where no
learning rate depends on it.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from kreg import files
from kreg.files import AnyPath
from kreg.runs import identity
from kreg.runs.directory import DONE, FAILED, RunDirectory
from kreg.runs.identity import Changes, Plain
from kreg.runs.ownership import CONFIG, KEYS, refuse_links

NEW, CONTINUE, FINISHED = "new", "continue", "finished"
BACKEND = "trainer.backend"
BEGUN = (
    "{run} is passed over: it was begun with the backend {was} of Keras, and this is {now}. "
    "It goes on with KERAS_BACKEND={was}."
)


@dataclasses.dataclass(frozen=True)
class Decision:
    """What to do (`"new"`, `"continue"` or `"finished"`), where, and a sentence that says why."""

    action: str
    directory: RunDirectory | None
    reason: str


class ResumeError(ValueError):
    """A directory that cannot be continued, told in one sentence."""


def decide(
    resume: str,
    parent: AnyPath,
    config: Plain,
    own: AnyPath | None = None,
    current: Callable[[Plain], Plain] = dict,
    warn: Callable[[str], object] = print,
) -> Decision:
    """Find the directory of this command.

    Args:
        resume: `"auto"`, `"never"`, `"force"`, or a run directory.
        parent: Where the task's runs lie: `logs/<task>/runs`.
        config: The composed configuration as plain data.
        own: A directory that was made for this very process and is no candidate, or `None`.
        current: Brings the configuration that an earlier version has recorded up to date.
        warn: Called with a sentence about each run of this command that is passed over.

    Raises:
        ResumeError: If `resume` names a directory that cannot be continued.
    """
    if resume == "never":
        return Decision(NEW, None, "resume=never")
    if resume not in ("auto", "force"):
        return _named(RunDirectory(resume), config, current)
    for run in unfinished(parent, own):
        changes = identity.differences(current(run.read_json(CONFIG) or {}), config)
        if changes and resume != "force":
            if set(changes) == {BACKEND}:
                was, now = changes[BACKEND]
                warn(BEGUN.format(run=run.path, was=was, now=now))
            continue
        if link := files.link_below(run.path):
            warn(f"{run.path} is passed over: {link.name} in it is a link.")
        elif run.lock.is_free():
            return _continue(run, changes)
    return Decision(NEW, None, "no unfinished run of this command")


def unfinished(parent: AnyPath, own: AnyPath | None = None) -> list[RunDirectory]:
    """The runs below `parent` that have not ended, newest first."""
    parent = Path(parent)
    folders = sorted(parent.iterdir(), reverse=True) if parent.is_dir() else []
    own = Path(own).absolute() if own is not None else None
    runs = [RunDirectory(f) for f in folders if f.is_dir() and f.absolute() != own]
    return [run for run in runs if _has_not_ended(run)]


def _has_not_ended(run: RunDirectory) -> bool:
    return run.read_json(CONFIG) is not None and run.status not in (DONE, FAILED)


def _named(run: RunDirectory, config: Plain, current: Callable[[Plain], Plain]) -> Decision:
    refuse_links(run.path)
    saved = run.read_json(CONFIG)
    if saved is None or not KEYS.issubset(saved):
        raise ResumeError(
            f"resume={run.path}: this is no run directory of kreg (it has no {CONFIG} of kreg's). "
            "Expected auto, never, force or a run directory."
        )
    changes = refuse_changed(run, config, current(saved))
    if run.finished and not changes:
        return Decision(FINISHED, run, f"{run.path} is already finished")
    return _continue(run, changes)


def refuse_changed(run: RunDirectory, config: Plain, saved: Plain) -> Changes:
    """The differences to a run's own configuration, all of them such as a resumed run may have.

    Raises:
        ResumeError: If there are others: the sentence lists them.
    """
    changes = identity.differences(saved, config)
    if forbidden := identity.forbidden(changes, config):
        planned = identity.why(forbidden)
        raise ResumeError(
            f"The configuration has changed since {run.path} was started: "
            f"{identity.sentence(forbidden)}. {planned}Use the old values, or start anew "
            "with resume=never, or continue the newest unfinished run regardless with resume=force."
        )
    return changes


def _continue(run: RunDirectory, changes: Changes) -> Decision:
    changed = f", although {identity.sentence(changes)}" if changes else ""
    return Decision(CONTINUE, run, f"continuing {run.path}{changed}")
