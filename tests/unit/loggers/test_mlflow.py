"""What MLflow's store is sent; `tests/app/test_trackers.py` has the store itself."""

from types import SimpleNamespace

import pytest

from kreg.loggers import MLflow, Run


class Client:
    """As much of MLflow's client as the end of a run asks."""

    def __init__(self, place):
        self.place, self.calls = place, []

    def get_run(self, run):
        return SimpleNamespace(info=SimpleNamespace(artifact_uri=self.place))

    def log_artifact(self, run, path):
        self.calls.append(path.rsplit("/", 1)[-1])

    def set_terminated(self, run, status):
        self.calls.append(status)


@pytest.fixture
def ended(tmp_path, monkeypatch):
    """`(calls of the client, sentence)` of a finished run with a page, a card and a model."""
    for name in ("report.html", "card.md", "best.keras"):
        (tmp_path / name).write_text("x")
    monkeypatch.setattr(MLflow, "numbers", lambda *arguments: None)

    def end(uri, place):
        logger = MLflow(uri)
        logger.run, logger.id, logger.client, logger._last = Run(tmp_path), "a", Client(place), 1
        try:
            logger.close("done", {}, logger.run.artifacts())
        except ValueError as error:
            return logger.client.calls, str(error)
        return logger.client.calls, ""

    return end


FILES = ["report.html", "card.md", "best.keras", "FINISHED"]


@pytest.mark.parametrize("place", ["/a/b", "file:///a/b", "./relative", "C:\\a"])
def test_page_card_and_model_are_artifacts(ended, place):
    assert ended("sqlite:///x.db", place) == (FILES, "")


@pytest.mark.parametrize(
    "place", ["s3://evil/x", "mlflow-artifacts:/0", "http://evil.example/x", "dbfs:/x"]
)
def test_a_store_here_sends_nothing_elsewhere(ended, place):
    """Whoever made the file may have set it so; a server that was named says itself where."""
    calls, told = ended("sqlite:///x.db", place)
    assert calls == ["FINISHED"] and f"keeps artifacts at {place}" in told
    assert ended("http://mine:5000", place) == (FILES, "")
