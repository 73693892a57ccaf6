"""The runs of the room beside: a table with words and gaps, prices, pictures."""

from tests.unit.prediction.conftest import (  # noqa: F401
    ground,
    homes_run,
    people_run,
    pictures_run,
)
