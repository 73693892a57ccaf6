"""`make test-gpu`, tried without a GPU: its sentence, its rows, its check."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import bench_gpu
from benchmarks.gpu_cases import CASES, Case, Size, timed

ROOT = Path(__file__).parents[3]
SMALLEST = Size(units=4, rows=4, filters=(2,), pictures=4, groups=2)


def test_without_a_gpu_it_says_so_in_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(bench_gpu, "devices", list)
    assert bench_gpu.main([]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1
    assert "No GPU is visible to tensorflow" in printed.err


def test_a_row_has_the_time_of_one_step():
    step, memory = timed(Case("small", "L1", "kreg", compile={"jit_compile": False}), SMALLEST)
    assert step > 0
    assert memory is None  # a processor's memory is not the device's


def test_a_row_that_fails_costs_this_row(capsys):
    found = {}
    assert not bench_gpu.tabulate_case(Case("no such penalty", "L7", "kreg"), SMALLEST, found)
    assert "failed: AttributeError" in capsys.readouterr().out and not found


def test_every_row_is_beside_one_that_comes_first():
    labels = [case.label for case in CASES]
    assert len(set(labels)) == len(labels)
    for number, case in enumerate(CASES):
        assert not case.beside or case.beside in labels[:number]


@pytest.mark.slow
def test_the_whole_table_on_a_processor():
    command = [sys.executable, "-m", "benchmarks.bench_gpu", "--device", "cpu", "--quick"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = done.stdout
    assert all(f"\n{case.label} " in rows for case in CASES)
    assert "\naugmentation of its batch" in rows and "\ndefault run, step, ms" in rows
    assert "3 of 3" in rows and "failed" not in rows
