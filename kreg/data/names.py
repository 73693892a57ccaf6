"""Names from the outside world, made safe as file names, TensorBoard tags and report text."""

import re

LONGEST = 64
UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|`$&\u200b-\u200f\u2028-\u202e\ufeff]+')


def safe(name, fallback: str = "unnamed") -> str:
    """No path separators, control characters, shell or HTML signs, leading dots, or great length.

    >>> safe("../../etc/passwd")
    '_.._etc_passwd'
    >>> safe("T-shirt/top")
    'T-shirt_top'
    """
    text = UNSAFE.sub("_", str(name)).strip().lstrip(".")
    return text[:LONGEST].strip() or fallback


def safe_all(names) -> list[str]:
    """Safe and still different: a name that appears again gets a number."""
    seen: dict[str, int] = {}
    result = []
    for name in map(safe, names):
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result
