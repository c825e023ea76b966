"""Starts weir again and again and kills it: at named crash points, at random moments, and in a phase aimed at.

A test build writes the phase it is in to the file named by WEIR_PHASE_FILE; what stands there after the kill is where
the kill fell. A named point kills the process from inside (WEIR_CRASH=point:hit).
"""
import os
import random
import signal
import time
from collections import Counter, defaultdict
from dataclasses import dataclass

# Our names of phases for those that the worker notes. "start" is before the worker notes anything.
PHASES = {"": "start", "recover": "recovery", "wait": "wait", "fetch": "read", "plan": "plan", "decode": "run",
          "run": "run", "write": "write", "commit": "commit", "report": "report"}


@dataclass
class Kill:
    how: str          # named | random | aimed
    phase: str
    point: str = ""
    after_s: float = 0.0
    replaying: bool = False                   # while the open batch of the start before was run again
    rows_committed: int = 0                   # by this start


class Killer:
    def __init__(self, weir, file, seed, env=None, deadline_s=30.0):
        self.weir, self.file, self.env, self.deadline_s = weir, file, env or {}, deadline_s
        self.rng = random.Random(seed)
        self.phase_file = weir.folder / "phase"
        self.kills: list[Kill] = []

    def at_point(self, point, hit=1):
        """Lets weir kill itself there; returns False where it never came by within the deadline."""
        process = self._start(WEIR_CRASH=f"{point}:{hit}")
        end = time.monotonic() + self.deadline_s
        while process.running() and time.monotonic() < end:
            time.sleep(0.005)
        if process.running():
            process.kill()
            return False
        self._died_by_kill(process)
        self._record("named", process, point)
        return True

    def at_random(self, longest_s):
        process = self._start()
        time.sleep(self.rng.uniform(0.0, longest_s))
        self._kill(process, "random")

    def in_phase(self, wanted):
        """Kills as soon as weir is seen in that phase, or a moment later; the kill counts for wherever it fell."""
        process = self._start()
        end = time.monotonic() + self.deadline_s
        pause = self.rng.choice([0.0, 0.0, self.rng.uniform(0.0, 0.002)])
        skip = 0 if wanted == "recovery" else self.rng.randrange(4)      # not always the first batch
        fd = os.open(self.phase_file, os.O_RDONLY)
        try:
            before = ""
            while process.running() and time.monotonic() < end:
                phase = self._phase(fd)
                if phase == wanted and before != wanted:
                    skip -= 1
                    if skip < 0:
                        break
                before = phase
        finally:
            os.close(fd)
        time.sleep(pause)
        self._kill(process, "aimed")

    def by_phase(self):
        table = defaultdict(Counter)
        for kill in self.kills:
            table[kill.phase][kill.how] += 1
            table[kill.phase]["replaying"] += kill.replaying
        return table

    def outside_kills(self, phase) -> int:
        """Kills from outside, at a moment that weir did not choose."""
        return sum(kill.phase == phase and kill.how != "named" for kill in self.kills)

    # -- how it is done ---------------------------------------------------------------------------------------------

    def _start(self, **env):
        self.phase_file.write_bytes(b"")
        self.started = time.monotonic()
        return self.weir.start("run", self.file, "--json", env={"WEIR_PHASE_FILE": str(self.phase_file), **self.env, **env})

    def _kill(self, process, how):
        os.kill(process.pid, signal.SIGKILL)
        process.process.wait()
        self._died_by_kill(process)
        self._record(how, process)

    @staticmethod
    def _died_by_kill(process):
        code = process.process.wait()
        assert code == -signal.SIGKILL, f"weir ended by itself with {code}\n{process.out[-2000:]}\n{process.err[-3000:]}"

    def _record(self, how, process, point=""):
        fd = os.open(self.phase_file, os.O_RDONLY)
        committed = [int(line["rows_in"]) for line in process.log("batch committed")]
        replaying = bool(process.log("running the open batch again from its plan")) and not committed
        self.kills.append(Kill(how, self._phase(fd), point, time.monotonic() - self.started, replaying, sum(committed)))
        os.close(fd)

    @staticmethod
    def _phase(fd) -> str:
        noted = os.pread(fd, 64, 0).decode().strip()
        assert noted in PHASES, f"weir noted an unknown phase {noted!r}"
        return PHASES[noted]
