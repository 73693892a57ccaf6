"""What does a stopping rule cost, and what does it save? Regret and epochs on recorded runs.

    python benchmarks/bench_stopping.py            # half a minute; the runs are recorded

A user of the yardstick: `benchmarks/verdicts` holds the runs, the rules and what the figures mean.
Half of the development runs were looked at while the rules were chosen; the other half has a table
of its own.
"""

import argparse

from benchmarks.verdicts import tables
from benchmarks.verdicts.suite import PATH, load


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", default=PATH)
    runs = load(parser.parse_args().suite)
    tables.stops("all runs", tables.STOPS, runs)
    held = [run for run in runs if run.meta["half"] == "held out"]
    if held:
        tables.stops("second half", tables.STOPS, held)


if __name__ == "__main__":
    main()
