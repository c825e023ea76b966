"""Jars that a pom.xml names, resolved once by Maven into a cache that all test runs share.

The cache is ${XDG_CACHE_HOME:-~/.cache}/weir/<name>/<version>/libs. It is filled aside and renamed in, under a lock, so two
runs that start together, or one that is interrupted, leave it whole.
"""
import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path


def cache_dir(name: str) -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weir" / name


def jars(pom: Path, name: str, version_property: str, needed_by: str) -> Path:
    """The folder of jars; `version_property` of the pom names its version in the cache."""
    version = re.search(f"<{version_property}>(.*?)</{version_property}>", pom.read_text()).group(1)
    home = cache_dir(name) / version
    done = home / "libs"
    if done.is_dir():
        return done
    home.mkdir(parents=True, exist_ok=True)
    with open(home / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.is_dir():
            aside = home / "libs.part"
            shutil.rmtree(aside, ignore_errors=True)
            _resolve(pom, aside, needed_by)
            aside.rename(done)
    return done


def _resolve(pom: Path, folder: Path, needed_by: str):
    if not shutil.which("mvn"):
        raise RuntimeError(f"{needed_by} needs Maven (apt-get install maven default-jre-headless)")
    command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies",
               f"-DoutputDirectory={folder}", "-DincludeScope=runtime"]
    for attempt in (1, 2, 3):          # a registry may time out; Maven keeps what it has already brought
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if run.returncode == 0:
            return
    raise RuntimeError(f"Maven could not resolve the jars of {pom}:\n{run.stdout[-3000:]}")
