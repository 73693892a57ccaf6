"""A Hydra app with kreg's sweep settings and no training: `python app.py CONF -m x=1,2,3`."""

import os
import signal
import sys
import time
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig

from kreg.files import write_json
from kreg.launch import launchers


def work(cfg):
    folder = Path(HydraConfig.get().runtime.output_dir)
    with open(folder / "started", "a", encoding="utf-8") as log:
        log.write("once\n")
    (folder / "backend").write_text(os.environ.get("KERAS_BACKEND", ""))
    if "ray" in sys.modules:
        import ray

        (folder / "node").write_text(ray.get_runtime_context().get_node_id())
    time.sleep(cfg.nap)
    if cfg.x == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    if cfg.x == 3 and not os.environ.get("HEALED"):
        raise RuntimeError("three is broken")
    result = {"status": "done", "verdict": "good fit", "objective": float(cfg.x**2), "metrics": {}}
    write_json(folder / "result.json", result)
    return result["objective"]


if __name__ == "__main__":
    main = hydra.main(version_base="1.3", config_path=sys.argv.pop(1), config_name="config")(work)
    launchers.register()
    main()
