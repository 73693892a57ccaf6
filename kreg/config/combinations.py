"""Choices that exclude each other, found before TensorFlow starts."""

import importlib.util
import re

from kreg import check
from kreg.config import automatic, backends, data_checks, penalty_checks
from kreg.config.backbone_checks import a_backbone_can_be_built, something_is_there_to_be_frozen
from kreg.config.distributed import several_train_as_one
from kreg.config.experiment_arguments import CHECKS
from kreg.config.root import Config
from kreg.data.source_options import SourceOptions
from kreg.layers.options import NoiseOptions
from kreg.models.options import ModelOptions
from kreg.training.stop_options import GapOptions


def check_all(config: Config) -> None:
    """Raise a `ValueError` with one sentence for the first combination that cannot work."""
    for rule in RULES:
        rule(config)


# what the data are -> what a choice needs instead, what they are in words, and data to choose
OTHERWISE = {
    False: ("needs images", "is a table", "image data such as data=digits"),
    True: ("needs a table", "are images", "a table such as data=wine"),
}


def kind_of_data_fits(config: Config) -> None:
    """Convolutions and image augmentation need images; feature tokens and column noise a table."""
    images = getattr(config.data, "images", None)
    if images is None:  # not known before the data are loaded
        return
    needs, are, choose = OTHERWISE[images]
    for group in ("model", "augment"):
        chosen = getattr(config, group)
        if getattr(chosen, "images", None) not in (None, images):
            raise ValueError(
                f"{group}={chosen.kind} {needs}, but data={config.data.kind} {are}. Choose another "
                f"{group}, or {choose}."
            )


def only_pictures_are_standardised_in_the_model(config: Config) -> None:
    """The columns of a table have mean 0 and deviation 1 when they are read."""
    how = getattr(config.data, "standardise", "none")
    if how != "none" and getattr(config.data, "images", None) is False:
        raise ValueError(
            f"data.standardise={how} is about pictures, but data={config.data.kind} is a table: "
            "its columns are standardised as they are read. Leave it out."
        )


def a_gap_can_be_proved(config: Config) -> None:
    """Only a convex problem has an optimum that can be proved."""
    if isinstance(config.stop, GapOptions) and (why := automatic.obstacle(config)):
        raise ValueError(f"stop=gap needs a convex problem, but {why}. Or say stop=patience.")


def data_can_be_loaded(config: Config) -> None:
    """Paths, columns and shares, as far as they are seen without loading the rows."""
    if isinstance(config.data, SourceOptions):
        data_checks.check_data(config.data)


def noise_has_a_place(config: Config) -> None:
    """Noise on feature maps needs convolutions, on residual branches it needs such branches."""
    noise, model = config.dropout, config.model
    if not (isinstance(noise, NoiseOptions) and isinstance(model, ModelOptions)):
        return
    if noise.place == "conv" and not model.convolves:
        raise ValueError(
            f"dropout={noise.kind} acts on feature maps, but model={model.kind} has no "
            "convolution. Choose a model for images such as model=cnn, or dropout=light."
        )
    if noise.place == "residual" and not model.has_branches:
        raise ValueError(
            f"dropout={noise.kind} skips residual branches, but model={model.kind} has none. "
            "Choose model=resnet, model=transformer or model.skip=true, or dropout=light."
        )


def objective_is_measured(config: Config) -> None:
    """Classes have an accuracy, numbers an error in their own units."""
    task = getattr(config.data, "known_task", "auto")
    if config.procedure == "train" and task != "auto":
        check_objective(config.objective, regression=task == "regression")


def check_objective(name: str, regression: bool, targets: int = 0) -> None:
    """Refuse an objective of the other kind of task.

    Args:
        name: The `objective`.
        regression: Whether the target is a number, not a class.
        targets: How many there are, if they are several.
    """
    if regression and targets and name.endswith(("rmse", "mae")):
        raise check.invalid(
            "objective",
            f"a number that {targets} targets have together, such as "
            f"{name.rpartition('_')[0]}_loss",
            name,
            "Each of them has an error of its own, in its own units.",
        )
    absent, there = (("accuracy",), "rmse") if regression else (("rmse", "mae"), "accuracy")
    if name.endswith(absent):
        raise check.invalid(
            "objective",
            f"a number that {'regression' if regression else 'classification'} has, such as "
            f"{name.rpartition('_')[0]}_{there}",
            name,
        )


def task_is_a_folder_name(config: Config) -> None:
    """The task becomes one folder below logs/, never a path out of it."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.:-]*", config.task):
        raise check.invalid(
            "task", "a folder's name: letters, digits, '_', '-' and '.'", config.task
        )


def classes_can_be_weighed(config: Config) -> None:
    """Weights are numbers of classes; not all are zero."""
    chosen = config.trainer.class_weight
    task = getattr(config.data, "known_task", "auto")
    if chosen != "none" and task == "regression":
        raise check.invalid("trainer.class_weight", "none where the task is a regression", chosen)
    if not isinstance(chosen, dict):
        return
    for name, weight in chosen.items():
        check.number(f"trainer.class_weight.{name}", weight, low=0)
    if not any(chosen.values()):
        raise check.invalid("trainer.class_weight", "a weight above 0", chosen)


def labels_are_smoothed_once(config: Config) -> None:
    """By the loss, or by the augmentation."""
    stages = getattr(config.augment, "smoothing", 0.0)
    if stages and config.trainer.label_smoothing:
        raise ValueError(
            f"augment.smoothing={stages} and trainer.label_smoothing="
            f"{config.trainer.label_smoothing} both smooth the labels. Leave one of them out."
        )


def rates_are_factors(config: Config) -> None:
    """What `optimizer.rates` multiplies the learning rate of some weights with."""
    for name, factor in getattr(config.optimizer, "rates", {}).items():
        check.number(f"optimizer.rates.{name}", factor, low=0, low_open=True)


def waves_need_no_warmup(config: Config) -> None:
    """The rate of `coslog4` starts at zero."""
    warmup = getattr(config.optimizer, "warmup", 0.0)
    if warmup and getattr(config.optimizer, "schedule", "") == "coslog4":
        raise ValueError(
            f"optimizer.warmup={warmup} and optimizer.schedule=coslog4: its rate rises from zero "
            "by itself. Leave optimizer.warmup out, or say optimizer.schedule=flat_cos."
        )


def length_is_told_once(config: Config) -> None:
    """A number of epochs and a number of steps are two answers to one question."""
    epochs, steps = config.trainer.epochs, config.trainer.steps
    if steps is not None and epochs != "auto":
        raise ValueError(
            f"trainer.steps={steps} and trainer.epochs={epochs} both say how long the training is. "
            "Leave one of them out, or say trainer.epochs=auto."
        )


def folds_compare(config: Config) -> None:
    """Settings are compared on the held-out fold, never on rows that may have stopped a training.

    The test rows score what was chosen, and choose nothing.
    """
    folds, name = getattr(config.data, "folds", 0), config.objective
    if name.startswith("fold_") and not folds:
        raise check.invalid("objective", "a number that is there without data.folds", name)
    if folds and name.startswith(("val_", "test_")):
        instead = f"fold_{name.partition('_')[2]}"
        raise check.invalid(
            "objective",
            f"{instead} under data.folds={folds}",
            name,
            "Validation rows stop trainings, and test rows score what was chosen.",
        )


OF_TABLES = ("lasso_path", "table_ensemble")


def arguments_are_in_range(config: Config) -> None:
    """Before a search of minutes begins, and before TensorFlow is imported."""
    if config.procedure in CHECKS:
        CHECKS[config.procedure](config.arguments)


def a_table_is_there(config: Config) -> None:
    """The lasso path is that of a linear model of named columns, an ensemble has models of such."""
    if config.procedure not in OF_TABLES:
        return
    if getattr(config.data, "images", None):
        raise ValueError(
            f"experiment={config.procedure} needs a table, but data={config.data.kind} are images. "
            "Take your own with data=csv data.path=... data.target=..., or data=diabetes."
        )


def loggers_are_there(config: Config) -> None:
    """A tracker is a package of its own."""
    if "none" in config.logger and len(config.logger) > 1:
        raise ValueError(
            f"logger=[{','.join(config.logger)}] asks for none and for others. Leave none out."
        )
    for name, options in config.logger.items():
        package = getattr(options, "package", "")
        if package and importlib.util.find_spec(package) is None:
            raise ValueError(
                f"logger={name} needs the package {package}, which is not installed. Install it "
                f"with: pip install 'kreg[{package}]'"
            )


RULES = (
    backends.the_backend_trains_this,
    loggers_are_there,
    a_backbone_can_be_built,
    something_is_there_to_be_frozen,
    folds_compare,
    arguments_are_in_range,
    a_table_is_there,
    classes_can_be_weighed,
    labels_are_smoothed_once,
    penalty_checks.features_have_a_scale,
    penalty_checks.penalties_of_layers_are_known,
    penalty_checks.activities_have_units,
    rates_are_factors,
    waves_need_no_warmup,
    length_is_told_once,
    task_is_a_folder_name,
    data_can_be_loaded,
    kind_of_data_fits,
    a_gap_can_be_proved,
    only_pictures_are_standardised_in_the_model,
    noise_has_a_place,
    objective_is_measured,
    several_train_as_one,
)
