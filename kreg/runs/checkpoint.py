"""A run's state with what surrounds it: the logs' lengths, the data's fingerprint."""

from kreg.runs import logs
from kreg.runs.directory import RunDirectory
from kreg.runs.resume import ResumeError


class Checkpoint:
    """The store of `kreg.callbacks.Saver` for one run directory that this process holds.

    Args:
        run: An open `RunDirectory`.
        facts: Plain values that must not have changed when a run goes on: the fingerprint of the
            data, versions, the device. They are saved with each state.
        warn: Called with a sentence about each damaged file, and each changed fact that is
            tolerated.
        force: Whether changed facts are only warned about.

    Raises:
        ResumeError: From the first access, if a fact has changed.
        ValueError: From the first access, if no state can be read although there are some.
    """

    def __init__(self, run: RunDirectory, facts: dict | None = None, *, warn=print, force=False):
        self.run = run
        self.facts = facts or {}
        self.warn = warn
        self.force = force
        self._state = None
        self._opened = False

    def read(self) -> dict | None:
        """The newest readable state; the logs are cut back to where they were then."""
        if not self._opened:
            self._state = self.run.state.read(self.warn)
            self._check_facts()
            self._rewind()
            self._opened = True
        return self._state

    def _rewind(self) -> None:
        """What a killed epoch has written is written again; what is damaged is not kept."""
        logs.rewind(self.run.path, self._state["logs"] if self._state else {})
        self.run.state.discard_after(_epoch(self._state))

    def write(self, state: dict) -> None:
        """Save a state together with the logs' lengths and the facts."""
        extra = {"logs": logs.lengths(self.run.path), "facts": self.facts}
        self.run.state.write({**state, **extra})

    @property
    def epoch(self) -> int:
        """Complete epochs: the `initial_epoch` of `fit`."""
        return _epoch(self.read())

    @property
    def stopped(self) -> bool:
        """Whether a stopping rule had already ended training: then there is no epoch left."""
        return bool((self.read() or {}).get("stopped", False))

    def _check_facts(self) -> None:
        saved = (self._state or {}).get("facts", {})
        changed = [
            f"{name} was {saved[name]!r} and is {value!r}"
            for name, value in self.facts.items()
            if name in saved and saved[name] != value
        ]
        if not changed:
            return
        sentence = f"Since {self.run.path} was interrupted, {', '.join(changed)}."
        if not self.force:
            raise ResumeError(f"{sentence} Start anew with resume=never, or use resume=force.")
        self.warn(sentence)


def _epoch(state: dict | None) -> int:
    return 0 if state is None else state["epoch"]
