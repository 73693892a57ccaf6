"""`model=backbone`: what is seen of its name, its weights and its size before Keras starts."""

from pathlib import Path

from kreg import applications, check
from kreg.applications import PRESET
from kreg.config import hub_checks
from kreg.config.custom import Custom
from kreg.config.root import Config
from kreg.models.options import BackboneOptions, smallest

WORDS = ("none", "imagenet", PRESET)
ENDINGS = (".keras", ".h5")  # `.weights.h5` too
BEST = "best.keras"


def a_backbone_can_be_built(config: Config) -> None:
    """A name or a model, weights that are there, and a size that is large enough."""
    chosen = config.model
    if not isinstance(chosen, BackboneOptions):
        return
    if chosen.weights not in WORDS:
        check_file(Path(chosen.weights).expanduser(), chosen)
    elif chosen.name is None:
        raise ValueError(
            f"model=backbone needs a network: say model.name=, MobileNetV2 say, "
            f"or model.weights= with a run directory of kreg or a .keras file. Received: "
            f"model.weights={chosen.weights} without model.name."
        )
    if chosen.name is not None:
        check_name(chosen.name, chosen.weights)
    least = smallest(chosen.name)
    if chosen.size is not None and chosen.size < least:
        raise check.invalid(
            "model.size", f"at least {least}: {chosen.name} sees nothing smaller", chosen.size
        )
    how = getattr(config.data, "standardise", "none")
    if how != "none":
        raise ValueError(
            f"data.standardise={how} and model=backbone do not go together: "
            "the network brings the scale that it was trained with. Say data.standardise=none."
        )


def check_name(name: str, weights: str) -> None:
    """Refuse what neither keras.applications nor KerasHub has, as far as one sees it here."""
    if applications.is_preset(name):
        hub_checks.check_preset(name, weights)
        return
    applications.family(name)
    if weights == PRESET:
        raise ValueError(
            f"model.weights=preset is for presets of KerasHub, and model.name={name} is of "
            "keras.applications. Say model.weights=imagenet, or name a preset."
        )


def check_file(path: Path, chosen: BackboneOptions) -> None:
    """Refuse weights that are not there, or that hold no network where there is no name."""
    file = path / BEST if path.is_dir() else path
    if not file.is_file():
        is_run = f"it is a directory without {BEST}" if path.is_dir() else "there is no such file"
        raise check.invalid(
            "model.weights",
            "none, imagenet, preset, a .keras, .weights.h5 or .h5 file, or a run directory of kreg",
            chosen.weights,
            f"As a path, {is_run}.",
        )
    allowed = ENDINGS if chosen.name else ENDINGS[:1]
    if file.suffix not in allowed:
        raise check.invalid(
            "model.weights",
            f"a file that ends in {' or '.join(allowed)}",
            chosen.weights,
            "" if chosen.name else "Or say with model.name= which network its weights are of.",
        )


def something_is_there_to_be_frozen(config: Config) -> None:
    """Only what others have trained is worth freezing; a model of the user's own may be that."""
    chosen, model = config.finetune, config.model
    if chosen.kind == "full" or isinstance(model, Custom):
        return
    if not isinstance(model, BackboneOptions) or model.weights == "none":
        weights = " without model.weights" if isinstance(model, BackboneOptions) else ""
        raise ValueError(
            f"finetune={chosen.kind} freezes what others have trained, but all weights of "
            f"model={model.kind}{weights} start at random. Say model=backbone with "
            "model.weights=imagenet, preset, a file or a run directory, or finetune=full."
        )
