"""`distribute=data_parallel`: JAX trains one model on all devices of this machine.

`keras.distribution.DataParallel` keeps the same weights on every device and gives each an equal
part of a batch. JAX computes with the parts what it would compute with the whole batch, statistics
of a normalisation and noise included, so nothing in the training step is changed. A batch that
cannot be cut into equal parts is refused: Keras has no way to train on one.
"""

import contextlib
from collections.abc import Iterator

from kreg.config.distributed import DATA_PARALLEL
from kreg.config.root import Config
from kreg.training.plan import Plan

ONE = (
    "distribute=data_parallel: JAX sees one device here ({name}), so the model is trained on it as "
    "with distribute=none."
)
LEFT = (
    "distribute=data_parallel: val_loss is without the last {left} of the {rows:,} validation "
    "rows, of which the devices cannot have equal parts."
)


@contextlib.contextmanager
def devices(config: Config, device: str) -> Iterator[list[str]]:
    """In the block models are made for all devices and trained by them; yields their names.

    Where nothing is to be distributed it yields one name.

    Args:
        config: The checked configuration.
        device: As `kreg.training.start.prepare` has called it: `"gpu (JAX)"`, say.
    """
    kind = device.split()[0]
    if config.distribute != DATA_PARALLEL or config.check:
        yield [kind]
        return
    import keras

    found = keras.distribution.list_devices(kind)
    if len(found) > 1:
        keras.distribution.set_distribution(keras.distribution.DataParallel(devices=found))
    try:
        yield found
    finally:
        keras.distribution.set_distribution(None)


def join(training: Plan, config: Config, names: list[str]) -> None:
    """Let a training that was made inside of `devices` know how many train it.

    Args:
        training: What is to be trained.
        config: The checked configuration.
        names: Of the devices.

    Raises:
        ValueError: If a batch cannot be cut into equal parts, or hardly a row validates.
    """
    if config.distribute != DATA_PARALLEL:
        return
    if len(names) == 1:
        training.data.warnings.append(ONE.format(name=names[0]))
        return
    count, held_out = len(names), len(training.data.validation)
    refuse_uneven(len(training.data.train), training.batch_size, count)
    if held_out < count:
        raise ValueError(
            f"distribute=data_parallel: {held_out} validation rows are fewer than the {count} "
            "devices. Say a larger data.validation."
        )
    training.devices = count
    if getattr(config.diagnostics, "rows", 0) < held_out and held_out % count:
        training.data.warnings.append(LEFT.format(left=held_out % count, rows=held_out))


def refuse_uneven(rows: int, batch_size: int, count: int) -> None:
    """Refuse batches that are no multiple of the devices.

    Args:
        rows: Of the training.
        batch_size: Of all devices together.
        count: Of devices.

    Raises:
        ValueError: With numbers to choose.

    >>> refuse_uneven(1150, 64, 2)
    >>> refuse_uneven(1149, 64, 2)
    Traceback (most recent call last):
    ...
    ValueError: distribute=data_parallel: 2 devices cannot have equal parts of the last batch of \
1149 training rows. Say data.train_size=1148.
    """
    if batch_size % count:
        nearest = max(batch_size // count, 1) * count
        raise ValueError(
            f"distribute=data_parallel: {count} devices cannot have equal parts of a batch of "
            f"{batch_size} rows. Say trainer.batch_size={nearest}."
        )
    if rows % count:
        raise ValueError(
            f"distribute=data_parallel: {count} devices cannot have equal parts of the last batch "
            f"of {rows} training rows. Say data.train_size={rows - rows % count}."
        )
