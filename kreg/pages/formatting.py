"""Numbers for people."""

import math

MINUS = "\N{MINUS SIGN}"
NOTHING = "–"


def number(value: float | None, digits: int = 4, *, sign: bool = False) -> str:
    """Significant digits, a true minus, a dash for nothing.

    >>> number(0.000123456), number(12345.6), number(0.25, sign=True), number(None)
    ('0.0001235', '12,346', '+0.25', '–')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    if value == 0:
        return "0"
    if abs(value) >= 10 ** (digits - 1):
        text = f"{value:+,.0f}" if sign else f"{value:,.0f}"
    else:
        text = f"{value:+.{digits}g}" if sign else f"{value:.{digits}g}"
    return text.replace("-", MINUS) if "e" not in text else text


def percent(share: float | None, digits: int = 1) -> str:
    """A share in percent.

    >>> percent(0.1234), percent(None)
    ('12.3 %', '–')
    """
    return NOTHING if share is None else f"{100 * share:.{digits}f} %"
