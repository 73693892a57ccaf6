"""The recorded suite of training runs: file format, reader, writer. No training happens here.

One `.npz` without pickles:

- `meta`: JSON text, a list of dicts (one a run: task, factors, half, sizes, loss);
- `names`: the curves' names; `curves`: float32 array of shape (runs, names, epochs), NaN where a
  run has no such curve;
- `losses_<i>`: per-example validation losses of run i, in units of `STEP` nats, differences in
  time, zigzag coded, as two byte planes of shape (2, epochs, n): it packs to a few bits a value;
- `correct_<i>`: which examples are right, changes in time, packed bits.

`test_loss` is the truth: a large test set that no verdict and no stopping rule sees. So are all
curves that begin with `test_`.
"""

import functools
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kreg.diagnostics import Record

PATH = Path(__file__).parent / "data" / "suite.npz"
HELD_OUT = PATH.with_name("held_out.npz")  # another seed; nothing was chosen on it
KERAS = PATH.with_name("keras_development.npz")  # Keras fits that Diagnostics has measured
KERAS_HELD_OUT = PATH.with_name("keras_held_out.npz")
DECAYED = PATH.with_name("decayed.npz")  # runs that end too early, or whose schedule does
HIDDEN = ("test_", "noisy_")  # beginnings of the curves that no rule sees
EXAMPLES = "examples"  # asked for like a curve: the validation losses of single rows
STEP = 0.01  # uniform rounding error 0.003 a value, 0.0003 on a mean of 100: below any paired error


@dataclass
class Run:
    """One recorded training.

    Args:
        meta: Factors: `task`, `rows`, `validation`, `noise`, `dropout`, `rate`, `l2`, `width`,
            `half` (`"design"` or `"held out"`), `kind`; `baseline` as in `kreg.diagnostics.Record`,
            where it was measured.
        curves: Name to float array of shape (epochs,).
        examples: Float32 array of shape (epochs, n), validation losses; (epochs, 0) where the
            suite has curves only.
        correct: Boolean array of shape (epochs, n); empty for regression.
    """

    meta: dict
    curves: dict
    examples: np.ndarray
    correct: np.ndarray

    @functools.cached_property
    def seen(self) -> dict[str, np.ndarray]:
        """The curves that a rule may see: those with a value, and none of the test set."""
        return {
            name: curve
            for name, curve in self.curves.items()
            if not name.startswith(HIDDEN) and np.isfinite(curve).any()
        }

    @property
    def guessing(self) -> float | None:
        """The training loss of the best constant: measured, or of balanced classes."""
        if "baseline" in self.meta:
            return float(self.meta["baseline"]["train"]["loss"])
        return None if self.meta["kind"] == "regression" else math.log(self.meta["classes"])

    def has(self, name: str) -> bool:
        """Whether a curve has a value at every epoch; of `EXAMPLES`, whether there are any."""
        if name == EXAMPLES:
            return bool(self.examples.size)
        return bool(np.isfinite(self.curves.get(name, np.nan)).all())

    def record(self) -> Record:
        """What Diagnostics would have measured: everything but the test set."""
        record = Record(name=self.meta["name"], task=self.meta["kind"], loss=self.meta["loss"])
        record.sizes = {k: self.meta[k] for k in ("train", "validation", "measured", "classes")}
        if "baseline" in self.meta:
            record.baseline = self.meta["baseline"]
        elif self.guessing is not None:
            record.baseline = {"train": {"loss": self.guessing}}
        seen = self.seen
        for t in range(len(self.examples)):
            values = {name: curve[t] for name, curve in seen.items() if np.isfinite(curve[t])}
            correct = self.correct[t] if self.correct.size else None
            record.append(t + 1, values, examples=self.examples[t], correct=correct)
        return record


def save(runs: list[Run], path=PATH) -> None:
    """Write the suite."""
    names = sorted(set().union(*(run.curves for run in runs)))
    none = np.full(len(runs[0].examples), np.nan)
    curves = np.array([[run.curves.get(n, none) for n in names] for run in runs], np.float32)
    arrays = {f"losses_{i}": _pack(run.examples) for i, run in enumerate(runs)}
    arrays |= {f"correct_{i}": _pack_bits(run.correct) for i, run in enumerate(runs)}
    meta = np.array(json.dumps([run.meta for run in runs]))
    np.savez_compressed(path, meta=meta, names=np.array(names), curves=_rounded(curves), **arrays)


def load(path=PATH) -> list[Run]:
    """Read the suite: 1-2 s."""
    with np.load(path, allow_pickle=False) as file:
        names = [str(name) for name in file["names"]]
        curves = file["curves"].astype(float)
        runs = []
        for i, meta in enumerate(json.loads(str(file["meta"]))):
            examples = _unpack(file[f"losses_{i}"])
            correct = _unpack_bits(file[f"correct_{i}"], examples.shape)
            runs.append(Run(meta, dict(zip(names, curves[i])), examples, correct))
    return runs


def _rounded(values: np.ndarray, bits: int = 15) -> np.ndarray:
    """float32 with the last bits of the mantissa zero (relative error 2^-16): packs better."""
    mantissa, exponent = np.frexp(values)
    return np.ldexp(np.round(mantissa * 2**bits) / 2**bits, exponent).astype(np.float32)


def _pack(losses: np.ndarray) -> np.ndarray:
    whole = np.round(np.minimum(losses, 300.0) / STEP).astype(np.int32)
    change = np.diff(whole, axis=0, prepend=0)
    coded = np.where(change >= 0, 2 * change, -2 * change - 1).astype(np.uint16)
    return np.stack([coded >> 8, coded & 255]).astype(np.uint8)


def _unpack(planes: np.ndarray) -> np.ndarray:
    coded = (planes[0].astype(np.int32) << 8) | planes[1]
    change = np.where(coded % 2 == 0, coded // 2, -(coded + 1) // 2)
    return (np.cumsum(change, axis=0) * STEP).astype(np.float32)


def _pack_bits(correct: np.ndarray) -> np.ndarray:
    first = np.zeros((1, correct.shape[1]), bool)
    return np.packbits(correct ^ np.concatenate([first, correct[:-1]]), axis=1)


def _unpack_bits(packed: np.ndarray, shape: tuple) -> np.ndarray:
    if not packed.size:
        return np.zeros((shape[0], 0), bool)
    change = np.unpackbits(packed, axis=1, count=shape[1]).astype(bool)
    return np.logical_xor.accumulate(change, axis=0)
