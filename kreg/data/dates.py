"""What repeats in a column of dates, as features of its own: the season, the weekday, the hour.

A date is read as days since 1970 UTC. That number shows what comes once, a trend or a year; that
day 15,700 is a weekend, or in December, no network sees in it. So a column of dates has further
features, which are functions of the number of days alone:

    <name> month sin, <name> month cos    a point on the circle of a year of 365.2425 days: December
                                          is beside January, and the day within the month counts
    <name> hour sin, <name> hour cos      a point on the circle of a day
    <name>=Monday, ..., <name>=Sunday     a column of 0 and 1 each: a Sunday is not between a
                                          Saturday and a Monday in what people do

What training rows cannot teach is left out: the season where they span less than a year, the hour
where all have the same, the weekday where there is one, and weekdays that never came. A date that
is missing is in the middle of each circle and on no weekday.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

PARTS = "parts"  # of `data.dates`; or "days", the number alone
MONTH, HOUR = "month", "hour"
CIRCLES = {MONTH: 365.2425, HOUR: 1.0}  # days after which a date is where it was
WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FIRST = 3  # the place of 1970-01-01 in the week
MINUTE = 1 / 1440  # of a day: hours that differ by less are the same
Values = NDArray[np.float64]


def names(column: Mapping[str, Any]) -> list[str]:
    """What the further features of a fitted column are called.

    >>> names({"name": "sold", "circles": ["month"], "weekdays": [5, 6]})
    ['sold month sin', 'sold month cos', 'sold=Saturday', 'sold=Sunday']
    """
    name = column["name"]
    found = [f"{name} {c} {axis}" for c in column.get("circles", ()) for axis in ("sin", "cos")]
    return found + [f"{name}={WEEK[day]}" for day in column.get("weekdays", ())]


def features(days: Values, column: Mapping[str, Any]) -> Values:
    """The further features of a fitted column, `(rows, features)`.

    Args:
        days: Since 1970, `(rows,)`, NaN where a date is missing.
        column: With `circles` and `weekdays`; one without them has no further features.

    >>> features(np.array([3.0, np.nan]), {"weekdays": [5, 6]}).tolist()  # 1970-01-04, a Sunday
    [[0.0, 1.0], [0.0, 0.0]]
    """
    circles, week = column.get("circles", ()), column.get("weekdays", ())
    if not (circles or week):
        return np.empty((len(days), 0))
    known = np.isfinite(days)
    filled = np.where(known, days, 0.0)
    found = []
    for circle in circles:
        angle = 2 * np.pi * (filled % CIRCLES[circle]) / CIRCLES[circle]
        found += [np.sin(angle), np.cos(angle)]
    found += [weekday(filled) == day for day in week]
    return np.stack(found, axis=1, dtype=np.float64) * known[:, None]


def weekday(days: Values) -> Values:
    """The place in the week, Monday being 0."""
    found: Values = (np.floor(days) + FIRST) % len(WEEK)
    return found


@dataclasses.dataclass
class Seen:
    """What the training rows show of a column of dates; they may come in parts."""

    first: float = np.inf
    last: float = -np.inf
    earliest: float = np.inf
    latest: float = -np.inf
    weekdays: set[int] = dataclasses.field(default_factory=set)

    def add(self, days: Values) -> None:
        """Look at further rows, NaN where a date is missing."""
        known = days[np.isfinite(days)]
        if not len(known):
            return
        hours = known % CIRCLES[HOUR]
        self.first, self.last = min(self.first, known.min()), max(self.last, known.max())
        self.earliest = min(self.earliest, hours.min())
        self.latest = max(self.latest, hours.max())
        self.weekdays.update(map(int, np.unique(weekday(known))))

    def facts(self) -> dict[str, Any]:
        """What is kept with the fitted column."""
        taught = {
            MONTH: self.last - self.first >= CIRCLES[MONTH],
            HOUR: self.latest - self.earliest >= MINUTE,
        }
        days = sorted(self.weekdays)
        return {
            "circles": [circle for circle, is_taught in taught.items() if is_taught],
            "weekdays": days if len(days) > 1 else [],
        }
