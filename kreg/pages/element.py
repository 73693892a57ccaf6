"""One element of HTML or SVG: everything in it is escaped unless it is markup already."""

from collections.abc import Iterable

from markupsafe import Markup

VOID = {"meta", "link", "br", "img"}  # what HTML never closes

Content = str | Iterable[str]


def tag(name: str, /, *content: Content, **attributes: str | float | None) -> Markup:
    """An element; `class_` is `class`, an underscore inside a name is a hyphen.

    Args:
        name: `"td"` say.
        content: Text, markup or lists of them.
        attributes: Values; `None` leaves the attribute out.

    >>> tag("b", "1 < 2", class_="n", title=None)
    Markup('<b class="n">1 &lt; 2</b>')
    """
    shown = (attribute(key, value) for key, value in attributes.items() if value is not None)
    opening = Markup("<{}>").format(Markup(" ").join([name, *shown]))
    return opening if name in VOID else opening + join(*content) + Markup("</{}>").format(name)


def some(name: str, content: str, /, **attributes: str | float | None) -> Markup:
    """The element, or nothing where it would be empty."""
    return tag(name, content, **attributes) if content else Markup("")


def attribute(key: str, value: str | float) -> Markup:
    key = key.rstrip("_").replace("_", "-")
    if isinstance(value, float):
        value = f"{value:.2f}".rstrip("0").rstrip(".")
    return Markup('{}="{}"').format(key, value)


def join(*content: Content) -> Markup:
    """Texts and lists of texts as one piece of markup."""
    parts: list[str] = []
    for part in content:
        parts += [part] if isinstance(part, str) else part
    return Markup("").join(parts)
