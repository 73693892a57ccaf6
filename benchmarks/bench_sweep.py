"""One sweep of L1 strengths on digits/deep, launched in every way: seconds, and equal results.

    python benchmarks/bench_sweep.py [--jobs 16] [--epochs 3] [--only shared,basic]
    python benchmarks/bench_sweep.py --model shallow --jobs 8 --seeds 8 --epochs auto --only kreg

Rows: one process a job; Hydra's basic launcher; joblib and Ray with two processes, where they are
installed; kreg's launcher, whose jobs share one compiled step, and the one that trains them as one
model. With `--seeds` every strength is trained from so many seeds. Seconds of the wall and of the
processors hold TensorFlow's start, from one run each in this order: take the ratios, those of the
processors on a machine that does other work too. The jobs are short, three epochs: the longer they
train, the less there is to share. "training s" is the sum of the jobs' `training_seconds`. "apart"
is the largest difference of any metric of any job to the first row, 0 where all are equal to the
last bit; a stack computes in another order, so verdicts that differ are counted. Ray has an
environment of its own (its launcher and joblib 1.6 do not go together): run this script there for
that row.

On two idle cores, wall seconds (processor seconds), all results equal: separate processes 136.7
(141.9), basic launcher 67.7 (66.8), joblib 42.5 (74.1), kreg 31.0 (33.0): 0.46 of basic, 0.49 of
its processor time. In Ray's environment: Ray 49.6, kreg 34.5.
"""

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from kreg.launch.launchers import installed

ROOT = Path(__file__).parents[1]
WAYS = {
    "separate processes": None,
    "basic launcher": ["hydra/launcher=basic"],
    "joblib, 2 processes": ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"],
    "ray, 2 processes": ["hydra/launcher=ray", "+hydra.launcher.ray.init.num_cpus=2"],
    "kreg, shared step": ["hydra/launcher=kreg"],
    "kreg, stacked": ["hydra/launcher=stacked"],
}
NEEDS = {"joblib": "hydra_joblib_launcher", "ray": "hydra_ray_launcher"}


def run(*arguments: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RAY_AUTH_MODE": "disabled"}
    command = [sys.executable, str(ROOT / "train.py"), *arguments]
    subprocess.run(command, check=True, capture_output=True, env=environment)


def sweep(folder: Path, launcher, strengths: list[str], seeds: int, common: list[str]) -> tuple:
    """Run the jobs; returns seconds of the wall and of the processors."""
    began = time.perf_counter(), processors()
    if launcher is None:
        for number, (strength, seed) in enumerate(itertools.product(strengths, range(seeds))):
            where = f"hydra.run.dir={folder / f'{number}_x'}"
            run(*common, f"reg.l1={strength}", f"seed={seed}", where)
    else:
        what = [f"reg.l1={','.join(strengths)}", f"seed={','.join(map(str, range(seeds)))}"]
        run("-m", *common, *launcher, *what, f"hydra.sweep.dir={folder}")
    return time.perf_counter() - began[0], processors() - began[1]


def processors() -> float:
    """Processor seconds of all processes that were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measured_in(folder: Path) -> list[dict]:
    """The results of the jobs, in their order."""
    results = sorted(folder.glob("*/result.json"), key=lambda p: int(p.parent.name.split("_")[0]))
    return [json.loads(path.read_text()) for path in results]


def apart(found: list[dict], reference: list[dict]) -> float:
    """The largest difference of any metric of any job."""
    pairs = zip(found, reference, strict=True)
    return max(abs(a["metrics"][n] - v) for a, b in pairs for n, v in b["metrics"].items())


def differing(found: list[dict], reference: list[dict]) -> int:
    """How many verdicts are others."""
    return sum(a["verdict"] != b["verdict"] for a, b in zip(found, reference, strict=True))


def chosen(only: str) -> dict:
    """The rows that were asked for and whose launcher is installed."""
    wanted = {n: w for n, w in WAYS.items() if any(part in n for part in only.split(","))}
    missing = [word for word, plugin in NEEDS.items() if not installed(plugin)]
    return {n: w for n, w in wanted.items() if not any(word in n for word in missing)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=16)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--model", default="deep")
    parser.add_argument("--epochs", default="3")
    parser.add_argument("--only", default="", help="parts of the rows' names, with commas")
    arguments = parser.parse_args()
    strengths = [f"{s:.6g}" for s in np.logspace(-5, -2, arguments.jobs)]
    common = [f"trainer.epochs={arguments.epochs}", "trainer.verbose=quiet"]
    common += ["data=digits", f"model={arguments.model}", "reg=l1"]
    columns = [
        "wall s",
        "a job",
        "of basic",
        "cpu s",
        "of basic",
        "training s",
        "apart",
        "verdicts",
    ]
    table, jobs = Table("launched by", *columns), len(strengths) * arguments.seeds
    measured, reference = {}, None
    for name, launcher in chosen(arguments.only).items():
        folder = Path(tempfile.mkdtemp())
        measured[name] = sweep(folder, launcher, strengths, arguments.seeds, common)
        found = measured_in(folder)
        reference = reference or found
        training = sum(result["training_seconds"] for result in found)
        wall, cpu = measured[name]
        cpu = np.nan if name.startswith("ray") else cpu  # its workers are nobody's children
        basic = measured.get("basic launcher", (np.nan, np.nan))
        cells = [wall, wall / jobs, wall / basic[0], cpu, cpu / basic[1], training]
        compared = [f"{apart(found, reference):.2g}", f"{differing(found, reference)} of {jobs}"]
        row = [name, *(f"{cell:.2f}" for cell in cells), *compared]
        table.add_row(*row)
        print(*row, sep="  ", flush=True)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
