"""From a composed configuration to checked dataclasses, or to one sentence per mistake."""

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from kreg import check
from kreg.config import automatic, combinations, renamed, strengths
from kreg.config.custom import is_custom
from kreg.config.root import Config, Root
from kreg.config.schema import GROUPS, SEVERAL, schema_of
from kreg.fields import Options, Rule, check_field, rule_of
from kreg.foreign import yaml_text

NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")  # package.module:Name

Schema = TypeVar("Schema", Options, Root)


class ConfigError(ValueError):
    """A mistake in the configuration, told in one sentence."""


def validate(tree: Mapping[str, Any]) -> Config:
    """Check every key, type, range and combination of a composed, resolved configuration.

    Args:
        tree: Plain nested data, as `OmegaConf.to_container(cfg, resolve=True)` returns it.

    Raises:
        ConfigError: With one sentence that names the key, what is allowed, and what came.
    """
    try:
        config = automatic.chosen(strengths.given(_build(dict(tree))))
        combinations.check_all(config)
        return config
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _build(tree: dict[str, Any]) -> Config:
    root = fill(Root, "", {k: v for k, v in tree.items() if k not in GROUPS})
    groups: Any = {
        group: (_several if group in SEVERAL else _group)(group, tree.get(group), root.allow)
        for group in GROUPS
    }
    return Config(**vars(root), **groups)


def _several(group: str, values: Any, allow: list[str]) -> dict[str, Options]:
    """The options of a group of which several may be chosen, by their names."""
    if not isinstance(values, Mapping):
        raise check.invalid(group, "options of the group with their keys", values)
    found = {name: _group(group, part, allow, f"{group}.{name}") for name, part in values.items()}
    for name, options in found.items():
        if options.kind != name and not is_custom(options.kind):
            raise check.invalid(f"{group}.{name}.kind", repr(name), options.kind)
    return found


def _group(group: str, values: Any, allow: list[str], key: str = "") -> Options:
    """One option; `key` is where it stands if that is not the group's own place."""
    key = key or group
    if not isinstance(values, Mapping):
        raise check.invalid(key, "an option of the group with its keys", values)
    kind = values.get("kind")
    if isinstance(kind, str) and is_custom(kind):
        _check_allowed(key, kind, allow)
    return fill(schema_of(group, kind, key), f"{key}.", dict(values))


def _check_allowed(key: str, kind: str, allow: list[str]) -> None:
    if not NAME.fullmatch(kind):
        raise check.invalid(f"{key}.kind", "a kind of kreg, or package.module:Name", kind)
    package = kind.split(":")[0].split(".")[0]
    if package not in allow:
        raise check.invalid(
            f"{key}.kind",
            "a kind of kreg, or a component of a package that the command line allows",
            kind,
            f"To run code of that package say allow=[{package}].",
        )


def fill(schema: type[Schema], prefix: str, values: Mapping[str, Any]) -> Schema:
    """A schema with values, each checked against the rule of its field."""
    rules = {field.name: rule_of(field) for field in dataclasses.fields(schema)}
    for name in values:
        if name not in rules:
            raise unknown_key(prefix, name, rules)
    checked = {
        name: check_field(
            f"{prefix}{name}", spelt(f"{prefix}{name}", value, rules[name]), rules[name]
        )
        for name, value in values.items()
    }
    return schema(**checked)


def spelt(key: str, value: Any, rule: Rule) -> Any:
    """A mapping that a command gives as text: Hydra's own have no keys beyond a to z.

    >>> spelt("data.types", "{größe (m²): category}", Rule(dict))
    {'größe (m²)': 'category'}
    """
    is_text = rule.type is dict and isinstance(value, str) and value.lstrip().startswith("{")
    return yaml_text.parse(value, key, dict) if is_text else value


def unknown_key(prefix: str, name: str, known: Iterable[str]) -> ValueError:
    """The error for a key that its group does not have, or has under another name."""
    if told := renamed.sentence(f"{prefix}{name}"):
        return ValueError(told)
    known = tuple(known)
    where = f"`{prefix.rstrip('.')}`" if prefix else "The configuration"
    keys = ", ".join(known)
    near = check.did_you_mean(name, known)
    return ValueError(f"{where} has no key {name!r}. Its keys are: {keys}. {near}".rstrip())
