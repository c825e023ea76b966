"""Durations and sizes as Weir writes them: a number with its unit."""

from __future__ import annotations

import re

_DURATION_US = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
_SIZE = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE |= {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def duration_us(text: str) -> int | None:
    """Microseconds of "250ms" or "1h30m"; None where it is no duration."""
    if not re.fullmatch(r"(\d+(us|ms|s|m|h|d))+", text):
        return None
    return sum(int(number) * _DURATION_US[unit] for number, unit in re.findall(r"(\d+)(us|ms|s|m|h|d)", text))


def size_bytes(text: str) -> int | None:
    match = re.fullmatch(r"(\d+) ?([KMGT]i?B|B)", text)
    return int(match[1]) * _SIZE[match[2]] if match else None


def spark_interval(microseconds: int) -> str:
    """As Spark's interval text takes it."""
    return f"{microseconds} microseconds"
