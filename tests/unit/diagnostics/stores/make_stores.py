"""Has MLflow, W&B and Trackio write the stores beside it: `make test-trackers` installs them.

    .venv-trackers/bin/python tests/unit/diagnostics/stores/make_stores.py

`expected.json` has the numbers that were logged. Machine, user and paths are not written.
"""

import json
import lzma
import math
import os
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path

os.environ |= {
    "MLFLOW_DISABLE_TELEMETRY": "true", "WANDB_ERROR_REPORTING": "false", "LOGNAME": "user",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}  # fmt: skip
HERE = Path(__file__).parent
FALLS = [1.0 / (1 + epoch) for epoch in range(24)]
VALLEY = [1.0 / (1 + e) if e < 8 else 1 / 8 + 0.04 * (e - 7) for e in range(24)]


def keras_fit(callbacks, epochs, initial_epoch=0):
    """A fit on a few random rows; returns its history."""
    import keras
    import numpy as np

    keras.utils.set_random_seed(0)
    draw = np.random.default_rng(0)
    x, noise = draw.normal(size=(240, 6)).astype("float32"), draw.normal(size=240)
    y = (x[:, 0] + noise > 0).astype("int32")
    layers = [keras.Input((6,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(2)]
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.02), loss, metrics=["accuracy"])
    history = model.fit(
        x[:60], y[:60], validation_data=(x[60:], y[60:]), epochs=epochs, batch_size=20, verbose=0,
        callbacks=callbacks, initial_epoch=initial_epoch,
    )  # fmt: skip
    return {name: [float(v) for v in values] for name, values in history.history.items()}


# --- MLflow -----------------------------------------------------------------------------------


def mlflow_store(expected):
    import mlflow

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mlflow.db"
        mlflow.set_tracking_uri(f"sqlite:///{path}")
        mlflow.create_experiment("digits", artifact_location="file:///artifacts")
        mlflow.set_experiment("digits")
        with mlflow.start_run(run_name="fluent"):
            mlflow.log_param("rate", 0.1)
            for epoch, (loss, held_out) in enumerate(zip(FALLS, VALLEY, strict=True)):
                mlflow.log_metrics({"train_loss": loss, "val_loss": held_out}, step=epoch)
                mlflow.log_metric("system/cpu_utilization", 50.0, step=epoch)
        with mlflow.start_run(run_name="batches"):  # as Hugging Face's and Lightning's
            for step in range(10, 121, 10):
                mlflow.log_metric("loss", 1 / step, step=step)
                if step % 20 == 0:
                    mlflow.log_metrics({"eval_loss": 2 / step, "epoch": step / 20}, step=step)
        with mlflow.start_run(run_name="diverged"):
            for epoch in range(6):
                bad = float("nan") if epoch > 3 else float(epoch)
                mlflow.log_metrics({"loss": bad, "val_loss": 1.0}, step=epoch)
        with mlflow.start_run(run_name="deleted") as run:
            mlflow.log_metrics({"loss": 1.0, "val_loss": 1.0}, step=0)
        mlflow.delete_run(run.info.run_id)
        mlflow.start_run(run_name="parameters alone")
        mlflow.end_run()
        time.sleep(0.01)
        with mlflow.start_run(run_name="keras"):
            expected["mlflow keras"] = keras_fit([mlflow_callback()], 12)
        (HERE / "mlflow.db.xz").write_bytes(lzma.compress(path.read_bytes(), preset=9))


def mlflow_callback():
    """What `mlflow.tensorflow.autolog` does each epoch, its package of models being another one."""
    import keras
    import mlflow

    class Logs(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            mlflow.log_metrics(logs, step=epoch)

    return Logs()


# --- Weights & Biases -------------------------------------------------------------------------


def wandb_run(folder, name, **more):
    import wandb

    quiet = wandb.Settings(
        silent=True, console="off", disable_git=True, save_code=False, disable_code=True,
        host="host", x_disable_meta=True, x_disable_stats=True, x_disable_machine_info=True,
    )  # fmt: skip
    return wandb.init(project="p", name=name, mode="offline", dir=folder, settings=quiet, **more)


def wandb_store(expected):
    import wandb
    from wandb.integration.keras import WandbMetricsLogger

    with tempfile.TemporaryDirectory() as folder:
        run = wandb_run(folder, "plain", id="plain001")
        for loss, held_out in zip(FALLS, VALLEY, strict=True):
            run.log({"train/loss": loss, "val/loss": held_out})
        run.finish()
        time.sleep(1.1)  # folders are named by the second
        for first in (1, 5):  # a training that was resumed, as kreg's own tracker writes it
            run = wandb_run(folder, "resumed", id="resumed1", resume="allow")
            for epoch in range(first, first + 6):
                values = {"clean_loss": 1 / (epoch + first), "val_clean_loss": 2 / epoch}
                run.log({"epoch": epoch, **values}, step=epoch)
            run.finish()
            time.sleep(1.1)
        run = wandb_run(folder, "keras", id="keras001")
        callbacks = [WandbMetricsLogger(log_freq=3)]
        expected["wandb keras"] = keras_fit(callbacks, 12)
        run.finish()
        wandb.teardown()  # its process has written everything
        kept = HERE / "wandb"
        shutil.rmtree(kept, ignore_errors=True)
        for path in sorted(Path(folder).glob("wandb/*run-*/run-*.wandb")):
            (kept / path.parent.name).mkdir(parents=True)
            shutil.copy(path, kept / path.parent.name / path.name)


# --- Trackio ----------------------------------------------------------------------------------


def trackio_store():
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TRACKIO_DIR"] = folder
        import trackio

        def run(name, rows, first=0, **more):
            trackio.init(project="p", name=name, embed=False, auto_log_gpu=False,
                         auto_log_cpu=False, **more)  # fmt: skip
            for step, row in enumerate(rows, first):
                trackio.log(row, step=step)
            trackio.finish()

        lines = list(zip(FALLS, VALLEY, strict=True))
        run("valley", [{"train/loss": a, "val/loss": b, "note": "7"} for a, b in lines])
        run("diverged", [{"loss": math.nan, "val_loss": math.inf}] * 3)
        for first in (1, 5):  # a training that was resumed, as kreg's own tracker writes it
            rows = [{"clean_loss": 1 / (e + first), "val_clean_loss": 2 / e}
                    for e in range(first, first + 4)]  # fmt: skip
            run("resumed", rows, first, resume="allow")
        run("no curve", [{"done": True}])
        path = Path(folder) / "p.db"
        with sqlite3.connect(path) as store:  # one file, without what is waiting beside it
            store.execute("pragma journal_mode = delete")
            store.execute("delete from configs")  # names of the machine's user
        store.close()
        (HERE / "trackio.db.xz").write_bytes(lzma.compress(path.read_bytes(), preset=9))


if __name__ == "__main__":
    numbers = {"falls": FALLS, "valley": VALLEY}
    trackio_store()
    mlflow_store(numbers)
    wandb_store(numbers)
    (HERE / "expected.json").write_text(json.dumps(numbers) + "\n")
