"""Questions are found by the words of those who ask: `<!-- found by: resume, continue -->`.

The comment stands below a heading. Its words and the heading become entries of the index, which the
site's search shows first; they lead to the section.
"""

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.addnodes import index
from sphinx.transforms import SphinxTransform

FOUND_BY = re.compile(r"<!-- found by: (.+) -->")


def entries(heading: str, words: str) -> Iterator[str]:
    """What somebody types who looks for this section.

    >>> list(entries("How do I resume?", "resume, continue"))
    ['How do I resume?', 'How to resume?', 'resume', 'continue']
    """
    yield heading
    if heading.startswith("How do I "):
        yield heading.replace("How do I ", "How to ", 1)
    yield from words.split(", ")


class FoundBy(SphinxTransform):
    """Entries of the index in place of the comments, before Sphinx collects them."""

    default_priority = 800

    def apply(self, **kwargs: Any) -> None:
        """Replace each comment of this document."""
        for comment in list(self.document.findall(nodes.raw)):
            if found := FOUND_BY.fullmatch(comment.astext().strip()):
                section = comment.parent
                place, heading = section["ids"][0], section[0].astext()
                listed = [
                    ("single", word, place, "main", None) for word in entries(heading, found[1])
                ]
                comment.replace_self(index(entries=listed))


def setup(app: Any) -> dict[str, bool]:
    """Let Sphinx read the comments."""
    app.add_transform(FoundBy)
    return {"parallel_read_safe": True}
