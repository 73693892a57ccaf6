"""
A sweep, here and on a cluster
==============================

A sweep is one command. Here its jobs run one after another; with two more words SLURM runs them,
one task of an array each, and the command, the directories and the answer are the same.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.datasets import load_wine

import kreg

sweep = "data=wine model=linear reg=l1,l2 reg.strength=0.003 data.folds=2"
on_a_cluster = "hydra/launcher=submitit_slurm hydra.launcher.timeout_min=60"

folder = tempfile.mkdtemp()
command = [sys.executable, "-m", "kreg", "train", "-m", *sweep.split()]  # *on_a_cluster.split()
done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
print(done.stdout[done.stdout.index("The best setting") :])

# %%
# The table of the sweep: a line for each training, whichever machine it ran on. A job that a
# cluster has killed goes on when the same command is typed again, and what is done is not trained
# twice.

(path,) = Path(folder).rglob("sweep.csv")
table = pd.read_csv(path)
table[["reg", "data.fold", "fold_clean_loss", "sparsity", "status"]]

# %%
# Each dot is a held-out fold; the same folds and first weights for every setting, so that the lines
# may be compared.

figure, axis = plt.subplots(figsize=(7, 3))
for fold, rows in table.groupby("data.fold"):
    axis.plot(rows["reg"], rows["fold_clean_loss"], "o-", label=f"fold {fold}")
axis.set(ylabel="loss without penalties")
axis.legend()
figure.tight_layout()

# %%
# What each job leaves is a run: it answers for new rows, wherever its directory has been copied to.

name = table.sort_values("fold_clean_loss")["run"].iloc[0]
kreg.load_run(path.parent / name).predict(load_wine(as_frame=True).data.head(3))
