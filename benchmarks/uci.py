"""The six small UCI sets of the sweeps, split and scaled; found through KREG_DATA."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder, StandardScaler

SETS = ("vehicle", "segment", "car", "credit_g", "kr_vs_kp", "phoneme")


@dataclass
class Table:
    """Rows of one set: 60 % train, 20 % validation, 20 % test, stratified by a seed."""

    name: str
    train: tuple
    validation: tuple
    test: tuple
    classes: int


def load(name: str, seed: int) -> Table:
    """One set, numbers standardised and levels one-hot, both fitted on the training rows."""
    folder = Path(os.environ["KREG_DATA"]) / "uci_classification"
    with np.load(folder / f"{name}.npz", allow_pickle=False) as file:
        x, y, nominal = file["X"], file["y"].astype("int32"), file["is_categorical"]
    first, test_x, first_y, test_y = train_test_split(
        x, y, test_size=0.2, stratify=y, random_state=seed
    )
    train_x, val_x, train_y, val_y = train_test_split(
        first, first_y, test_size=0.25, stratify=first_y, random_state=seed
    )
    encoder = ColumnTransformer(
        [
            ("levels", OneHotEncoder(handle_unknown="ignore", sparse_output=False), nominal),
            ("numbers", StandardScaler(), ~nominal),
        ]
    ).fit(train_x)
    train_x, val_x, test_x = (
        np.nan_to_num(encoder.transform(part)).astype("float32")
        for part in (train_x, val_x, test_x)
    )
    return Table(name, (train_x, train_y), (val_x, val_y), (test_x, test_y), len(np.unique(y)))
