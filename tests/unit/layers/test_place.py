import pytest

from kreg.layers import Place


def test_depth_and_spatial_axes():
    assert [Place("residual", i, 4, 4).depth for i in range(4)] == [0.25, 0.5, 0.75, 1.0]
    assert Place("dense", 0, 1, 2).spatial == 0
    assert Place("conv", 0, 1, 5).spatial == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("attention", 0, 1, 3), "kind"),
        (("dense", 2, 2, 2), "index"),
        (("dense", 0, 0, 2), "total"),
        (("dense", 0, 1, 1), "rank"),
    ],
)
def test_an_impossible_place_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Place(*arguments)
