"""weir-spark check | run | differences. Exit codes as Weir's: 0 done, 1 failed, 2 the file is wrong, 3 needs a person's yes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from weir_spark.pipeline import Pipeline
from weir_spark.problem import Problem, Problems
from weir_spark.read import read_pipeline, unaccepted
from weir_spark.refusals import REFUSED, WEAKER


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    if options.verb == "differences":
        return _differences()
    try:
        pipeline = read_pipeline(options.file)
        missing = unaccepted(pipeline, set(options.accept.split(",")))
        if not pipeline.checkpoint:
            raise Problem(pipeline.sources[next(iter(pipeline.sources))].place, "the pipeline has no checkpoint")
        return _spark(options, pipeline, missing)
    except Problem as problem:
        print(problem, file=sys.stderr)
    except Problems as problems:
        print(problems, file=sys.stderr)
    return 2


def _spark(options: argparse.Namespace, pipeline: Pipeline, missing: list[Problem]) -> int:
    from weir_spark.run import planned, run
    from weir_spark.session import start

    for problem in missing:
        print(problem, file=sys.stderr)
    if missing and options.verb == "run":
        return 3
    session = start(f"weir {pipeline.name}", _settings(options.conf, options.packages))
    try:
        if options.verb == "check":
            planned(session, pipeline)
            print(f"{pipeline.file}: runs on Spark" + (" once the above is accepted" if missing else ""))
            return 3 if missing else 0
        run(session, pipeline)
    except (Problem, Problems):
        raise
    except Exception as error:  # Spark's own, with the query in its text
        print(f"{pipeline.file}: {error}", file=sys.stderr)
        return 1
    finally:
        session.stop()
    return 0


def _settings(pairs: list[str], packages: bool) -> dict[str, str]:
    settings = dict(pair.split("=", 1) for pair in pairs)
    settings.setdefault("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    settings.setdefault("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
    if packages:
        settings.setdefault("spark.jars.packages", ",".join(_jars()))
    return settings


def _jars() -> list[str]:
    import pyspark

    # The connector of 4.1.1 goes with every pyspark 4.1; not each release of it is on Maven Central.
    kafka = "org.apache.spark:spark-sql-kafka-0-10_2.13:4.1.1"
    return [kafka, f"io.delta:delta-spark_{pyspark.__version__.rsplit('.', 1)[0]}_2.13:4.4.0"]


def _differences() -> int:
    print("Refused:")
    for refusal in REFUSED.values():
        print(f"  {refusal.what}: {refusal.reason}")
    print("\nRefused until accepted by name (--accept NAME,...):")
    for name, refusal in WEAKER.items():
        print(f"  {name}: {refusal.what}: {refusal.reason}")
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="weir-spark", description="Runs a Weir pipeline file on Apache Spark.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, text in (("run", "run the pipeline"), ("check", "say what Spark could not do, without running it")):
        one = verbs.add_parser(verb, help=text)
        one.add_argument("file", type=Path)
        one.add_argument("--accept", default="", metavar="NAME,...", help="weaker promises that will do")
        one.add_argument("--conf", action="append", default=[], metavar="KEY=VALUE", help="a setting of Spark")
        one.add_argument("--packages", action="store_true", help="let Spark bring the Kafka and Delta jars by itself")
    verbs.add_parser("differences", help="everything that Spark does not do as Weir does")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
