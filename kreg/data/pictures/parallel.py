"""A function over many files: on all processors, in order, with a bar on a terminal."""

import collections
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

AHEAD = 4  # files a processor that are begun before the first is asked for

Item = TypeVar("Item")
Result = TypeVar("Result")


def processors() -> int:
    """How many this process may use."""
    known = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1


def over(function: Callable[[Item], Result], items: Sequence[Item], told: str) -> Iterator[Result]:
    """`function(item)` for each item, in their order; few results are held at a time.

    Args:
        function: Called in threads.
        items: Its arguments.
        told: What the bar says is being done.
    """
    if not items:
        return
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    bar = Progress(console=console, transient=True, disable=not console.is_terminal)
    with warnings.catch_warnings(), bar, ThreadPoolExecutor(processors()) as pool:
        warnings.simplefilter("ignore")  # Pillow's, of files whose facts are found out here
        yield from bar.track(_in_order(pool, function, items), len(items), description=told)


def _in_order(
    pool: ThreadPoolExecutor, function: Callable[[Item], Result], items: Sequence[Item]
) -> Iterator[Result]:
    begun: collections.deque[Future[Result]] = collections.deque()
    try:
        for item in items:
            begun.append(pool.submit(function, item))
            if len(begun) > AHEAD * processors():
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        for future in begun:
            future.cancel()
