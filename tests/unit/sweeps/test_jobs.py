"""What a sweep says of a job that has ended."""

import pytest

from kreg.sweeps.jobs import outcome


@pytest.mark.parametrize(("text", "said"), [(None, "no result"), ("{", "damaged result")])
def test_a_damaged_result_is_not_a_missing_one(text, said, tmp_path):
    if text is not None:
        (tmp_path / "result.json").write_text(text)
    assert outcome(tmp_path, "auto") == said
