"""One element of HTML or SVG: everything in it is escaped unless it is markup already."""

from collections.abc import Iterable

from markupsafe import Markup, escape

VOID = {"meta", "link", "br", "img"}  # what HTML never closes

Content = str | Iterable[str]


def tag(name: str, /, *content: Content, **attributes: str | float | None) -> Markup:
    """An element; `class_` is `class`, an underscore inside a name is a hyphen.

    Args:
        name: `"td"` say; it and the names of the attributes are the program's own words.
        content: Text, markup or lists of them.
        attributes: Values; `None` leaves the attribute out.

    >>> tag("b", "1 < 2", class_="n", title=None)
    Markup('<b class="n">1 &lt; 2</b>')
    """
    # plain strings: `Markup.format` takes several times as long, and a page has 1,500 elements
    shown = (f" {attribute(key, value)}" for key, value in attributes.items() if value is not None)
    opening = f"<{name}{''.join(shown)}>"
    return Markup(opening if name in VOID else f"{opening}{join(*content)}</{name}>")


def some(name: str, content: str, /, **attributes: str | float | None) -> Markup:
    """The element, or nothing where it would be empty."""
    return tag(name, content, **attributes) if content else Markup("")


def attribute(key: str, value: str | float) -> Markup:
    key = key.rstrip("_").replace("_", "-")
    if isinstance(value, float):
        value = f"{value:.2f}".rstrip("0").rstrip(".")
    return Markup(f'{key}="{escape(value)}"')


def join(*content: Content) -> Markup:
    """Texts and lists of texts as one piece of markup."""
    parts: list[str] = []
    for part in content:
        parts += [part] if isinstance(part, str) else part
    return Markup("").join(parts)
