"""The tasks of a step of SLURM's as the workers of a training: `srun -n 2 python train.py ...`.

TensorFlow's `SlurmClusterResolver` is not used: it starts TensorFlow, sorts hosts by their letters
(so that n10 comes before n9, and tasks get the addresses of others), divides by the number of GPUs,
and gives all jobs of a node the same ports.
"""

import re
from collections.abc import Mapping

TASKS, NODES, EACH = "SLURM_STEP_NUM_TASKS", "SLURM_STEP_NODELIST", "SLURM_STEP_TASKS_PER_NODE"
JOB, STEP, TASK = "SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_PROCID"
PLACE = ("SLURM_NODEID", "SLURM_LOCALID")  # the number of the node, and of the task on it
ORDER = "SLURM_DISTRIBUTION"
RESERVED = "SLURM_STEP_RESV_PORTS"  # `srun --resv-ports`, where the cluster has set ports aside
FIRST_PORT, OF_A_JOB, JOBS = 10_000, 16, 1250  # ports from 10000 to 29999: no others are handed out


def is_step(environment: Mapping[str, str]) -> bool:
    """Whether this process is one of several tasks that `srun` has started."""
    tasks = environment.get(TASKS, "")
    return tasks.isdigit() and int(tasks) > 1


def workers(environment: Mapping[str, str]) -> tuple[tuple[str, ...], int]:
    """The addresses of all tasks in their order, and the number of this one.

    The port of a task is `10000 + 16 ((SLURM_JOB_ID + SLURM_STEP_ID) mod 1250)` plus its number
    on its node, or the one that SLURM has set aside for it.

    Args:
        environment: Of a process for which `is_step` is true.

    Raises:
        ValueError: With one sentence, if the tasks are not dealt node by node or SLURM's variables
            do not fit each other.
    """
    missing = [name for name in (NODES, EACH, JOB, TASK) if name not in environment]
    if missing:
        raise refused(f"srun has not set {missing[0]}")
    refuse_other_order(environment)
    hosts, each = expanded(environment[NODES]), counts(environment[EACH])
    places = [(node, local) for node, count in enumerate(each) for local in range(count)]
    own = int(environment[TASK])
    if len(hosts) != len(each) or len(places) != int(environment[TASKS]) or own >= len(places):
        told = ", ".join(f"{name}={environment[name]}" for name in (NODES, EACH, TASKS, TASK))
        raise refused(f"SLURM's variables do not fit each other ({told})")
    known = tuple(int(environment.get(name, n)) for name, n in zip(PLACE, places[own], strict=True))
    if known != places[own]:
        raise refused_order(f"task {own} is not where it would be")
    free = ports(environment, max(each))
    return tuple(f"{hosts[node]}:{free[local]}" for node, local in places), own


def ports(environment: Mapping[str, str], count: int) -> list[int]:
    """So many ports, of one node's tasks."""
    reserved = expanded(f"[{environment[RESERVED]}]") if environment.get(RESERVED) else []
    if len(reserved) >= count:
        return [int(port) for port in reserved]
    number = int(environment[JOB]) + int(environment.get(STEP, "0"))
    first = FIRST_PORT + OF_A_JOB * (number % JOBS)
    return list(range(first, first + count))


def expanded(names: str) -> list[str]:
    """The hosts of SLURM's short form.

    >>> expanded("n[9-11,20],gpu,m[01-02]-ib")
    ['n9', 'n10', 'n11', 'n20', 'gpu', 'm01-ib', 'm02-ib']
    """
    found = []
    for part in re.findall(r"(?:[^,\[]|\[[^\]]*\])+", names):
        found += expanded_part(part)
    return found


def expanded_part(part: str) -> list[str]:
    """Of one name, with any number of brackets: `rack[1-2]n[1-2]`."""
    before, opened, rest = part.partition("[")
    if not opened:
        return [part]
    inside, _, after = rest.partition("]")
    ends = expanded_part(after)
    return [f"{before}{number}{end}" for number in numbers(inside) for end in ends]


def numbers(inside: str) -> list[str]:
    """`"9-11,20"` as its numbers, with the zeros that they are written with."""
    found = []
    for part in inside.split(","):
        low, _, high = part.partition("-")
        found += [str(n).zfill(len(low)) for n in range(int(low), int(high or low) + 1)]
    return found


def counts(each: str) -> list[int]:
    """The tasks of each node.

    >>> counts("2(x3),1")
    [2, 2, 2, 1]
    """
    pairs = re.findall(r"(\d+)(?:\(x(\d+)\))?", each)
    return [int(count) for count, times in pairs for _ in range(int(times or 1))]


def refuse_other_order(environment: Mapping[str, str]) -> None:
    """Refuse tasks that are dealt in turns: their addresses do not follow from what SLURM says."""
    asked = environment.get(ORDER, "")
    if asked.split(":")[0].split(",")[0] not in ("", "*", "block", "pack", "nopack"):
        raise refused_order(f"{ORDER}={asked}")


def refused_order(why: str) -> ValueError:
    """The error of tasks that are not dealt node by node."""
    return refused(f"the tasks are not dealt node by node ({why}): say srun --distribution=block")


def refused(why: str) -> ValueError:
    """The error of a step that cannot be a cluster."""
    return ValueError(
        f"distribute=multiworker under srun: {why}. The variable TF_CONFIG, set for each task, "
        "goes before what SLURM says."
    )
