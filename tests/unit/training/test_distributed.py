"""What workers of one training tell each other, without a second process: `tests/app` has two."""

import signal
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from kreg.callbacks import Interrupt
from kreg.callbacks.shared_values import shared
from kreg.callbacks.together import SharedMetrics, Together
from kreg.config.cluster import Cluster
from kreg.launch import program
from kreg.training import distributed
from kreg.training.workers import WorkerLostError, Workers, share_gradients


class Alone(Workers):
    """One of two workers, whose sums are its own part and what the other is said to say."""

    def __init__(self, index=0, other=None):
        self.cluster = Cluster(("one:1", "two:2"), index)
        self.count, self.index, self.other = 2, index, other

    def total(self, tensor, key=None):
        return tensor if self.other is None else tensor + self.other(tensor)


class Said(Alone):
    """The other one has said these numbers."""

    def __init__(self, *numbers, index=0):
        super().__init__(index)
        self.numbers = numbers

    def row_of(self, values):
        rows = [np.asarray(values, float), np.asarray(self.numbers, float)]
        return np.stack(rows if self.index == 0 else rows[::-1])


def model():
    made = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    made.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"])
    return made


def attached(callback, of):
    callback.set_model(of)
    callback.on_epoch_begin(0)
    return callback


def test_a_share_counts_as_much_as_it_has_rows_of_its_batch():
    weight = keras.Variable(np.zeros(3, "float32"))
    optimizer = keras.optimizers.SGD(1.0)
    optimizer.build([weight])
    share_gradients(optimizer, Alone(), rows=7, batch_size=4)
    moved = []
    for _ in range(4):
        before = weight.numpy()
        optimizer.apply([-np.ones(3, "float32")], [weight])
        moved.append(float((weight.numpy() - before)[0]))
    assert moved == pytest.approx([2 / 4, 1 / 3, 2 / 4, 1 / 3])


@pytest.mark.parametrize("shared_by_two", [False, True])
def test_clipping_sees_the_gradient_of_the_whole_batch(shared_by_two):
    weight = keras.Variable(np.zeros(2, "float32"))
    optimizer = keras.optimizers.SGD(1.0, clipnorm=1.0)
    optimizer.build([weight])
    if shared_by_two:  # halves 0.5 * (6, 0) and 0.5 * (0, 8)
        other = np.array([0, 4], "float32")
        share_gradients(optimizer, Alone(other=lambda _: other), rows=4, batch_size=4)
    gradient = np.array([6, 0] if shared_by_two else [3, 4], "float32")
    optimizer.apply([gradient], [weight])
    np.testing.assert_allclose(weight.numpy(), [-0.6, -0.8], rtol=1e-6)


def test_messages_and_arrays_arrive_bit_by_bit():
    special = [np.array([-0.0, np.nan, np.inf, 1e-45], "float32"), np.array(7), np.zeros((0, 2))]
    for sent, found in zip(special, Alone().of_the_first(special), strict=True):
        assert sent.tobytes() == found.tobytes() and sent.shape == found.shape
        assert sent.dtype == found.dtype
    assert not any(a.any() for a in Alone(index=1).of_the_first([np.ones(3), np.ones(2, int)]))
    assert Alone().messages("Größe") == ["Größe", ""]


def test_the_first_difference_is_told_with_its_worker(monkeypatch):
    workers = Alone()
    monkeypatch.setattr(workers, "messages", lambda text: [text, '{"keras": "2", "numpy": "2"}'])
    with pytest.raises(
        ValueError, match=r"Worker 1 \(two:2\) has another keras than worker 0: '2'"
    ):
        workers.agree({"keras": "3", "numpy": "2"})
    monkeypatch.setattr(workers, "messages", lambda text: [text, text])
    workers.agree({"keras": "3"})


def test_a_lost_connection_is_one_sentence():
    import tensorflow as tf

    with pytest.raises(WorkerLostError, match="A worker is gone .two:2") as told, Alone().told():
        raise tf.errors.UnavailableError(None, None, "Socket closed")
    assert "goes on from the last state" in str(told.value)
    with pytest.raises(KeyError), Alone().told():
        raise KeyError("another error")


def test_who_is_told_to_stop_goes_on_to_the_end_of_the_epoch():
    trained = model()
    interrupt = Interrupt(verbose=0)
    callback = attached(Together(Said(0, 0), interrupt), trained)
    trained.stop_training = shared(trained).partial = True
    callback.on_train_batch_end(0)
    assert not trained.stop_training and not shared(trained).partial
    callback.on_epoch_end(0)
    assert trained.stop_training and interrupt.exit_code == 0


def test_a_broken_epoch_stays_broken():
    trained = model()
    callback = attached(Together(Said(0, 0), Interrupt(verbose=0)), trained)
    trained.stop_training = shared(trained).partial = True
    shared(trained).broken = "The loss is nan."
    callback.on_train_batch_end(0)
    assert shared(trained).partial and not trained.stop_training


def test_a_signal_to_one_ends_the_other():
    trained = model()
    interrupt = Interrupt(verbose=0)
    attached(Together(Said(1, signal.SIGTERM), interrupt), trained).on_epoch_end(0)
    assert trained.stop_training and interrupt.exit_code == 143


def test_nobody_stops_where_nobody_is_told_to():
    trained = model()
    attached(Together(Said(0, 0), Interrupt(verbose=0)), trained).on_epoch_end(0)
    assert not trained.stop_training


def test_an_epoch_begins_with_the_weights_of_the_first_worker():
    first, second = model(), model()
    sent = []

    class First(Alone):
        def of_the_first(self, values):
            sent.extend(values)
            return values

    class Second(Alone):
        def of_the_first(self, values):
            return sent

    first.optimizer.build(first.trainable_variables)
    first.optimizer.iterations.assign(5)
    attached(Together(First(), Interrupt(verbose=0)), first)
    attached(Together(Second(index=1), Interrupt(verbose=0)), second)
    for ours, theirs in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    assert int(second.optimizer.iterations) == 5


def test_logs_are_of_the_rows_of_all_workers():
    parts = [(np.array([[0.0, 1.0]]), np.array([1.0])), (np.ones((3, 2)), np.array([1.0, 2, 3]))]
    trained = model()
    whole = trained.evaluate(*(np.concatenate(pair) for pair in zip(*parts)), verbose=0)
    trained.evaluate(*parts[1], verbose=0)
    others = [float(variable) for metric in trained.metrics for variable in metric.variables]
    logs = trained.evaluate(*parts[0], verbose=0, return_dict=True)
    logs["rate/noise"] = 1.0

    class Added(Alone):
        def row_of(self, values):
            return np.stack([values, others])

    callback = SharedMetrics(Added())
    callback.set_model(trained)
    callback.on_epoch_end(0, logs)
    assert list(logs.values()) == pytest.approx([*whole, 1.0], rel=1e-6)


def joined(rows=8, batch_size=4, layers=()):
    network = keras.Sequential([keras.Input((2,)), *layers, keras.layers.Dense(1)])
    network.compile("sgd", "mse")
    return SimpleNamespace(
        data=SimpleNamespace(train=range(rows)), batch_size=batch_size, model=network, workers=None
    )


def test_a_batch_without_a_row_for_each_worker_is_refused():
    with pytest.raises(ValueError, match="the last batch of 9 rows has 1, fewer than"):
        distributed.join(joined(rows=9), Alone())
    training = joined(rows=10)
    distributed.join(training, workers := Alone())
    assert training.workers is workers


@pytest.mark.parametrize("layer", [keras.layers.BatchNormalization, keras.layers.Dropout])
def test_what_each_worker_would_have_of_its_own_is_refused(layer):
    made = layer(0.5) if layer is keras.layers.Dropout else layer()
    with pytest.raises(ValueError, match="keeps averages or random numbers"):
        distributed.join(joined(layers=[made]), Alone())


@pytest.fixture
def second_of_two(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(
        "TF_CONFIG",
        '{"cluster": {"worker": ["one:1", "two:2"]}, "task": {"type": "worker", "index": 1}}',
    )
    return tmp_path


def test_another_worker_than_the_first_has_no_directory(second_of_two, monkeypatch):
    worked = []
    monkeypatch.setattr(distributed, "work", worked.append)
    assert program.main(["distribute=multiworker", "model=linear"]) == 0
    assert [config.model.kind for config in worked] == ["linear"]
    assert not list(second_of_two.iterdir())


def test_a_sweep_is_refused(second_of_two, capsys):
    assert program.main(["-m", "distribute=multiworker", "model=linear", "seed=0,1"]) == 2
    assert "this is a sweep of several" in capsys.readouterr().err
