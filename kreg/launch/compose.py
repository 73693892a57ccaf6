"""Compose and check what a command line means, before anything heavy is imported."""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException

from kreg.config import conf_dir, procedures, schema, unheard
from kreg.config.root import Config
from kreg.config.validate import ConfigError, validate
from kreg.launch import (
    addresses,
    catalogue,
    commandline,
    folders_of_options,
    option_files,
    said,
    schema_source,
    trust,
    wrong_words,
)
from kreg.launch.global_hydra import our_hydra
from kreg.launch.trust import UntrustedError
from kreg.launch.wrong_words import Groups
from kreg.printable import shortened
from kreg.sweeps.templates import Templates

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Composition:
    """A job's checked configuration, and the whole tree with Hydra's own part.

    `unheard` are the keys of its words that nothing hears, each with a sentence.
    """

    config: Config
    tree: DictConfig
    unheard: Mapping[str, str] = field(default_factory=dict)

    def run_directory(self) -> Path:
        """Where a single command writes, its time and its random digits filled in."""
        return Path(str(self._select("hydra.run.dir")))

    def sweep_directory(self) -> Path:
        """Where a sweep writes."""
        return Path(str(self._select("hydra.sweep.dir")))

    def job_directory(self, number: int, overrides: Sequence[str]) -> Path:
        """The folder of a job below its sweep's.

        Args:
            number: Of the job.
            overrides: What Hydra will say that the job is told.
        """
        with read_write(self.tree.hydra), open_dict(self.tree):
            self.tree.hydra.job.num = number
            self.tree.hydra.job.id = str(number)
            self.tree.hydra.overrides.task = list(overrides)
        return Path(str(self._select("hydra.sweep.subdir")))

    def _select(self, key: str) -> Any:
        known = HydraConfig.instance()
        previous = known.cfg
        known.set_config(self.tree)
        try:
            return OmegaConf.select(self.tree, key, throw_on_missing=True)
        except OmegaConfBaseException as error:
            raise ConfigError(f"{key}: {_sentence(error)}") from error
        finally:
            known.cfg = previous


def compose_job(
    words: list[str], config_dir: str | None = None, values: Values = MappingProxyType({})
) -> Config:
    """The checked configuration of one job in a user's words: `["model=deep", "reg.l1=1e-4"]`.

    `values` as for `check_job`. Where no word names a model it is the dense network of
    `conf/model/auto.yaml`: what suits the data is said by the gate, in words, before this.

    Raises:
        ConfigError: As `check_job`, and for a word that nothing hears.
    """
    job = check_job(commandline.parse(words).overrides, config_dir, values)
    unheard.refuse(job.unheard)
    return job.config


def check_job(
    parsed: Sequence[Override],
    config_dir: str | None = None,
    values: Values = MappingProxyType({}),
    templates: Templates | None = None,
) -> Composition:
    """One job, composed and checked.

    Args:
        parsed: The overrides of the job.
        config_dir: A further folder of options, as `--config-dir` names it.
        values: What a program sets itself, `{"reg": {"l1": 1e-4}, "seed": 1}`: also what no word
            can spell. It is checked as if it stood in a file.
        templates: Of a sweep whose jobs differ in numbers: what was composed before.

    Raises:
        ConfigError: With one sentence for the first mistake found.
    """
    for override in parsed:
        wrong_words.check_name(override)
    wrong_words.check_strength(parsed)
    options = _options(parsed, config_dir)
    choices = [o for o in parsed if o.key_or_group in options]
    for choice in choices:
        wrong_words.check_choice(choice, options)
    try:
        tree = compose_trusted(parsed, config_dir, templates)
        task = _task(tree)
        refuse_addresses(task, parsed)
        config = validate(with_values(task, values))
        refuse_unused(config, parsed, tree)
        return Composition(config, tree, unheard.found(config, said.by_key(parsed)))
    except UntrustedError:
        raise
    except ConfigError:
        own = [o for o in parsed if o.key_or_group.startswith(("hydra/", folders_of_options.KEY))]
        base: Any = OmegaConf.to_container(_compose((*choices, *own), config_dir))
        names = {override.key_or_group for override in parsed}
        for override in parsed:  # a wrong key deserves a better sentence than Hydra's
            if override not in choices:
                wrong_words.check_key(override, base, options, names)
        raise


def with_values(task: Mapping[str, Any], values: Values) -> dict[str, Any]:
    """A composed tree in which a program has set some keys.

    >>> with_values({"seed": 0, "reg": {"kind": "l1", "l1": 2.0}}, {"reg": {"l1": 1.0}})
    {'seed': 0, 'reg': {'kind': 'l1', 'l1': 1.0}}
    """
    groups = {k: {**task[k], **v} if isinstance(v, Mapping) else v for k, v in values.items()}
    return {**task, **groups}


def refuse_addresses(task: Mapping[str, Any], parsed: Sequence[Override]) -> None:
    """Refuse a tracker's address that comes from a file which may be anybody's.

    Raises:
        UntrustedError: With one sentence for the first of them.
    """
    chosen = task.get(addresses.GROUP)
    addresses.check(chosen, parsed, lambda: _own(chosen, parsed))


def _own(chosen: Any, parsed: Sequence[Override]) -> Mapping[str, Any]:
    """The loggers as kreg's own files alone say them; none where these have no such option."""
    said = [override for override in parsed if override.key_or_group == addresses.GROUP]
    named = commandline.parse_overrides([f"{addresses.GROUP}=[{','.join(chosen)}]"])
    try:
        return dict(_task(_compose(said or named, None))[addresses.GROUP])
    except ConfigError:
        return {}


def refuse_unused(config: Config, parsed: Sequence[Override], tree: DictConfig) -> None:
    """Refuse what an experiment would ignore: words of the command, options that a file chooses.

    Raises:
        ConfigError: With one sentence for the first of them.
    """
    if config.procedure == "train":
        return
    words = [(o.key_or_group, commandline.told(o)) for o in parsed]
    usual = usual_choices()
    files = [(group, f"{group}={option}") for group, option in choices(tree).items()
             if option != usual.get(group)]  # fmt: skip
    try:
        procedures.refuse_unused(config.procedure, [*words, *files])
    except ValueError as error:
        raise ConfigError(str(error)) from error


@functools.cache
def usual_choices() -> dict[str, str]:
    """What is chosen where nobody says anything."""
    return choices(_compose((), None))


def choices(tree: DictConfig) -> dict[str, str]:
    """The option of each of kreg's groups."""
    found: Any = OmegaConf.select(tree, "hydra.runtime.choices")
    return {group: str(found[group]) for group in schema.GROUPS if group in found}


def compose_trusted(
    parsed: Sequence[Override],
    config_dir: str | None = None,
    templates: Templates | None = None,
) -> DictConfig:
    """The whole tree, Hydra's own part included, in which nothing names code of its own.

    Raises:
        ConfigError: If Hydra cannot compose it.
        UntrustedError: If a file or an override names code.
    """
    tree = _compose(parsed, config_dir, templates)
    raw: Any = OmegaConf.to_container(tree, resolve=False)
    trust.check(raw, parsed, list(_options(parsed, config_dir)))
    return tree


def _options(parsed: Sequence[Override], config_dir: str | None) -> Groups:
    """Every group and its options, those of the user's folders included."""
    found = catalogue.groups()
    for folder in folders_of_options.folders(parsed, config_dir):
        found = _merged(found, catalogue.groups(folder))
    return found


def _merged(ours: Groups, theirs: Groups) -> Groups:
    return {g: sorted({*ours.get(g, ()), *theirs.get(g, ())}) for g in {*ours, *theirs}}


def _compose(
    parsed: Sequence[Override], config_dir: str | None, templates: Templates | None = None
) -> DictConfig:
    """What Hydra makes of the overrides, its own part included, nothing resolved."""
    prepare()
    own = folders_of_options.KEY
    words = [commandline.told(o) for o in parsed if o.key_or_group != own]
    addresses = folders_of_options.addresses(parsed, config_dir)
    listed = ",".join(folders_of_options.quoted(address) for address in addresses)
    words += [f"{own}=[{listed}]"] if addresses else []

    def by_hydra() -> DictConfig:
        with our_hydra(), initialize_config_dir(str(conf_dir()), version_base="1.3"):
            return compose("config", words, return_hydra_config=True)

    try:
        return by_hydra() if templates is None else templates.compose(words, by_hydra)
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(_sentence(error)) from error
    except Exception as error:  # Hydra asserts, indexes and unpacks what a user has written
        raise ConfigError(
            f"Hydra cannot compose {shortened(' '.join(words))!r} "
            f"({type(error).__name__}: {shortened(_sentence(error))}). "
            "Expected key=value or group=option."
        ) from error


def _task(tree: DictConfig) -> dict[str, Any]:
    """All but Hydra's own part, resolved, as plain data."""
    task = OmegaConf.masked_copy(tree, [str(key) for key in tree if key != "hydra"])
    try:
        plain: Any = OmegaConf.to_container(task, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise ConfigError(_sentence(error)) from error
    except (ValueError, TypeError, RecursionError) as error:  # from a resolver
        raise ConfigError(f"{type(error).__name__}: {_sentence(error)}") from error
    return dict(plain)


def _sentence(error: Exception) -> str:
    """Hydra's own words on one line, without the lines that speak of search paths and options."""
    words = re.sub(r"\s*\b(full_key|object_type|reference_type)[:=].*", "", str(error))
    words = re.split(r"\n\s*(?:Config search path|set the environment)", words, flags=re.I)[0]
    if isinstance(error.__cause__, OmegaConfBaseException):  # why a value cannot be merged
        words += f": {_sentence(error.__cause__)}"
    return re.sub(r"\s*\n\s*", " ", words).strip()


@functools.cache
def prepare() -> None:
    """Tell Hydra of the schemas, the resolvers and how option files are read, once."""
    schema.register()
    option_files.register()
    schema_source.register()
    register_resolvers()


def register_resolvers() -> None:
    """`${unique:}`: four hex digits, so that two runs started in one second stay apart."""
    import secrets

    OmegaConf.register_new_resolver(
        "unique", lambda: secrets.token_hex(2), use_cache=True, replace=True
    )
