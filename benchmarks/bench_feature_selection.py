"""Fifty features: kreg's group lasso beside scikit-learn's selectors and the published LassoNet.

    KREG_DATA=... python benchmarks/bench_feature_selection.py [mice isolet mnist] [--seeds 1]

The same as `train.py experiment=feature_selection`, whose module says how everybody is judged and
which of the published figures were not confirmed: `kreg/experiments/feature_selection.py` and
`feature_selection_data.py`.
"""

import argparse
import tempfile

from kreg.experiments import feature_selection
from kreg.experiments.feature_selection_data import PUBLISHED


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(PUBLISHED))
    parser.add_argument("--features", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--only", nargs="*", help="names of selectors; all without it")
    args = parser.parse_args()
    settings = {"features": args.features, "seeds": args.seeds, "steps": args.steps}
    settings["selectors"] = args.only
    with tempfile.TemporaryDirectory() as folder:
        feature_selection.run(folder, datasets=args.names, **settings)


if __name__ == "__main__":
    main()
