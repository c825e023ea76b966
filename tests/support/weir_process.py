"""Runs the real `weir` binary: to its end, or in the background until the test stops or kills it."""
import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


def weir_binary() -> Path:
    """$WEIR_BIN, or the debug build."""
    return Path(os.environ.get("WEIR_BIN") or ROOT / "build" / "debug" / "weir").resolve()


def log_lines(text, message=None) -> list[dict]:
    """The lines of a run with --json: all, or those of one message. A kill may have cut the last one."""
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{") and line.endswith("}")]
    return [line for line in lines if message is None or line["message"] == message]


@dataclass
class Ended:
    code: int
    out: str
    err: str

    def expect(self, code=0) -> "Ended":
        assert self.code == code, f"exit code {self.code} instead of {code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"
        return self

    def log(self, message=None) -> list[dict]:
        return log_lines(self.err, message)

    def summary(self) -> dict[str, int]:
        """What the last line of a run that ended well counts: batches, rows_in, rows_out, dead_letters, dropped."""
        (done,) = self.log("done")
        return {name: int(value) for name, value in done.items() if isinstance(value, str) and value.isdigit()}


class WeirProcess:
    """A running weir. Its output goes to files, so it never waits for us to read."""

    def __init__(self, arguments, folder: Path, env=None, wrapper=()):
        folder.mkdir(parents=True, exist_ok=True)
        number = len(list(folder.glob("weir-*.out")))
        self.out_path, self.err_path = folder / f"weir-{number}.out", folder / f"weir-{number}.err"
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen([*wrapper, str(weir_binary()), *map(str, arguments)], cwd=folder,
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                            env={**os.environ, **(env or {})})

    @property
    def out(self) -> str:
        return self.out_path.read_text(errors="replace")

    @property
    def err(self) -> str:
        return self.err_path.read_text(errors="replace")

    def log(self, message=None) -> list[dict]:
        return log_lines(self.err, message)

    @property
    def pid(self) -> int:
        return self.process.pid

    def running(self) -> bool:
        return self.process.poll() is None

    def wait(self, deadline_s=60) -> Ended:
        try:
            self.process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"weir did not end within {deadline_s} s\n--- stdout\n{self.out[-3000:]}\n"
                                 f"--- stderr\n{self.err[-3000:]}") from None
        return Ended(self.process.returncode, self.out, self.err)

    def terminate(self, deadline_s=30) -> Ended:
        """SIGTERM, the graceful stop."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait(deadline_s)

    def kill(self) -> Ended:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()
        return Ended(self.process.returncode, self.out, self.err)

    def wait_output(self, text, deadline_s=30):
        wait_until(lambda: text in self.out or text in self.err or not self.running(), deadline_s, f"weir prints {text!r}")
        assert text in self.out or text in self.err, f"weir ended without {text!r}\n{self.out}\n{self.err}"


class Weir:
    """Starts weir in one folder; `stop_all` ends whatever is left."""

    def __init__(self, folder: Path):
        self.folder, self.started = folder, []

    def start(self, *arguments, env=None, wrapper=()) -> WeirProcess:
        process = WeirProcess(arguments, self.folder, env, wrapper)
        self.started.append(process)
        return process

    def __call__(self, *arguments, env=None, deadline_s=60) -> Ended:
        """Runs any verb to its end: `weir("check", file)`."""
        return self.start(*arguments, env=env).wait(deadline_s)

    def run_once(self, file, env=None, deadline_s=60) -> Ended:
        return self("run", file, "--once", "--json", env=env, deadline_s=deadline_s).expect(0)

    def stop_all(self):
        for process in self.started:
            if process.running():
                process.kill()
