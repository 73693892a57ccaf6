"""What a command says of a directory that has its result already."""

from kreg.launch import gate
from kreg.runs import RunDirectory


def test_the_page_of_an_experiment_is_its_own(tmp_path):
    run = RunDirectory(tmp_path)
    assert gate.page_of(run, "table_ensemble") == tmp_path
    (tmp_path / "report.html").touch()
    assert gate.page_of(run, "train").name == "report.html"
    (tmp_path / "table_ensemble.html").touch()
    assert gate.page_of(run, "table_ensemble").name == "table_ensemble.html"
