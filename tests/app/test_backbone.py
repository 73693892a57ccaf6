"""`model=backbone` from the command line: what is refused, what is said, what trains."""

import json
import pickle
import subprocess
import sys

import keras
import numpy as np
import pytest

import kreg
from kreg import lora
from kreg.applications import FAMILIES
from kreg.config.validate import ConfigError
from kreg.exporting.commands import export
from kreg.launch.compose import compose_job
from kreg.sklearn import KregClassifier
from kreg.training import app, callbacks, kept_features, plan
from kreg.training.shared_steps import SharedSteps
from kreg.training.stacks import Stacks

SMALL = ["data.train_size=32", "trainer.epochs=1", "trainer.batch_size=16", "diagnostics=off"]
CNN = ["model=cnn", "model.depth=1", "model.width=4", "dropout=light"]


DEPTHWISE = """
import keras


def network(shape, outputs, task):
    layers = [keras.Input(shape), keras.layers.DepthwiseConv2D(3), keras.layers.Flatten()]
    return keras.Sequential([*layers, keras.layers.Dense(outputs)])
"""


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """The directory of a run of kreg."""
    folder = tmp_path_factory.mktemp("earlier")
    app.run(compose_job([*CNN, *SMALL, "trainer.verbose=quiet"]), folder)
    return folder


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "model=backbone needs a network"),
        (["model.name=MobilNetV2"], "Did you mean 'MobileNetV2'"),
        (["model.name=InceptionV3", "model.size=64"], "at least 75"),
        (["model.name=VGG16", "data=wine"], "model=backbone needs images"),
        (["model.name=VGG16", "data.standardise=channel"], "data.standardise=channel"),
        (["model.name=VGG16", "model.weights=nowhere.h5"], "there is no such file"),
        (["model.weights=README.md"], "ends in .keras"),
        (["model.weights=docs"], "a directory without best.keras"),
        (["model.name=VGG16", "model.weights=README.md"], "ends in .keras or .h5"),
    ],
)
def test_what_cannot_be_built_is_refused_before_keras_starts(words, sentence, monkeypatch, request):
    monkeypatch.chdir(request.config.rootpath)
    with pytest.raises(ConfigError, match=sentence):
        compose_job(["model=backbone", *words])


def test_a_run_of_kreg_goes_on_with_other_classes(earlier, tmp_path, capsys):
    x = np.random.default_rng(0).integers(0, 256, (60, 10, 10, 1)).astype("uint8")
    np.savez(tmp_path / "three.npz", x=x, y=np.arange(60) % 3)
    data = ["data=npz", f"data.path={tmp_path}/three.npz"]
    words = ["model=backbone", f"model.weights={earlier}", *data, *SMALL[1:], "reg=l2sp"]
    app.run(compose_job(words), tmp_path / "run")
    told = capsys.readouterr().out
    assert f"weights from {earlier})" in told.replace("\n", "")
    result = json.loads((tmp_path / "run/result.json").read_text())
    assert any("'head' of cnn was left out" in line for line in result["warnings"])


def test_a_sequential_model_of_a_file_goes_on(tmp_path):
    layers = [keras.layers.Conv2D(2, 3, name="conv"), keras.layers.Flatten(), keras.layers.Dense(2)]
    before = keras.Sequential([keras.Input((8, 8, 1)), *layers])
    before.save(tmp_path / "mine.keras")
    job = compose_job(
        ["model=backbone", f"model.weights={tmp_path}/mine.keras", "reg=none", *SMALL]
    )
    kernel = plan.make(job).model.get_layer("backbone").get_layer("conv").get_weights()[0]
    np.testing.assert_array_equal(kernel, layers[0].get_weights()[0])


def test_a_network_that_goes_on_starts_from_its_weights_without_penalties_and_noise(earlier):
    job = compose_job(["model=backbone", f"model.weights={earlier}", "reg=none", *SMALL])
    model = plan.make(job).model.get_layer("backbone")
    best = earlier / "best.keras"
    before = keras.models.load_model(best, compile=False)
    np.testing.assert_array_equal(
        model.get_layer("conv_1").get_weights()[0], before.get_layer("conv_1").get_weights()[0]
    )
    assert not model.losses
    assert any(isinstance(layer, kreg.Dropout) for layer in kreg.load_model(best).layers)
    assert not any(isinstance(layer, kreg.Dropout | keras.layers.Dropout) for layer in model.layers)


@pytest.mark.parametrize(
    ("dtype", "high", "seen"), [("uint8", 255, 255), ("float32", 1, 255), ("float32", 255, 255)]
)
def test_a_backbone_gets_bytes_whatever_the_pictures_are(earlier, tmp_path, dtype, high, seen):
    x = np.zeros((60, 8, 8, 1), dtype)
    x[:, 0] = high
    x[:, 1] = np.arange(60)[:, None, None] * high / 60  # no two rows alike
    np.savez(tmp_path / "x.npz", x=x, y=np.arange(60) % 3)
    words = ["model=backbone", f"model.weights={earlier}", "data=npz", "reg=none"]
    model = plan.make(compose_job([*words, f"data.path={tmp_path}/x.npz"])).model
    scale = [layer for layer in model.layers if layer.name == "rescale"]
    factor = scale[0].scale if scale else 1.0
    assert factor * float(np.max(x)) == pytest.approx(seen)


def pictures(folder, high, seed=0):
    """Grey pictures whose class is how bright they are; of bytes, or floats up to 1."""
    rng = np.random.default_rng(seed)
    y = np.arange(90) % 3
    x = rng.uniform(0, 0.4, (90, 8, 8, 1)) + 0.3 * y[:, None, None, None]
    x = (255 * x).astype("uint8") if high == 255 else x.astype("float32")
    np.savez(folder / f"{high}.npz", x=x, y=y)
    return ["data=npz", f"data.path={folder}/{high}.npz"]


def test_the_network_of_a_run_sees_floats_as_that_run_saw_them(tmp_path):
    floats, as_bytes = (pictures(tmp_path, high) for high in (1, 255))
    app.run(compose_job([*CNN, *SMALL[1:], *floats, "trainer.verbose=quiet"]), tmp_path / "run")
    source = keras.models.load_model(tmp_path / "run/best.keras", compile=False)
    words = ["model=backbone", f"model.weights={tmp_path}/run", "reg=none"]
    x = np.random.default_rng(0).uniform(0, 1, (4, 8, 8, 1)).astype("float32")
    expected = keras.Model(source.input, source.get_layer("head").input)(x)
    for data, scale in ((floats, 1), (as_bytes, 255)):
        made = plan.make(compose_job([*words, *data]))
        seen = keras.Model(made.model.input, made.model.get_layer("head").input)(scale * x)
        np.testing.assert_allclose(seen, expected, rtol=1e-5, atol=1e-6)
        told = any("was trained on pictures of floats" in said for said in made.data.warnings)
        assert told == (scale == 255)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.names[0])
def test_the_smallest_network_of_every_family_trains_saves_and_comes_back(family, tmp_path):
    name = family.names[0]
    words = [f"model.name={name}", "data.train_size=16", "reg=none"]
    job = compose_job(["model=backbone", *words, "trainer.batch_size=16"])
    model = plan.make(job).model
    x = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1)).astype("uint8")
    trunk = [layer for layer in model.layers if layer.name != "head"]
    for trainable in (False, True):  # freezes, thaws
        for layer in trunk:
            layer.trainable = trainable
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        before = [np.array(v) for v in model.trainable_variables]
        model.fit(x, np.arange(4), verbose=0)
        after = model.trainable_variables
        assert any(np.any(old != new.numpy()) for old, new in zip(before, after, strict=True))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(x), model(x), atol=1e-5)


def run(words, folder):
    app.run(compose_job([*words, "trainer.verbose=quiet"]), folder)
    return json.loads((folder / "result.json").read_text())


@pytest.fixture(scope="module")
def three_classes(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "three.npz"
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    x = rng.integers(0, 100, (90, 8, 8, 1)) + 50 * y[:, None, None, None]
    np.savez(path, x=x.astype("uint8"), y=y)
    return ["data=npz", f"data.path={path}"]


def weights(folder, name="backbone"):
    return kreg.load_model(folder / "best.keras").get_layer(name).get_weights()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["full", "head", "gradual"])
def test_each_way_trains_what_it_says(how, earlier, three_classes, tmp_path):
    words = ["model=backbone", f"model.weights={earlier}", *three_classes, f"finetune={how}"]
    result = run([*words, "trainer.epochs=10", "reg=l2sp", "stop=none"], tmp_path / "run")
    assert result["status"] == "done" and result["verdict"]
    before = keras.models.load_model(earlier / "best.keras", compile=False)
    loaded = [w for layer in before.layers if layer.name != "head" for w in layer.get_weights()]
    pairs = zip(weights(tmp_path / "run"), loaded, strict=True)
    moved = [not np.array_equal(now, then) for now, then in pairs]
    assert not any(moved) if how == "head" else all(moved)
    document = json.loads((tmp_path / "run/report.json").read_text())
    thaws = [event["epoch"] for event in document["events"] if event["kind"] == "thaw"]
    assert thaws == ([3] if how == "gradual" else [])


@pytest.mark.slow
def test_the_rule_that_stops_waits_for_the_thaw(earlier, three_classes, tmp_path):
    words = ["model=backbone", f"model.weights={earlier}", *three_classes, "finetune=gradual"]
    words += ["optimizer.learning_rate=1e-6", "stop=patience", "stop.patience=0"]
    result = run([*words, "trainer.epochs=10", "finetune.share=0.5"], tmp_path / "run")
    assert result["epochs"] > 5


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["model=deep", "finetune=head"], "all weights of model=deep start at random"),
        (["model=backbone", "model.name=VGG16", "finetune=gradual"], "without model.weights"),
        (["finetune=adapters"], "no option 'adapters'"),
        (["finetune=lora"], "finetune=lora freezes what others have trained"),
        (["finetune=lora", "finetune.rank=0"], r"finetune.rank.*>= 1"),
        (["finetune=gradual", "finetune.share=1"], r"finetune.share.*in \(0, 1\)"),
    ],
)
def test_what_cannot_be_fine_tuned_is_refused(words, sentence):
    with pytest.raises(ConfigError, match=sentence):
        compose_job(words)


def test_a_training_too_short_for_two_phases_is_refused(earlier):
    words = ["model=backbone", f"model.weights={earlier}", "finetune=gradual", *SMALL]
    with pytest.raises(ValueError, match="none is left for all layers"):
        plan.make(compose_job(words))


def test_the_plan_says_the_phases_and_lowers_the_rate(earlier):
    words = ["model=backbone", f"model.weights={earlier}", "finetune=gradual", *SMALL]
    made = plan.make(compose_job([*words, "trainer.epochs=10", "optimizer.schedule=constant"]))
    assert made.facts()["parts"].endswith("the head alone until epoch 2)")
    change, rate = 2 * made.steps, made.model.optimizer.scaled_rate
    assert float(rate(change - 1)) == pytest.approx(2e-3)
    assert float(rate(10 * made.steps)) == pytest.approx(2e-3)
    assert float(rate(change)) < 1e-3  # a warm-up
    phases = callbacks.phases(made, compose_job(words))
    assert (phases.rate, phases.layer_decay, phases.lowest) == (1, 0.385, 0.01)


def test_the_plan_of_low_rank_changes_freezes_the_rest(earlier):
    words = ["model=backbone", f"model.weights={earlier}", "finetune=lora", *SMALL]
    made = plan.make(compose_job([*words, "finetune.rank=2", "reg=l2"]))
    names = {weight.path.split("/")[-1] for weight in made.model.trainable_weights}
    assert names == {"lora_kernel_a", "lora_kernel_b", "kernel", "bias"}
    added = sum(w.numpy().size for w in made.model.trainable_weights if "lora" in w.path)
    assert f" {added:,} in low-rank changes" in made.facts()["parts"]
    assert any("penalties of reg=l2 those of the head alone" in told for told in made.data.warnings)


def test_jobs_of_a_sweep_over_low_rank_changes_share_no_step_and_no_stack(earlier, tmp_path):
    words = ["model=backbone", f"model.weights={earlier}", "finetune=lora", *SMALL]
    configs = [compose_job([*words, f"finetune.l1={l1}"]) for l1 in (1e-4, 1e-2)]
    steps = SharedSteps()
    first, second = (plan.make(config, steps).model for config in configs)
    assert first is not second and not steps.models
    b = [lora.pair(lora.holders(model)[0])[1] for model in (first, second)]
    assert [float(weight.regularizer.l1) for weight in b] == pytest.approx([1e-4, 1e-2])
    decided = Stacks(configs, [tmp_path / "0", tmp_path / "1"]).decide()
    assert decided["stacks"] == []
    assert [row["jobs"] for row in decided["not_stacked"]] == [[0, 1]]


@pytest.mark.slow
def test_what_a_training_of_low_rank_changes_exports_says_the_same(
    earlier, three_classes, tmp_path
):
    words = ["model=backbone", f"model.weights={earlier}", *three_classes, "finetune=lora"]
    run([*words, "trainer.epochs=3", "finetune.l1=1e-4", "finetune.rank=2"], tmp_path / "run")
    out = tmp_path / "m.keras"
    assert export(str(tmp_path / "run"), "keras", str(out)) == 0
    model = keras.models.load_model(out, compile=False)
    assert not lora.holders(model)
    x = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 1)).astype("uint8")
    found = model.predict(x, verbose=0)
    said = kreg.load_run(tmp_path / "run").predict(x).filter(like="probability_").to_numpy()
    np.testing.assert_allclose(found, said, atol=1e-5)


@pytest.mark.slow
def test_a_sweep_over_low_rank_changes_has_the_results_of_its_single_runs(
    earlier, three_classes, tmp_path, request
):
    words = ["model=backbone", f"model.weights={earlier}", *three_classes, "finetune=lora"]
    words += ["trainer.epochs=2", "finetune.rank=2", "logger=none"]
    command = [sys.executable, "train.py", "-m", *words, "finetune.l1=1e-4,1e-2"]
    command += ["hydra/launcher=stacked", f"hydra.sweep.dir={tmp_path}/out"]
    folder = request.config.rootpath
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    places = sorted((tmp_path / "out").glob("*/result.json"))
    swept = [json.loads(place.read_text()) for place in places]
    single = run([*words, "finetune.l1=1e-2"], tmp_path / "single")
    assert len(swept) == 2 and all(result["status"] == "done" for result in swept)
    assert single["metrics"] in [result["metrics"] for result in swept]


@pytest.mark.slow
def test_jobs_of_a_sweep_have_the_results_of_single_runs_whatever_is_frozen(
    earlier, three_classes, tmp_path
):
    words = ["model=backbone", f"model.weights={earlier}", *three_classes, "reg=l2sp"]
    words += ["trainer.epochs=3", "logger=none", "trainer.verbose=quiet"]
    jobs = [("full", 1e-4), ("gradual", 0.1), ("full", 0.1)]
    configs = [compose_job([*words, f"finetune={how}", f"reg.l2={s}"]) for how, s in jobs]
    steps = SharedSteps()
    for number, config in enumerate(configs):
        app.run(config, tmp_path / f"job_{number}", steps=steps)
    for number in (1, 2):
        app.run(configs[number], tmp_path / f"single_{number}")
        folders = [tmp_path / f"{name}_{number}" for name in ("job", "single")]
        ours, theirs = ((folder / "history.csv").read_text() for folder in folders)
        assert ours == theirs
        for mine, other in zip(*map(weights, folders), strict=True):
            np.testing.assert_array_equal(mine, other)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["head", "gradual", "lora"])
@pytest.mark.filterwarnings("ignore::kreg.sklearn.DataWarning")
def test_an_estimator_goes_on_with_a_network_and_survives_pickle(how, earlier):
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    x = (rng.integers(0, 100, (60, 8, 8, 1)) + 50 * y[:, None, None, None]).astype("uint8")
    more = (f"model.weights={earlier}", f"finetune={how}", "trainer.epochs=3", "diagnostics=off")
    fitted = KregClassifier(model="backbone", reg="l2sp", overrides=more).fit(x, y)
    copied = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_allclose(copied.predict_proba(x), fitted.predict_proba(x), atol=1e-6)
    assert bool(fitted.result_["low_rank"]) == (how == "lora")
    assert not lora.holders(fitted.model_) and fitted.history_["val_loss"]


def test_a_network_in_which_no_layer_can_change_is_refused_before_training(tmp_path, monkeypatch):
    (tmp_path / "depthwise.py").write_text(DEPTHWISE)
    monkeypatch.syspath_prepend(tmp_path)
    words = ["model=custom", "model.kind=depthwise:network", "allow=[depthwise]", "finetune=lora"]
    with pytest.raises(ValueError, match="No layer below the head can have a low-rank change"):
        plan.make(compose_job([*words, *SMALL]))


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["calibrate=true", "compress=true", "stop=none"]])
def test_low_rank_changes_are_merged_into_what_a_run_keeps(more, earlier, three_classes, tmp_path):
    words = ["model=backbone", f"model.weights={earlier}", *three_classes, "finetune=lora"]
    words += ["trainer.epochs=5", "finetune.rank=3", "finetune.l1=1e-4", *more]
    result = run(words, tmp_path / "run")
    assert result["status"] == "done" and result["plain_model"] is None
    rows = result["low_rank"]["layers"]
    assert 0 < result["low_rank"]["rank"] <= sum(row["most"] for row in rows)
    document = json.loads((tmp_path / "run/report.json").read_text())
    assert document["low_rank"] == result["low_rank"]
    assert "Low-rank changes" in (tmp_path / "run/report.html").read_text()
    best = kreg.load_model(tmp_path / "run/best.keras")
    plain = keras.models.load_model(tmp_path / "run/model.keras")
    assert not lora.holders(best) and not lora.holders(plain)
    x = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 1)).astype("uint8")
    np.testing.assert_allclose(best(x), plain(x), atol=1e-5)
    said = kreg.load_run(tmp_path / "run").predict(x).filter(like="probability_").to_numpy()
    np.testing.assert_allclose(said, keras.ops.softmax(best(x)), atol=1e-6)
    before = keras.models.load_model(earlier / "best.keras", compile=False)
    kernels = before.get_layer("conv_1").get_weights()
    after = best.get_layer("backbone").get_layer("conv_1").get_weights()
    assert not np.array_equal(kernels[0], after[0])


HEAD = ["finetune=head", "reg=l2", "logger=none"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "more", [[], ["dropout=heavy", "trainer.class_weight=balanced"], ["diagnostics=off"]]
)
def test_features_that_are_kept_change_no_number(more, earlier, three_classes, tmp_path):
    words = ["model=backbone", f"model.weights={earlier}", *three_classes, *HEAD, *more]
    folders = [tmp_path / keep for keep in ("true", "false")]
    keep = [[*words, "trainer.epochs=4", f"finetune.keep_features={f.name}"] for f in folders]
    found = [run(*pair) for pair in zip(keep, folders, strict=True)]
    table = {"delimiter": ",", "names": True}
    kept, anew = (np.genfromtxt(folder / "history.csv", **table) for folder in folders)
    assert kept.dtype.names == anew.dtype.names and len(kept) == 4
    for name in kept.dtype.names:
        np.testing.assert_allclose(kept[name], anew[name], rtol=1e-5, atol=1e-6, err_msg=name)
    assert found[0]["metrics"] == pytest.approx(found[1]["metrics"], rel=1e-5)
    assert found[0]["verdict"] == found[1]["verdict"] and found[0]["params"] == found[1]["params"]
    for name in ("backbone", "head"):
        for ours, theirs in zip(*(weights(folder, name) for folder in folders), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    pictures = np.zeros((2, 8, 8, 1), "uint8")  # the model of the run is the whole one
    assert len(kreg.load_run(tmp_path / "true").predict(pictures)) == 2


def test_the_plan_keeps_features_where_nothing_varies_them(earlier, monkeypatch):
    words = ["model=backbone", f"model.weights={earlier}", *HEAD, *SMALL]
    made = plan.make(compose_job(words))
    assert "the head alone is trained on features that are kept, " in made.facts()["parts"]
    assert made.frozen.rest.optimizer is made.model.optimizer
    augmented = plan.make(compose_job([*words, "augment=light"]))
    assert augmented.frozen is None and augmented.facts()["parts"].endswith(
        "head alone is trained)"
    )
    monkeypatch.setattr(kept_features, "MOST", 100)
    heavy = plan.make(compose_job(words))
    assert heavy.frozen is None
    assert any("anew: the features would take" in told for told in heavy.data.warnings)


def test_noise_among_frozen_layers_is_named(monkeypatch):
    words = ["model=backbone", "model.name=EfficientNetB0", "model.weights=imagenet", *HEAD, *SMALL]
    monkeypatch.setattr(keras.applications, "EfficientNetB0", noisy)
    made = plan.make(compose_job(words))
    assert any("'drop' (Dropout) draws noise" in told for told in made.data.warnings)


def noisy(input_tensor, **_):
    """A small stand-in with noise inside, as EfficientNet has it."""
    x = keras.layers.Dropout(0.2, name="drop")(keras.layers.Conv2D(2, 3)(input_tensor))
    return keras.Model(keras.utils.get_source_inputs(x), keras.layers.Conv2D(2, 3)(x))


@pytest.mark.slow
@pytest.mark.parametrize("cut", [1, 4])
@pytest.mark.parametrize(
    "how", [["head"], ["gradual", "finetune.share=0.4"], ["lora", "finetune.l1=1e-4"]]
)
def test_a_run_that_was_interrupted_goes_on_bit_for_bit(
    how, cut, earlier, three_classes, tmp_path, monkeypatch
):
    from kreg.callbacks import Saver

    words = ["model=backbone", f"model.weights={earlier}", *three_classes, f"finetune={how[0]}"]
    words += ["trainer.epochs=5", *how[1:], "reg=l2sp", "trainer.save_every=0", "logger=none"]
    run(words, tmp_path / "whole")
    write = Saver.on_epoch_end

    def interrupted(saver, epoch, logs=None):
        write(saver, epoch, logs)
        if epoch + 1 == cut:
            raise KeyboardInterrupt

    monkeypatch.setattr(Saver, "on_epoch_end", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(words, tmp_path / "cut")
    monkeypatch.setattr(Saver, "on_epoch_end", write)
    run(words, tmp_path / "cut")
    for name in ("backbone", "head"):
        ours, theirs = weights(tmp_path / "cut", name), weights(tmp_path / "whole", name)
        assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
    history = [(tmp_path / f / "history.csv").read_text() for f in ("cut", "whole")]
    assert history[0] == history[1]
    layers = [
        json.loads((tmp_path / f / "report.json").read_text())["layers"] for f in ("cut", "whole")
    ]
    assert layers[0] == layers[1]  # how far the last epoch moved them, too
