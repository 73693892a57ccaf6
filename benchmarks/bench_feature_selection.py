"""Fifty features: kreg's group lasso beside scikit-learn's selectors and the published LassoNet.

    KREG_DATA=... python benchmarks/bench_feature_selection.py [mice isolet mnist] [--seeds 1]

The same as `train.py experiment=feature_selection`, whose module says how everybody is judged and
which of the published figures were not confirmed: `kreg/papers/feature_selection.py` and
`feature_selection_data.py`.

Measured, test accuracy in per cent of one and the same network on at most 50 features, means over
three splits (`--seeds 3`; two to five minutes a data set on two busy cores):

    chosen by                                          mice   isolet   mnist 10k
    all features                                       96.6    95.9      95.7
    F-test                                             95.1    75.1      82.6
    SelectFromModel, random forest                     95.5    89.0      88.7
    SelectFromModel, L1 logistic                       94.8    88.5      89.5
    kreg, plain group lasso                            96.1    78.0      86.6
    kreg.select_features                               96.1    92.2      94.2
    published LassoNet, then a network (unconfirmed)   95.8    88.5      87.3
    published LassoNet, then trees                     99.7    89.1      89.2

The way of selecting was chosen on rows split off the training rows of isolet, mice and madelon.
The published figures are for other splits, for another network and, on isolet, five times the
rows: they say where others stand, not who wins. On mice the selectors are within two standard
errors (648 test rows), and trees on the features are ahead of every network here.
"""

import argparse
import tempfile

from kreg.papers import feature_selection
from kreg.papers.feature_selection_data import PUBLISHED


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
