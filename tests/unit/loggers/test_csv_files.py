"""The three tables, also after a resume."""

import csv

from kreg.loggers import CSV, EpochRecord, Run


def table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def logged(folder, first, last, config):
    logger = CSV()
    logger.begin(config, Run(folder, epoch=first))
    for epoch in range(first + 1, last + 1):
        logger.epoch(EpochRecord(epoch, {"loss": 1 / epoch}, {"sparsity/dense": 0.5}))
    return logger


def test_tables_that_a_spreadsheet_opens(tmp_path, document):
    logger = logged(tmp_path, 0, 3, {"reg": {"l1": 0.1}, "task": "=1+1"})
    logger.report(document)
    logger.end({"status": "done", "metrics": {"val_clean_loss": 0.25}})
    rows = table(tmp_path / "csv" / "metrics.csv")
    assert [float(row["loss"]) for row in rows] == [1.0, 0.5, 1 / 3]
    assert {row["sparsity/dense"] for row in rows} == {"0.5"}
    config = {row["key"]: row["value"] for row in table(tmp_path / "csv" / "config.csv")}
    assert config == {"reg.l1": "0.1", "task": "'=1+1"}
    result = {row["key"]: row["value"] for row in table(tmp_path / "csv" / "result.csv")}
    assert result["status"] == "done" and result["val_clean_loss"] == "0.25"
    assert result["verdict"] == document["verdict"]["state"]


def test_a_resumed_run_goes_on_below_the_epochs_that_it_has_kept(tmp_path):
    logged(tmp_path, 0, 3, {})  # epoch 3 is trained again
    logged(tmp_path, 2, 4, {})
    rows = table(tmp_path / "csv" / "metrics.csv")
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert [float(row["loss"]) for row in rows] == [1.0, 0.5, 1 / 3, 0.25]
    assert len(table_of_a_new_run(tmp_path)) == 1


def table_of_a_new_run(folder):
    logged(folder, 0, 1, {})
    return table(folder / "csv" / "metrics.csv")
