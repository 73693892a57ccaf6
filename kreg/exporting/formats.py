"""The formats of an exported model: what each can read, and who writes it."""

import dataclasses
import importlib.util
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kreg import check, files

if TYPE_CHECKING:
    import keras


@dataclasses.dataclass(frozen=True)
class Format:
    """A format.

    Args:
        keras: Keras's name of it.
        ending: Of its files; `""`: a folder.
        words: Whether it reads strings.
        dtype: Of numbers before they are standardised.
        needs: A package that writes it, and the extra of kreg that brings it.
    """

    keras: str
    ending: str
    words: bool
    dtype: str
    needs: tuple[str, str] | None = None


FORMATS = {
    "keras": Format("keras", ".keras", True, "float64"),
    "savedmodel": Format("tf_saved_model", "", True, "float64"),
    "onnx": Format("onnx", ".onnx", False, "float32", ("tf2onnx", "onnx")),
    "litert": Format("litert", ".tflite", False, "float32"),
}


def checked(to: str, out: files.AnyPath) -> Format:
    """The format, where its writer is there and nothing stands in its place.

    Raises:
        ValueError: With one sentence.
    """
    found, path = FORMATS[check.choice("to", to, FORMATS)], Path(out)
    if path.suffix != found.ending and found.ending:
        raise check.invalid("out", f"a file that ends in {found.ending}", str(out))
    if not path.absolute().parent.is_dir():
        raise check.invalid("out", "a path in a folder that exists", str(out))
    for taken in (path, beside(path)):
        if taken.exists() or taken.is_symlink():
            raise ValueError(f"{taken} is there already. Name another path, or remove it.")
    if found.needs and importlib.util.find_spec(found.needs[0]) is None:
        package, extra = found.needs
        raise ValueError(f"--to {to} needs {package}: pip install 'kreg[{extra}]'.")
    return found


def beside(out: Path) -> Path:
    """The JSON beside a model.

    >>> beside(Path("model.onnx")).name
    'model.onnx.json'
    """
    return out.with_name(f"{out.name}.json")


def write(model: "keras.Model", found: Format, out: Path) -> None:
    """Write a model, the whole or nothing."""
    if found.ending == ".keras":
        files.save_model(model, out)
    elif found.ending:
        _call_once(model)
        with files.replacing(out) as temporary:
            more = _builtins_alone() if found.keras == "litert" else {}
            model.export(str(temporary), format=found.keras, verbose=False, **more)
    else:
        _folder(model, found, out)


def _call_once(model: "keras.Model") -> None:
    """Keras's way to ONNX wants a model that has been called."""
    import numpy as np

    given = model.inputs[0]
    model(np.zeros((1, *given.shape[1:]), given.dtype))


def _builtins_alone() -> dict[str, Any]:
    """Refuse operations of TensorFlow's that the LiteRT runtime alone could not execute."""
    import tensorflow as tf

    return {"target_spec": {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}}


def _folder(model: "keras.Model", found: Format, out: Path) -> None:
    temporary = out.with_name(f".{out.name}{files.TEMPORARY}")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        model.export(str(temporary), format=found.keras, verbose=False)
        temporary.rename(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
