"""The jars of Apache Kafka, of pom.xml; about 54 MB to download, once on a machine."""
from pathlib import Path

import maven_jars


def cache_dir() -> Path:
    return maven_jars.cache_dir("kafka")


def libs() -> Path:
    return maven_jars.jars(Path(__file__).resolve().parent / "pom.xml", "kafka", "kafka.version", "the Kafka broker of the tests")
