"""A newcomer's stopwatch: from `git clone` to a verdict on a table of one's own.

    python benchmarks/bench_newcomer.py

Each step is the command that the start page names, in a fresh clone of this checkout, with an
environment of its own: seconds by the clock, and processor time. Wheels come from pip's cache where
it has them; the first time they are downloaded, which no other machine repeats in the same time.
"""

import argparse
import csv
import json
import math
import os
import random
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROWS = 500


def write_table(path: Path) -> None:
    """A table as somebody has one: numbers, a word, gaps, and an answer that is partly chance."""
    draw = random.Random(0)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["age", "income", "visits", "town", "buys"])
        for _ in range(ROWS):
            age, visits = draw.randint(18, 80), draw.randint(0, 12)
            income = "" if draw.random() < 0.05 else round(math.exp(draw.gauss(10, 0.5)), 2)
            town = draw.choice(["Bonn", "Lyon", "Oslo"])
            chance = 1 / (1 + math.exp(-0.5 * (visits - 6) - 0.05 * (age - 45)))
            writer.writerow([age, income, visits, town, "yes" if draw.random() < chance else "no"])


def steps(folder: Path) -> list[tuple[str, Path]]:
    """The commands, each with where it is typed."""
    clone = folder / "kreg"
    write_table(folder / "table.csv")
    own = "data=csv data.path=../table.csv data.target=buys hydra.run.dir=logs/mine"
    return [
        (f"git clone --quiet {ROOT} kreg", folder),
        ("make --silent .venv/run.stamp", clone),
        (f".venv/bin/python train.py {own}", clone),
        (".venv/bin/kreg report logs/mine", clone),
    ]


def processor_time() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def typed(command: str, where: Path) -> tuple[float, float]:
    """Seconds by the clock and of the processor that a command takes."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    began, used = time.monotonic(), processor_time()
    done = subprocess.run(
        shlex.split(command), cwd=where, env=environment, capture_output=True, text=True
    )
    if done.returncode != 0:
        sys.exit(f"{command} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.monotonic() - began, processor_time() - used


def main() -> None:
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder, whole = Path(temporary), [0.0, 0.0]
        print(f"{'seconds':>8} {'processor':>10}  command")
        for command, where in steps(folder):
            took = typed(command, where)
            whole = [a + b for a, b in zip(whole, took, strict=True)]
            print(
                f"{took[0]:8.1f} {took[1]:10.1f}  {command.replace(str(ROOT), 'URL')}", flush=True
            )
        report = json.loads((folder / "kreg/logs/mine/report.json").read_text())
        print(
            f"{whole[0]:8.1f} {whole[1]:10.1f}  in all; the verdict: {report['verdict']['state']}"
        )


if __name__ == "__main__":
    main()
