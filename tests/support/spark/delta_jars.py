"""The jars of delta-spark, resolved once by Maven from pom.xml into a cache that all test runs share.

The cache is ${XDG_CACHE_HOME:-~/.cache}/weir/delta-spark/<version>/libs. It is filled aside and renamed in, under a lock,
as the Kafka jars are (../kafka/broker_jars.py). Spark's own jars come with pyspark.
"""
import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path

POM = Path(__file__).resolve().parent / "pom.xml"


def cache_dir() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weir" / "delta-spark"


def delta_version() -> str:
    return re.search(r"<delta.version>(.*?)</delta.version>", POM.read_text()).group(1)


def libs() -> Path:
    """The folder of jars; the first call on a machine downloads about 14 MB, in some ten seconds."""
    home = cache_dir() / delta_version()
    done = home / "libs"
    if done.is_dir():
        return done
    home.mkdir(parents=True, exist_ok=True)
    with open(home / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.is_dir():
            aside = home / "libs.part"
            shutil.rmtree(aside, ignore_errors=True)
            resolve(aside)
            aside.rename(done)
    return done


def resolve(folder: Path):
    if not shutil.which("mvn"):
        raise RuntimeError("Delta tables are read back by Spark, whose jars Maven brings (apt-get install maven "
                           "default-jre-headless)")
    command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies",
               f"-DoutputDirectory={folder}", "-DincludeScope=runtime"]
    for attempt in (1, 2, 3):          # a registry may time out; Maven keeps what it has already brought
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if run.returncode == 0:
            return
    raise RuntimeError(f"Maven could not resolve the jars of {POM}:\n{run.stdout[-3000:]}")
