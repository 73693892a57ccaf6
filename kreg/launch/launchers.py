"""The launchers of a sweep: kreg's own, and those of Hydra's plugins, which are extras."""

import importlib
import importlib.util
import os
import re
import shutil
import socket

from hydra.core.plugins import Plugins
from omegaconf import DictConfig, OmegaConf

from kreg.config import backends
from kreg.config.validate import ConfigError
from kreg.launch.commandline import CommandLine

GROUP = "hydra/launcher"
EXTRAS = {  # launcher -> the plugin that it needs, and kreg's extra that installs it
    "joblib": ("hydra_joblib_launcher", "joblib"),
    "ray": ("hydra_ray_launcher", "ray"),
    "submitit_local": ("hydra_submitit_launcher", "slurm"),
    "submitit_slurm": ("hydra_submitit_launcher", "slurm"),
}
OWN = {  # kreg's own classes, as conf/hydra names them -> their module, and the plugin they extend
    "InProcess": ("kreg.sweeps.in_process", None),
    "Stacked": ("kreg.sweeps.stacked", None),
    "Local": ("kreg.sweeps.cluster", "hydra_submitit_launcher"),
    "Slurm": ("kreg.sweeps.slurm", "hydra_submitit_launcher"),
    "Ray": ("kreg.sweeps.ray_launcher", "hydra_ray_launcher"),
    "Grid": ("kreg.sweeps.grid_sweeper", None),
    "Search": ("kreg.sweeps.sweeper", None),
}
PLUGINS = "hydra_plugins.kreg"
STACKED = f"{PLUGINS}.Stacked"
IN_PROCESS = (f"{PLUGINS}.InProcess", STACKED)  # whose jobs share one process
RAY_ADDRESS = "hydra.launcher.ray.init.address"
ADDRESS = re.compile(r"(ray://)?[^/\s]+:\d+")
FOUND_BY_RAY = ("None", "auto", "local")
SWEEPER, PLAIN, GRID = "hydra/sweeper", "basic", "hydra/sweeper=grid"
HERE = ("kreg", PLAIN, "stacked")  # whose jobs are trained by this process
PATIENCE = 5.0  # seconds
SLURM = ("sbatch", "srun", "squeue")  # the commands that a sweep needs of it


def check(line: CommandLine) -> None:
    """Refuse a launcher that is not installed or not there, before any job starts.

    Raises:
        ConfigError: With the command that installs it.
    """
    for override in line.overrides:
        plugin, extra = EXTRAS.get(str(override.value()), (None, None))
        if override.key_or_group == GROUP and plugin and not installed(plugin):
            raise ConfigError(
                f"{override.input_line} needs Hydra's plugin {plugin}, which is not installed. "
                f"Install it with: pip install 'kreg[{extra}]'"
            )
        if override.key_or_group == GROUP and override.value() == "submitit_slurm":
            check_slurm(str(override.input_line))
    check_cluster(line)


def check_slurm(told: str) -> None:
    """Refuse a machine from which no job can be queued.

    Raises:
        ConfigError: If a command of SLURM's is missing.
    """
    missing = [command for command in SLURM if shutil.which(command) is None]
    if missing:
        raise ConfigError(
            f"{told} needs SLURM's commands, and {', '.join(missing)} cannot be found on this "
            "machine. Start the sweep where jobs are queued from, a login node of the cluster, or "
            "try it here with hydra/launcher=submitit_local."
        )


def check_cluster(line: CommandLine) -> None:
    """Knock at an existing Ray cluster: Ray itself would wait for minutes.

    Raises:
        ConfigError: If nothing answers at the address within a few seconds, or it is none.
    """
    for override in line.overrides:
        address = str(override.value())
        if override.key_or_group == RAY_ADDRESS and address not in FOUND_BY_RAY:
            if not ADDRESS.fullmatch(address):
                raise ConfigError(
                    f"{override.input_line}: expected host:port, ray://host:port or auto."
                )
            try:
                knock(address.removeprefix("ray://"))
            except (OSError, ValueError) as error:
                raise ConfigError(
                    f"{override.input_line}: no Ray cluster answers there ({error}). "
                    "Start one with `ray start --head`, and give the address that it prints."
                ) from error


def knock(address: str) -> None:
    """Connect to `host:port`; who answers must speak Ray's protocol, gRPC.

    Raises:
        OSError: If nobody does.
    """
    host, port = address.rsplit(":", 1)
    socket.create_connection((host, int(port)), timeout=PATIENCE).close()
    if os.environ.get("RAY_USE_TLS") == "1":
        return
    import grpc  # comes with Ray

    with grpc.insecure_channel(address) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=PATIENCE)
        except grpc.FutureTimeoutError as error:
            raise TimeoutError("what listens at the port is not Ray") from error


def installed(plugin: str) -> bool:
    try:
        return importlib.util.find_spec(f"hydra_plugins.{plugin}") is not None
    except ModuleNotFoundError:
        return False


def launcher_of(tree: DictConfig) -> str:
    """The launcher that a composition has chosen."""
    return str(OmegaConf.select(tree, "hydra.runtime.choices")[GROUP])


def sweeper_of(tree: DictConfig) -> str:
    """The sweeper that a composition has chosen."""
    return str(OmegaConf.select(tree, "hydra.runtime.choices")[SWEEPER])


def grid(sweeper: str) -> list[str]:
    """What is added to a sweep's command so that kreg's own grid takes the place of Hydra's."""
    return [GRID] if sweeper == PLAIN else []


def environment(launcher: str, backend: str) -> list[str]:
    """What is added to a sweep's command so that each of its processes trains on its backend.

    A node of a cluster has an environment and a `keras.json` of its own.

    Args:
        launcher: The option of `hydra/launcher`.
        backend: Of Keras, that of the checked jobs.

    >>> environment("ray", "jax")
    ['++hydra.job.env_set.KERAS_BACKEND=jax']
    """
    if launcher in HERE or backend == backends.TENSORFLOW:
        return []
    return [f"++hydra.job.env_set.{backends.VARIABLE}={backend}"]


def register() -> None:
    """Make kreg's own launchers and its search known to Hydra, without a plugin package."""
    # Hydra 1.3 takes plugins only under this prefix, and finds packages there only in wheels
    known = Plugins.instance().class_name_to_class
    for name, (module, plugin) in OWN.items():
        if plugin is None or installed(plugin):
            known[f"{PLUGINS}.{name}"] = getattr(importlib.import_module(module), name)
