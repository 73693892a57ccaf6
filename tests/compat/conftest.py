"""Each test that asks for `unpacked` runs for every version that has left archives."""

import pytest

from tests.compat import archives


@pytest.fixture(params=archives.VERSIONS)
def version(request):
    return request.param


@pytest.fixture
def unpacked(version, tmp_path):
    """`unpacked("finished")`: the archive of that name in the test's own folder."""
    return lambda name: archives.unpack(version, name, tmp_path / name)
