"""Events written without TensorFlow, read back by TensorBoard's own code."""

import math
import subprocess
import sys

import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.plugins.scalar import metadata as scalars
from tensorboard.util.tensor_util import make_ndarray

from kreg.diagnostics import Record, document
from kreg.diagnostics.sources import load
from kreg.foreign import event_file
from kreg.tensorboard import REPORT_TAG, Events, summaries
from kreg.tensorboard.summaries import layout


def values(folder):
    found = []
    for path in sorted(folder.glob("*tfevents*")):
        for data in event_file.records(path):
            event = Event.FromString(data)
            found += [(event.step, value) for value in event.summary.value]
    return found


@pytest.fixture
def record():
    record = Record(name="demo", settings={"reg": {"kind": "l1", "l1": 0.1}, "seed": 3})
    for epoch in range(1, 13):
        losses = {"loss": 2 / epoch, "clean_loss": 1 / epoch, "val_clean_loss": 1.5 / epoch}
        rows = np.linspace(0, 3 / epoch, 50)
        record.append(epoch, {**losses, "gap": 0.5 / epoch, "penalty": 0.1}, examples=rows)
    return record


def test_epoch_scalars_with_the_band(tmp_path, record):
    with Events(tmp_path) as events:
        events.epoch(record)
    found = {value.tag: float(make_ndarray(value.tensor)) for _, value in values(tmp_path)}
    assert found["overfit/clean_loss"] == pytest.approx(1 / 12)
    assert found["penalty/total"] == pytest.approx(0.1)
    center = found["overfit/val_clean_loss"]
    assert found["overfit/val_clean_low"] < center < found["overfit/val_clean_high"]
    assert values(tmp_path)[0][0] == 12


@pytest.mark.parametrize("number", [0.1, -0.0, 1e-40, 3e38, math.inf, math.nan, np.float64(7), 2])
def test_a_scalar_is_the_bytes_that_tensorboard_itself_makes_of_it(number):
    own = summaries.value("a/b", np.float32(number), scalars.create_summary_metadata(None, None))
    found = summaries.scalar("a/b", number)
    assert found.SerializeToString() == own.SerializeToString()


def test_what_is_written_can_be_reported_again(tmp_path, record):
    with Events(tmp_path / "run") as events:
        copy = Record()
        for i, epoch in enumerate(record.epochs):
            copy.append(epoch, {name: curve[i] for name, curve in record.curves.items()})
            events.epoch(copy)
    again, read = load(tmp_path / "run")
    assert again["verdict"]["honest"]
    assert read.epochs == record.epochs
    np.testing.assert_allclose(read.curve("clean_loss"), record.curve("clean_loss"), rtol=1e-6)


def test_report_travels_whole(tmp_path, record):
    found = document(record)
    with Events(tmp_path) as events:
        events.report(found)
    by_tag = {value.tag: value for _, value in values(tmp_path)}
    assert by_tag[REPORT_TAG].metadata.plugin_data.plugin_name == "kreg"
    assert b'"schema": "kreg/report"' in make_ndarray(by_tag[REPORT_TAG].tensor).item()
    assert by_tag["report"].metadata.plugin_data.plugin_name == "text"


def test_histograms_images_hparams_and_layout_have_their_plugins(tmp_path, record):
    with Events(tmp_path) as events:
        events.histogram(1, "weights/dense", [0.0, 1.0, np.nan, 2.0])
        events.images(1, "augment/samples", np.zeros((2, 4, 6, 3)))
        events.hparams(record.settings, run="demo")
        events.layout()
    found = {value.tag: value for _, value in values(tmp_path)}
    plugins = {tag: value.metadata.plugin_data.plugin_name for tag, value in found.items()}
    assert plugins["weights/dense"] == "histograms"
    assert plugins["augment/samples"] == "images"
    assert plugins["custom_scalars__config__"] == "custom_scalars"
    assert sum(name == "hparams" for name in plugins.values()) == 3
    assert make_ndarray(found["weights/dense"].tensor)[:, 2].sum() == 3
    assert make_ndarray(found["augment/samples"].tensor)[0] == b"6"


def test_layout_names_the_tags_that_are_written():
    charts = [chart for category in layout().category for chart in category.chart]
    band = next(chart.margin.series[0] for chart in charts if chart.HasField("margin"))
    assert (band.value, band.lower) == ("overfit/val_clean_loss", "overfit/val_clean_low")


def test_a_resumed_run_says_where_it_goes_on(tmp_path):
    with Events(tmp_path, resume_step=4):
        pass
    (path,) = tmp_path.iterdir()
    logs = [Event.FromString(data) for data in event_file.records(path)]
    assert logs[0].file_version == "brain.Event:2"
    assert logs[1].session_log.status == 1
    assert logs[1].step == 4


def test_no_tensorflow_is_started(tmp_path):
    code = (
        "import sys; from kreg.tensorboard import Events; from kreg.pages import report;"
        f"e = Events({str(tmp_path)!r}); e.hparams({{'a': 1}}, run='x'); e.layout();"
        "e.report(report({'loss': [1.0], 'val_loss': [1.0]}).document);"
        "import kreg.tensorboard.plugin;"
        "assert not {'tensorflow', 'keras', 'matplotlib'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
