"""Rows whose split the source says itself: a file of test rows, or a column of words."""

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kreg import check
from kreg.data.dataset import Raw
from kreg.data.preprocessing import texts
from kreg.data.torn import torn

if TYPE_CHECKING:
    import pandas as pd

TRAIN, VALIDATION, TEST = "train", "validation", "test"
ROLES = {
    **dict.fromkeys((TRAIN, "training"), TRAIN),
    **dict.fromkeys((VALIDATION, "val", "valid", "dev"), VALIDATION),
    **dict.fromkeys((TEST, "testing"), TEST),
}
SHOWN = 20  # columns that a sentence names


def with_test_rows(
    frame: "pd.DataFrame", test: "pd.DataFrame", name: str, without: set[str | None]
) -> "pd.DataFrame":
    """Both tables below each other: cells, levels and classes are understood as one."""
    import pandas as pd

    test.columns = [str(column) for column in test.columns]
    absent = [c for c in frame.columns if c not in test.columns and c not in without]
    if absent:
        raise ValueError(
            f"data.test_path: the file lacks the column {absent[0]!r} of {name}; it has "
            f"{', '.join(map(repr, test.columns[:SHOWN]))}."
        )
    return pd.concat([frame, test.reindex(columns=frame.columns)], ignore_index=True)


def roles_of(
    column: "pd.Series[Any]", name: str, *, own_test: bool, rows: int
) -> NDArray[np.object_]:
    """`train`, `validation` or `test` for each row, from the words that people use."""
    words = texts(column)
    if own_test:
        words = np.append(words[:rows], [TEST] * (len(words) - rows))
    roles = np.array([ROLES.get(word.strip().casefold(), "") for word in words], object)
    if (roles == "").any():
        row = int(np.flatnonzero(roles == "")[0])
        allowed = ", ".join(ROLES)
        raise check.invalid(
            "data.split",
            f"a column of the words {allowed}",
            words[row],
            f"It stands in row {row + 1} of column {column.name!r}.",
        )
    if own_test and (roles[:rows] == TEST).any():
        raise check.invalid("data.test_path", f"null where {name} has test rows", column.name)
    return roles


def in_roles(raw: Raw, roles: NDArray[Any]) -> Raw:
    """`raw` with the test rows apart, and the validation rows, if there are any, marked."""
    kept, own = np.flatnonzero(roles != TEST), np.flatnonzero(roles == TEST)
    validation = roles[kept] == VALIDATION
    return dataclasses.replace(
        raw,
        x=raw.rows(kept),
        y=raw.y[kept],
        test=(raw.rows(own), raw.y[own]) if len(own) else None,
        validation=validation if validation.any() else None,
        group=None if raw.group is None else raw.group[kept],
        time=None if raw.time is None else raw.time[kept],
        dealing=None if raw.dealing is None else raw.dealing.take(kept),
        suspects={name: values[kept] for name, values in raw.suspects.items()},
        warnings=raw.warnings + _torn(raw, roles),
    )


def _torn(raw: Raw, roles: NDArray[Any]) -> list[str]:
    """A sentence about groups that the source's own splits tear apart."""
    if raw.group is None:
        return []
    parts = {role: np.flatnonzero(roles == role) for role in (TEST, TRAIN, VALIDATION)}
    found = torn(np.asarray(raw.group), parts)
    if found is None:
        return []
    shared = " and ".join(found.where)
    such_as = "" if raw.group_hashed else f", such as '{found.first}' in {shared}"
    return [
        f"{raw.name}: {found.number} of {found.of} groups of data.group stand in more than one of "
        f"the data's own splits{such_as}: the scores flatter."
    ]
