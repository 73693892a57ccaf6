"""One sweep of L1 strengths on digits/deep, launched in every way: seconds, and equal results.

    python benchmarks/bench_sweep.py [--jobs 16] [--epochs 3] [--only shared,basic]
    ... --model shallow --jobs 8 --seeds 8 --epochs auto --few 2x4 --only basic,kreg

Rows: one process a job; Hydra's basic launcher; joblib and Ray with two processes, where they are
installed; kreg's launcher, whose jobs share one compiled step, and the one that trains them as one
model. With `--seeds` every strength is trained from so many seeds; `--few 2x4` gives all rows but
the stacked one only two strengths of four seeds. Seconds of the wall and of the processors are from
process start to the table, from one run each in this order; "of basic" compares seconds a job: take
those of the processors on a machine that does other work too. The jobs are short, three epochs: the
longer they train, the less there is to share. "training s" is the sum of the jobs'
`training_seconds`, "fixed s" the rest of the wall's: starting, composing, scores, files, the page.
"apart" is the largest difference of any metric of any job to the first row that has the job, 0
where all are equal to the last bit; a stack computes in another order, so verdicts that differ are
counted. Ray has an environment of its own (its launcher and joblib 1.6 do not go together): run
this script there for that row.

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
Job = tuple[float, int]  # strength and seed
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


def measured_in(folder: Path) -> dict[Job, dict]:
    """The results of the jobs, by strength and seed."""
    found = {}
    for path in folder.glob("*/result.json"):
        config = json.loads(path.with_name("config.json").read_text())
        found[config["reg"]["l1"], config["seed"]] = json.loads(path.read_text())
    return found


def apart(found: dict[Job, dict], reference: dict[Job, dict]) -> float:
    """The largest difference of any metric of any job."""
    both = [(found[job]["metrics"], reference[job]["metrics"]) for job in found]
    return max(abs(a[name] - value) for a, b in both for name, value in b.items())


def differing(found: dict[Job, dict], reference: dict[Job, dict]) -> int:
    """How many verdicts are others."""
    return sum(found[job]["verdict"] != reference[job]["verdict"] for job in found)


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
    parser.add_argument(
        "--few", default="", help="strengths x seeds of all rows but the stacked one"
    )
    arguments = parser.parse_args()
    strengths = [f"{s:.6g}" for s in np.logspace(-5, -2, arguments.jobs)]
    few = [int(n) for n in (arguments.few or f"{arguments.jobs}x{arguments.seeds}").split("x")]
    common = [f"trainer.epochs={arguments.epochs}", "trainer.verbose=quiet"]
    common += ["data=digits", f"model={arguments.model}", "reg=l1"]
    columns = ["jobs", "wall s", "a job", "of basic", "cpu s", "a job", "of basic"]
    columns += ["training s", "fixed s", "apart", "verdicts"]
    table = Table("launched by", *columns)
    basic, reference = np.full(2, np.nan), {}
    for name, launcher in chosen(arguments.only).items():
        folder, stacks = Path(tempfile.mkdtemp()), name.endswith("stacked")
        count, seeds = (arguments.jobs, arguments.seeds) if stacks else few
        some = strengths[:: len(strengths) // count][:count]
        spent = np.array(sweep(folder, launcher, some, seeds, common))
        found = measured_in(folder)
        reference = found | reference
        each = spent / len(found)
        basic = each if name.startswith("basic") else basic
        wall, cpu = zip(spent, each, each / basic, strict=True)
        cpu = (np.nan,) * 3 if name.startswith("ray") else cpu  # its workers are nobody's children
        training = sum(result["training_seconds"] for result in found.values())
        cells = [*wall, *cpu, training, spent[0] - training]
        verdicts = f"{differing(found, reference)} of {len(found)}"
        row = [name, str(len(found)), *(f"{cell:.2f}" for cell in cells)]
        row += [f"{apart(found, reference):.2g}", verdicts]
        table.add_row(*row)
        print(*row, sep="  ", flush=True)
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
