"""A SLURM cluster of one machine, for as long as a `with` lasts: `with running() as cluster: ...`.

Real daemons (munged, slurmctld, slurmd) in a folder of their own on free ports of the loopback
interface. They need neither systemd nor control groups, and touch nothing of the machine's own.
"""

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
PATIENCE = 60.0  # seconds until the node must be idle
CONFIG = """\
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
# a job is queued again only when its credential has expired: after two minutes by default
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
# no control groups
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
# more processors than the machine may have
SlurmdParameters=config_overrides
MpiDefault=none
MailProg=/bin/true
KillWait=5
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def reason_why_not() -> str | None:
    """Why no cluster can be built here, or `None`."""
    missing = [name for name in DAEMONS if program(name) is None]
    if missing:
        return f"needs SLURM ({', '.join(missing)}): apt-get install slurm-wlm munge"
    return None if os.geteuid() == 0 else "slurmd starts jobs as root only"


def program(name: str) -> str | None:
    """Debian keeps daemons where a user's PATH does not look."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


@contextlib.contextmanager
def running():
    """Start the daemons, wait for the node, yield a `Cluster`, end them all."""
    with tempfile.TemporaryDirectory(prefix="slurm_") as name, contextlib.ExitStack() as daemons:
        folder = Path(name)
        folder.chmod(0o755)  # munge insists that everybody may reach its socket
        configure(folder)
        cluster = Cluster(folder)
        try:
            for name, *arguments in commands(folder):
                daemons.enter_context(daemon(name, arguments, cluster))
            cluster.wait_until_idle()
            yield cluster
        finally:
            cluster.call("scancel", "--me", check=False)


def configure(folder: Path) -> None:
    """Write the key and the configuration."""
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(128))
    for place in ("state", "spool"):
        (folder / place).mkdir()
    host = socket.gethostname().split(".")[0]
    text = CONFIG.format(folder=folder, host=host, user=getpass.getuser(), ports=free_ports(2))
    (folder / "slurm.conf").write_text(text)


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def commands(folder: Path) -> list[tuple]:
    """The daemons in the order of their start, in the foreground."""
    files = {
        "key-file": "munge.key",
        "socket": "munge.socket",
        "pid-file": "munged.pid",
        "log-file": "munged.log",
        "seed-file": "munge.seed",
    }
    own = [f"--{option}={folder / name}" for option, name in files.items()]
    return [("munged", "--foreground", *own), ("slurmctld", "-D"), ("slurmd", "-D")]


@contextlib.contextmanager
def daemon(name: str, arguments: list[str], cluster: "Cluster"):
    """One daemon, until the end."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([program(name), *arguments], env=cluster.environment, **quiet)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Cluster:
    """A running cluster: its `environment` is what SLURM's commands need to find it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}

    def call(self, *command: str, check: bool = True) -> str:
        """What a command of SLURM's prints."""
        done = subprocess.run(command, capture_output=True, text=True, env=self.environment)
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
        return done.stdout

    def jobs(self, form: str = "%i") -> list[str]:
        """A line a job that waits, runs, or is queued again."""
        return self.call("squeue", "--noheader", "--array", f"--format={form}").splitlines()

    def wait_until_idle(self) -> None:
        end = time.monotonic() + PATIENCE
        while self.call("sinfo", "--noheader", "--format=%T", check=False).strip() != "idle":
            if time.monotonic() > end:
                logs = [path.read_text()[-2000:] for path in sorted(self.folder.glob("*.log"))]
                raise RuntimeError("SLURM's node is not idle.\n" + "\n".join(logs))
            time.sleep(0.2)
