"""Runs a Weir pipeline file on Apache Spark Structured Streaming. Start reading at run.py; what differs is in refusals.py."""
