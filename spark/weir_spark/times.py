"""RFC 3339 times and dates, read as Weir reads them: microseconds since 1970 UTC, years 0 to 9999."""

from __future__ import annotations

import re

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(_DATE.pattern + r"[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))")
_DAY = 86_400
_LOWEST = -719_528 * _DAY * 1_000_000
_HIGHEST = 2_932_897 * _DAY * 1_000_000 - 1
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Impossible(ValueError):
    """Written as a time is, but there is no such one."""


class Malformed(ValueError):
    """Not written as a time is."""


def date_days(text: str) -> int:
    match = _DATE.fullmatch(text)
    if not match:
        raise Malformed
    return _days(match)


def rfc3339_micros(text: str) -> int:
    match = _TIME.fullmatch(text)
    if not match:
        raise Malformed
    days = _days(match)
    hours, minutes, seconds = int(match[4]), int(match[5]), int(match[6])
    east = 0
    if match[8]:
        zone_hours, zone_minutes = int(match[9]), int(match[10])
        if zone_hours > 23 or zone_minutes > 59:
            raise Impossible
        east = (zone_hours * 3600 + zone_minutes * 60) * (-1 if match[8] == "-" else 1)
    if hours > 23 or minutes > 59 or seconds > 60:
        raise Impossible
    of_day = hours * 3600 + minutes * 60 + seconds - east
    fraction = int((match[7] or "")[:6].ljust(6, "0"))
    if seconds == 60:  # a leap second ends a day in UTC
        if of_day % _DAY:
            raise Impossible
        fraction = 0
    return in_range((days * _DAY + of_day) * 1_000_000 + fraction)


def in_range(micros: int) -> int:
    if not _LOWEST <= micros <= _HIGHEST:
        raise Impossible
    return micros


def _days(match: re.Match[str]) -> int:
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= month <= 12 or not 1 <= day <= (29 if leap and month == 2 else _DAYS[month - 1]):
        raise Impossible
    # Howard Hinnant's days from civil: years begin in March, so that the leap day is last.
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
