"""Diagnostics in a real `fit`: right numbers, an untouched training, a run that cannot be lost."""

import keras
import numpy as np
import pytest

import kreg
from kreg.callbacks.diagnostics import train_end
from kreg.measuring import overhead
from tests.unit.measuring.conftest import classifier


def fit(model, data, callbacks, **kwargs):
    (x, y), validation = data
    settings = {"epochs": 4, "batch_size": 32, "verbose": 0, "validation_data": validation}
    return model.fit(x, y, callbacks=callbacks, **{**settings, **kwargs})


def test_training_is_the_same_bit_for_bit(data):
    train, validation = data
    runs = []
    for callbacks in ([], [kreg.Diagnostics(train, validation, verbose=0)]):
        model = classifier()
        history = fit(model, data, callbacks)
        state = [np.array(v) for v in (*model.variables, *model.optimizer.variables)]
        runs.append((history.history, state))
    (plain, weights), (watched, same) = runs
    for old, new in zip(weights, same, strict=True):
        np.testing.assert_array_equal(old, new)
    for name in plain:
        assert plain[name] == watched[name], name


def test_names_and_identities_in_the_logs(data, model):
    train, validation = data
    watch = kreg.Diagnostics(train, validation, adapt=False, verbose=0)
    history = fit(model, data, [watch]).history
    names = {"clean_loss", "val_clean_loss", "clean_accuracy", "val_clean_accuracy"}
    assert names | {"gap", "penalty", "sparsity"} <= history.keys()
    for i in range(4):
        gap = history["val_clean_loss"][i] - history["clean_loss"][i]
        assert history["gap"][i] == pytest.approx(gap)
        clean = history["val_loss"][i] - history["penalty"][i]
        assert history["val_clean_loss"][i] == pytest.approx(clean, rel=1e-4)
        assert history["penalty"][i] > 0.01
    assert history["val_clean_accuracy"] == pytest.approx(history["val_accuracy"])


def test_it_validates_as_keras_does(data):
    """The same `val_loss`, penalties included, without Keras's own pass over the rows."""
    train, validation = data
    theirs = fit(classifier(), data, []).history
    watch = kreg.Diagnostics(train, validation, validate=True, verbose=0)
    ours = fit(classifier(), data, [watch], validation_data=None).history
    assert theirs.keys() <= ours.keys()
    for name in theirs:
        assert ours[name] == pytest.approx(theirs[name], rel=1e-5), name
    assert watch.document["ledger"]["last"]["validation"]["rest"] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(
    "penalty", [kreg.L2SP(0.5), kreg.L1(kreg.schedules.Linear(0.0, 0.1, duration=9))]
)
def test_penalties_are_measured_as_the_optimizer_has_them(penalty, data):
    """Where a weight started, and how strong a penalty is by now, is known to it alone."""
    model = kreg.regularize(classifier(l2=0), kreg.surgery.Rule(penalty, layers="dense*"))
    model.compile(kreg.optimizers.Adam(0.01), model.loss)
    history = fit(model, data, [kreg.Diagnostics(*data, verbose=0)]).history
    measured = np.subtract(history["val_loss"], history["val_clean_loss"])
    np.testing.assert_allclose(history["penalty"], measured, atol=1e-5)
    assert min(history["penalty"]) > 1e-3


def test_the_record_holds_everything(data, model):
    train, validation = data
    watch = kreg.Diagnostics(train, validation, verbose=0, name="try", settings={"l2": 0.01})
    fit(model, data, [watch])
    record = watch.record
    assert record.epochs == [1, 2, 3, 4]
    assert record.task == "classification" and record.loss == "sparse_categorical_crossentropy"
    measured = {"measured_train": 64, "measured_validation": 64}
    assert record.sizes == {"train": 96, "validation": 64, **measured, "classes": 2}
    assert [row.shape for row in record.examples] == [(64,)] * 4
    means = [row.mean() for row in record.examples]
    assert record.curves["val_clean_loss"] == pytest.approx(means, rel=1e-5)
    accuracy = [row.mean() for row in record.correct]
    assert record.curves["val_clean_accuracy"] == pytest.approx(accuracy)
    assert record.curves["learning_rate"] == pytest.approx([0.01] * 4)
    assert set(record.calibration) == {"train", "validation"}
    assert record.provenance["keras"] == keras.__version__


def test_without_validation_it_says_so_and_training_goes_on(data, model, capsys):
    (x, y), _ = data
    watch = kreg.Diagnostics((x, y))
    history = model.fit(x, y, epochs=2, verbose=0, callbacks=[watch])
    assert "NO VALIDATION" in capsys.readouterr().out
    assert len(history.epoch) == 2 and "val_clean_loss" not in history.history
    assert any("NO VALIDATION" in note for note in watch.record.warnings)


def test_an_empty_validation_set_is_no_validation(data, model):
    (x, y), _ = data
    watch = kreg.Diagnostics((x, y), (x[:0], y[:0]), verbose=0)
    model.fit(x, y, epochs=1, verbose=0, callbacks=[watch])
    assert any("NO VALIDATION" in note for note in watch.notes)


def test_without_rows_the_clean_loss_is_keras_minus_the_penalties(data):
    _, (xv, yv) = data
    model = classifier()
    history = fit(model, data, [kreg.Diagnostics(verbose=0)]).history
    again = classifier()
    exact = fit(again, data, [kreg.Diagnostics(None, (xv, yv), verbose=0)]).history
    assert history["val_clean_loss"] == pytest.approx(exact["val_clean_loss"], rel=1e-5)


def test_datasets_of_any_length(data, model):
    import tensorflow as tf

    (x, y), (xv, yv) = data
    endless = tf.data.Dataset.from_tensor_slices((x, y)).batch(20).repeat()
    finite = tf.data.Dataset.from_tensor_slices((xv, yv)).batch(20)
    watch = kreg.Diagnostics(endless, finite, rows=50, verbose=0)
    model.fit(endless, epochs=2, steps_per_epoch=5, shuffle=False, verbose=0, callbacks=[watch])
    assert len(watch.train) == len(watch.validation) == 50
    assert watch.record.epochs == [1, 2]


def test_a_failing_report_loses_nothing(data, model, monkeypatch, capsys):
    def broken(record):
        raise RuntimeError("no ink")

    monkeypatch.setattr(train_end.diagnostics, "diagnose", broken)
    watch = kreg.Diagnostics(*data)
    history = fit(model, data, [watch])
    assert len(history.epoch) == 4 and watch.verdict is None and watch.document is None
    assert "no ink" in capsys.readouterr().out


@pytest.fixture
def dear(monkeypatch):
    """A machine on which nothing is cheap."""
    monkeypatch.setattr(overhead, "CHEAP", 0)


def test_thinning_is_said_and_leaves_validation_alone(data, dear):
    train, validation = data
    big = (np.repeat(train[0], 12, axis=0), np.repeat(train[1], 12))
    large = (np.repeat(validation[0], 12, axis=0), np.repeat(validation[1], 12))
    watch = kreg.Diagnostics(big, large, rows=2048, verbose=0, rows_per_epoch=6000)
    history = fit(classifier(), data, [watch], epochs=12).history
    assert len(watch.train) == 768 and len(watch.thin) == 900 - 768
    assert sum("132 of 1,152 training rows" in note for note in watch.notes) == 1
    assert all(np.isfinite(history[name]).all() for name in ("clean_loss", "gap"))
    assert watch.record.curves["clean_loss"] == history["clean_loss"]
    whole = kreg.Diagnostics(big, large, rows=2048, adapt=False, verbose=0)
    free = fit(classifier(), data, [whole], epochs=12).history
    assert free["val_clean_loss"] == history["val_clean_loss"]
    assert free["clean_loss"] != history["clean_loss"] and len(whole.thin) == 768


def test_a_small_model_is_measured_on_all_rows(data):
    watch = kreg.Diagnostics(*data, budget=1e-9, verbose=0)
    fit(classifier(), data, [watch])
    assert len(watch.thin) == len(watch.train)


def test_fewer_validation_rows_are_said_unless_they_were_chosen():
    x, y = np.zeros((3000, 2048), "float32"), np.zeros(3000, "int32")
    few, many = (x[:1000], y[:1000]), (x, y)
    watch = kreg.Diagnostics(few, many)
    assert len(watch.validation) == 512
    (said,) = filter(None, watch.sides.notes)
    assert "512 of 3000 validation rows" in said
    chosen = kreg.Diagnostics(few, many, rows=2048)
    assert len(chosen.validation) == 2048 and not any(chosen.sides.notes)
    spared = kreg.Diagnostics(few, many, validate=True)
    assert len(spared.validation) == 3000 and len(spared.train) == 512
    assert len(spared.validation.kept) == 2048 and not any(spared.sides.notes)


def test_a_stopping_rule_that_reads_the_training_side_forbids_thinning(data, dear):
    watch = kreg.Diagnostics(*data, budget=1e-9, verbose=0)
    stop = kreg.EarlyStopping(criterion="pq:1000", verbose=0)
    history = fit(classifier(), data, [watch, stop], epochs=8).history
    assert len(watch.thin) == len(watch.train) and np.isfinite(history["clean_loss"]).all()


def test_wrong_arguments_are_sentences(data):
    train, validation = data
    with pytest.raises(ValueError, match="`rows`"):
        kreg.Diagnostics(train, validation, rows=4096)
    with pytest.raises(ValueError, match="arrays of one length"):
        kreg.Diagnostics((train[0], train[1][:5]), validation)
    with pytest.raises(ValueError, match="at least one row"):
        kreg.Diagnostics((train[0][:0], train[1][:0]), validation)


def test_the_report_knows_layers_stop_and_restore(data, capsys):
    train, validation = data
    watch = kreg.Diagnostics(train, validation)
    stop = kreg.EarlyStopping(criterion="budget:3")
    model = classifier()
    fit(model, data, [watch, stop])
    assert watch.verdict.state in kreg.diagnostics.STATES
    assert watch.verdict.headline in capsys.readouterr().out
    kinds = [event["kind"] for event in watch.document["events"]]
    assert kinds == ["stop", "restore"]
    hidden, head = watch.record.layers
    assert "L2(0.01) on kernel" in hidden["regularization"]
    assert "Dropout(0.3) after" in hidden["regularization"]
    assert head["regularization"] == "Dropout(0.3) before"
    assert hidden["params"] == 7 * 16 and 0 <= hidden["dead"] <= 1
    assert hidden["distance"] > hidden["update_ratio"] > 0


def test_probes_are_opt_in_and_leave_the_model_alone(data):
    train, validation = data
    model = classifier()
    probes = ("sharpness", "gradient_noise", "random_labels")
    watch = kreg.Diagnostics(train, validation, adapt=False, verbose=0, probes=probes)
    plain = classifier()
    fit(plain, data, [])
    fit(model, data, [watch])
    names = [row["name"] for row in watch.record.inputs["weak_evidence"]]
    assert names == ["sharpness", "gradient noise scale", "random labels"]
    assert watch.notes == []
    for ours, theirs in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_drops_of_the_learning_rate_are_marked(data, model):
    drop = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.01 if epoch < 2 else 0.001)
    watch = kreg.Diagnostics(*data, verbose=0)
    fit(model, data, [watch, drop])
    assert [(e["epoch"], e["kind"]) for e in watch.document["events"]] == [(3, "learning_rate")]


@pytest.mark.parametrize("given", [{"validation_split": 0.2}, {}])
def test_validation_that_fit_has_is_not_said_to_be_missing(data, given, capsys):
    """Never NO VALIDATION at the start and a word about the validation at the end."""
    (x, y), validation = data
    watch = kreg.Diagnostics(probe_training=False)
    more = given or {"validation_data": validation}
    classifier(run_eagerly=True).fit(x, y, epochs=9, verbose=0, callbacks=[watch], **more)
    assert "NO VALIDATION" not in capsys.readouterr().out
    assert watch.verdict.state not in ("NO VALIDATION", "LATE GAIN")
    alone = kreg.Diagnostics(train=(x, y), probe_training=False)
    classifier(run_eagerly=True).fit(x, y, verbose=0, callbacks=[alone])
    assert capsys.readouterr().out.count("NO VALIDATION: without") == 1
    assert alone.verdict.state == "NO VALIDATION"


def test_it_says_when_it_is_not_first(data, tmp_path):
    model = classifier(run_eagerly=True)
    train, validation = data

    class Mine(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            pass

    rate = keras.callbacks.LearningRateScheduler(lambda epoch: 0.01)
    for before, said in (
        (
            [kreg.EarlyStopping(verbose=0), Mine()],
            "not seen by `EarlyStopping` and `Mine` before it",
        ),
        ([keras.callbacks.CSVLogger(tmp_path / "log.csv")], "not seen by `CSVLogger` before it"),
        ([kreg.callbacks.NonFinite(), rate], None),
    ):
        watch = kreg.Diagnostics(train, validation, verbose=0, probe_training=False)
        fit(model, data, [*before, watch], epochs=1)
        assert [said in n for n in watch.notes if "not first in the list" in n] == (
            [True] if said else []
        )


KERAS_CALLBACKS = {
    "EarlyStopping": lambda folder, **mode: keras.callbacks.EarlyStopping(
        "val_clean_loss", patience=0, restore_best_weights=True, **mode
    ),
    "ModelCheckpoint": lambda folder, **mode: keras.callbacks.ModelCheckpoint(
        folder / "best.keras", monitor="val_clean_loss", save_best_only=True, **mode
    ),
    "ReduceLROnPlateau": lambda folder, **mode: keras.callbacks.ReduceLROnPlateau(
        "val_clean_loss", patience=0, **mode
    ),
}


@pytest.mark.parametrize("name", KERAS_CALLBACKS)
def test_callbacks_of_keras_read_its_names(name, data, tmp_path):
    """As the page says, with `mode="min"`: Keras knows directions of compiled metrics alone."""
    model = classifier(run_eagerly=True)
    train, validation = data
    watch = kreg.Diagnostics(train, validation, verbose=0, probe_training=False)
    theirs = KERAS_CALLBACKS[name](tmp_path, mode="min")
    history = fit(model, data, [watch, theirs], epochs=3).history["val_clean_loss"]
    if name == "EarlyStopping":
        assert theirs.best == min(history)
    elif name == "ModelCheckpoint":
        assert theirs.best == min(history) and (tmp_path / "best.keras").exists()
    else:
        assert theirs.monitor_op(0.1, 0.2) and theirs.best == min(history)
