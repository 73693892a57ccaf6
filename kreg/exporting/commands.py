"""`kreg export`: what the command line calls."""

import os
import re
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kreg import files
from kreg.exporting import description, formats, graph
from kreg.prediction.commands import OK, start_quietly
from kreg.prediction.run import Run, load_run
from kreg.quiet_start import quiet_start

if TYPE_CHECKING:
    import keras

PLAIN = "model.keras"


def export(path: str, to: str, out: str, *, allow: Sequence[str] = ()) -> int:
    """Write the model of a run for programs without kreg, and a description beside it; returns 0.

    The exported model reads the user's rows and returns probabilities, or the target in its own
    units. `OUT.json` says what its inputs and outputs are: see `kreg.exporting.description`.

    Args:
        path: The run directory.
        to: `"keras"`, `"savedmodel"`, `"onnx"` or `"litert"`.
        out: A new file, or folder of a SavedModel.
        allow: Packages whose layers the model may have.

    Raises:
        ValueError: With one sentence, before TensorFlow starts, for what can be known by then.
    """
    run = load_run(path, allow=allow)
    found = formats.checked(to, out)
    refuse_no_plain(run)
    run.refuse_foreign(PLAIN)
    layout = graph.Layout(run.kept, found.words, found.dtype)
    layout.refuse_coarse()
    on_tensorflow()
    start_quietly()
    model = graph.build(layout, run.load(PLAIN))
    _write(model, to, Path(out))
    files.write_json(formats.beside(Path(out)), description.of(layout, to))
    print(f"{out}\n{formats.beside(Path(out))}")
    return OK


def on_tensorflow() -> None:
    """Have Keras start on the backend that writes the formats; a model's file is of none.

    Raises:
        ValueError: If it runs on another one already.
    """
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"
        return
    running = sys.modules["keras"].config.backend()
    if running != "tensorflow":
        raise ValueError(
            f"export writes with TensorFlow, but Keras runs on {running} in this process. Use the "
            "command: kreg export RUN --to ... --out ..."
        )


def refuse_no_plain(run: Run) -> None:
    """Refuse a run whose model has layers of kreg, which no other program could open.

    Raises:
        ValueError: With the reason that the training has kept.
    """
    if files.is_regular(run.path / PLAIN):
        return
    reason = run.kept.result.get("plain_model")
    told = f"it was {reason}" if reason else "Copy all files of the run."
    raise ValueError(f"{run.path} has no {PLAIN}, which is what export writes: {told}")


def _write(model: "keras.Model", to: str, out: Path) -> None:
    """The writers log what they do; a model that they refuse is one sentence."""
    failed: Exception | None = None
    with quiet_start(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            formats.write(model, formats.FORMATS[to], out)
        except OSError:
            raise
        except Exception as error:  # the converters raise whatever they meet
            failed = error
    if failed is not None:
        raise ValueError(f"{to} cannot hold the model of this run: {reason(failed)}") from failed


def reason(failed: Exception) -> str:
    """The first line of what a converter says, without where in its own code it was.

    >>> reason(ValueError('<unknown>:0: error: loc(callsite("a" at "b")): no such op\\nand more'))
    'no such op'
    """
    lines = str(failed).strip().splitlines() or [type(failed).__name__]
    return re.sub(r"^.*<unknown>:0: error: (loc\(.*\): )?", "", lines[0])
