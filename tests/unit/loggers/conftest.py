"""A small report, as `kreg.report` makes it of a history."""

import pytest

import kreg


@pytest.fixture(scope="session")
def document():
    falls = [1.0 / (1 + epoch) for epoch in range(30)]
    rises = [1.0 / (1 + epoch) if epoch < 10 else 0.1 + 0.05 * (epoch - 9) for epoch in range(30)]
    return kreg.report({"loss": falls, "val_loss": rises}).document
