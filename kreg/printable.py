"""Text for people: what would steer a terminal is shown, and not obeyed."""

import re
import sys
from typing import TextIO

# C0 and C1 controls but line feed and tab, and the marks that turn the direction of writing
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def printable(text: object) -> str:
    r"""The text with its control characters written out.

    >>> printable("\x1b[2J cleared"), printable("two\nlines")
    ('\\x1b[2J cleared', 'two\nlines')
    """
    return STEERING.sub(lambda found: ascii(found[0])[1:-1], str(text))


def percent(share: float) -> str:
    """A share in percent; one that would be rounded to nothing is said to be less.

    >>> percent(0.1234), percent(3e-8), percent(0.0)
    ('12.34%', 'less than 0.01%', '0.00%')
    """
    return "less than 0.01%" if 0 < share < 1e-4 else f"{share:.2%}"


def shortened(text: str, most: int = 80) -> str:
    """At most so many characters of what a user has written, on one line."""
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 3]}..."


def without_middle(text: str, most: int = 160) -> str:
    """The two ends of a sentence that is longer: what it is about, and the reason.

    >>> without_middle("cannot write into /a/very/long/folder: No space left", 40)
    'cannot write into... No space left'
    """
    half = (most - 3) // 2
    return text if len(text) <= most else f"{text[:half].rstrip()}...{text[-half:]}"


def say(sentence: object, file: TextIO | None = None) -> None:
    """Print a sentence of kreg's about something that may be a stranger's.

    Args:
        sentence: What is to be said.
        file: Where. Defaults to the error stream, beside what is printed.
    """
    print(f"kreg: {printable(sentence)}", file=file or sys.stderr)
