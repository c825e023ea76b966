"""The jars of Spark's Kafka connector, of kafka/pom.xml; about 10 MB to download, once on a machine."""
from pathlib import Path

import maven_jars


def libs() -> Path:
    pom = Path(__file__).resolve().parent / "kafka" / "pom.xml"
    return maven_jars.jars(pom, "spark-kafka", "spark.version", "Spark over Kafka")
