"""What `augment.preview=true`, the report and TensorBoard show of the training pictures."""

import numpy as np
import pytest

from kreg.data import Split
from kreg.launch.compose import compose_job
from kreg.training import plan, samples, start


@pytest.mark.slow
def test_pictures_are_of_all_classes_and_stand_beside_their_originals(tmp_path):
    words = ["augment=light", "data.train_size=60", "model=cnn", "model.width=2"]
    config = compose_job(words)
    start.prepare(config.trainer, config.seed)
    training = plan.make(config)
    samples.write(training, tmp_path)
    captions = (tmp_path / "augment.txt").read_text().splitlines()
    originals = [line for line in captions if "original" in line]
    assert [line.split(": ")[1] for line in originals] == list("01234567")
    assert captions[1].startswith(captions[0].split(",")[0] + ", epoch 0: 0")
    rows = [int(line.split()[1].rstrip(",")) for line in originals]
    assert training.data.train.y[rows].tolist() == list(range(8))
    seen = training.augmentation(training.data.train.x[rows], None, index=np.array(rows), epoch=0)
    assert np.array_equal(training.samples(0, 8), np.asarray(seen))


def test_rows_of_a_class_sorted_folder_are_mixed():
    sorted_ids = Split(np.zeros(90), np.repeat([0, 1, 2], 30))
    assert sorted_ids.y[sorted_ids.mixed(6)].tolist() == [0, 1, 2, 0, 1, 2]
    assert len(set(sorted_ids.mixed(90))) == 90 and len(sorted_ids.mixed(100)) == 90
    numbers = Split(np.zeros(90), np.linspace(0, 1, 90, dtype=np.float32).reshape(-1, 1))
    assert numbers.mixed(3).tolist() == [0, 30, 60]
