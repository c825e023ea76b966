"""Runs a command and measures its whole process tree: wall time, CPU, peak memory."""
import ctypes
import os
import resource
import subprocess
import threading
import time
from dataclasses import dataclass

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Measured:
    code: int
    wall_s: float
    cpu_s: float        # user + system, of every process of the tree
    rss_mb: int         # peak of the sum over the tree, sampled each 50 ms
    out: str


def measure(command, env=None, log=None) -> Measured:
    """`log` is a file that takes stderr."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)      # PR_SET_CHILD_SUBREAPER: orphans of the tree are waited for here
    before, began = cpu_of_children(), time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
                             env={**os.environ, **(env or {})})
    peak, done = [0], threading.Event()

    def sample():
        while not done.is_set():
            peak[0] = max(peak[0], tree_rss(child.pid))
            done.wait(0.05)

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    out = child.communicate()[0]
    wall = time.monotonic() - began
    done.set()
    sampler.join()
    return Measured(child.returncode, wall, cpu_of_children() - before, peak[0] >> 20, out)


def cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def stat_fields(pid):
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rsplit(")", 1)[1].split()


def cpu_of(pid) -> float:
    """CPU that a process has used so far."""
    fields = stat_fields(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS


def tree_rss(root) -> int:
    parents, rss = {}, {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = stat_fields(pid)
        except OSError:
            continue                              # ended in between
        parents[int(pid)], rss[int(pid)] = int(fields[1]), int(fields[21]) * PAGE
    total, todo = 0, [root]
    while todo:
        pid = todo.pop()
        total += rss.get(pid, 0)
        todo += [child for child, parent in parents.items() if parent == pid]
    return total
