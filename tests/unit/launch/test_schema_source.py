"""One set of schemas for all compositions, none of which can change them."""

from hydra._internal.core_plugins import structured_config_source
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.config_store import ConfigStore

from kreg.launch import schema_source
from kreg.launch.compose import compose_job


def test_a_composition_copies_no_store_of_schemas(monkeypatch):
    copied = []
    monkeypatch.setattr(
        ConfigStore, "__deepcopy__", lambda self, memo: copied.append(self) or self, raising=False
    )
    compose_job(["reg=l2"])
    assert not copied


def test_what_a_composition_sets_is_forgotten_by_the_next():
    before = compose_job([]).to_dict()
    assert compose_job(["reg.l1=0.5", "model.width=7"]).reg.l1 == 0.5
    assert compose_job([]).to_dict() == before


def test_the_worker_of_a_launcher_registers_hydras_own_source_again():
    schema_source.register()
    sources = SourcesRegistry.instance()
    sources.register(structured_config_source.StructuredConfigSource)
    assert sources.resolve("structured") is schema_source.StructuredConfigSource
