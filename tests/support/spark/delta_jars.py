"""The jars of delta-spark, of pom.xml; about 14 MB to download, once on a machine. Spark's own jars come with pyspark."""
from pathlib import Path

import maven_jars


def libs() -> Path:
    return maven_jars.jars(Path(__file__).resolve().parent / "pom.xml", "delta-spark", "delta.version", "reading tables by Spark")
