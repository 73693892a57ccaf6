"""Train a model, see whether it overfits: `python train.py model=deep reg=l1`.

The configuration in `conf/` is composed by Hydra and checked before TensorFlow is imported.
`python train.py --help` lists the groups, their options and examples. Where kreg is installed
without this file, `kreg train model=deep reg=l1` is the same program.
"""

import sys

from kreg.launch.program import main

if __name__ == "__main__":
    sys.exit(main())
