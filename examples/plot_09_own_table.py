"""
Your own table
==============

A frame with numbers, words and gaps goes in as it is. What is fitted (means, levels, medians) is
fitted on the training rows alone, and the result answers in your own words. From the command line
the same is ``python train.py data=csv data.path=table.csv data.target=bought``.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from kreg.sklearn import KregClassifier

rng = np.random.default_rng(0)
rows = 400
table = pd.DataFrame(
    {
        "age": rng.integers(18, 80, rows).astype(float),
        "town": rng.choice(["Berlin", "Lyon", "Turin"], rows),
        "visits": rng.poisson(3, rows).astype(float),
        "shoe size": rng.normal(42, 2, rows),
    }
)
table.loc[::15, "age"] = np.nan
wish = (
    0.06 * (table["age"].fillna(45) - 45) + (table["town"] == "Lyon") + 0.3 * (table["visits"] - 3)
)
bought = np.where(wish + rng.normal(size=rows) > 0, "yes", "no")

model = KregClassifier(model="linear", reg="l1", l1=0.02, random_state=0).fit(table, bought)
print(model.predict(table.head(3)))
print(model.predict_proba(table.head(3)).round(2))
print(model.verdict_.headline)

# %%
# The columns that an answer depends on. The size of the shoes is not among them: its weight is
# exactly zero.

print(list(model.selected_features_))

# %%
# The weights, largest first:

features = model.report_().document["features"]["selected"]
figure, axis = plt.subplots(figsize=(7, 3))
labels = [row["name"] for row in features][::-1]
axis.barh(labels, [row["size"] for row in features][::-1])
axis.set(xlabel="size of the effect")
figure.tight_layout()

# %%
# The report of the training:

model.report_()
