"""Ray's launcher, with a sentence where it cannot reach its cluster."""

import sys
from collections.abc import Sequence

from hydra.core.utils import JobReturn

try:
    from hydra_plugins.hydra_ray_launcher.ray_launcher import RayLauncher
except ModuleNotFoundError:  # an extra; nothing registers the class below without it
    from hydra.plugins.launcher import Launcher as RayLauncher

BAD_CONFIGURATION = 2


class Ray(RayLauncher):
    """Hydra's plugin; only its failure to connect is told in kreg's way."""

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        try:
            results: Sequence[JobReturn] = super().launch(job_overrides, initial_job_idx)
        except ConnectionError as error:
            print(
                f"kreg: there is no connection to a Ray cluster ({error}). Start one with "
                "`ray start --head` and give its address, or leave "
                "hydra.launcher.ray.init.address away to use this machine.",
                file=sys.stderr,
            )
            raise SystemExit(BAD_CONFIGURATION) from error
        return results
