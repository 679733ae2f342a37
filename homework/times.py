"""Times as instructors write and read them: with a zone, or by this machine's clock."""

import re
from datetime import UTC, datetime, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from course_utils.errors import CourseError


def due_time(text):
    """Read a due time; only the one form is taken that cannot be read in two ways.

    Parameters
    ----------
    text : str
        Such as ``2026-12-01T23:59:00+01:00``; a day alone means its end, 23:59 by this machine's clock.

    Returns
    -------
    datetime.datetime
        In UTC.

    Raises
    ------
    CourseError
        Where it is no time in ISO form, or has no time zone.
    """
    try:
        when = datetime.fromisoformat(text)
        here = when.astimezone()
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip()):
            when = when.replace(hour=23, minute=59).astimezone()
    except (ValueError, OverflowError):
        raise CourseError(f"{text!r} is no time in ISO form; give one such as 2026-12-01T23:59:00+01:00.") from None
    if when.tzinfo is None:
        raise CourseError(f"{text!r} has no time zone; if it is this machine's, give {here.isoformat()}.")
    return when.astimezone(UTC)


def zone_of(text):
    """Read a time zone.

    Parameters
    ----------
    text : str
        A name such as Europe/Berlin, or a difference from UTC such as +01:00.

    Returns
    -------
    datetime.tzinfo

    Raises
    ------
    CourseError
        Where it is neither.
    """
    try:
        offset = datetime.strptime(text, "%z").utcoffset()
        return timezone(offset)
    except ValueError:
        pass
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CourseError(
            f"{text!r} is no time zone that is known here; give one such as Europe/Berlin or +01:00."
        ) from None


def both_times(when):
    """Write a time by this machine's clock, and in UTC where that is another."""
    here = when.astimezone()
    utc = "" if here.utcoffset().total_seconds() == 0 else f" ({when:%Y-%m-%d %H:%M} UTC)"
    return f"{here:%Y-%m-%d %H:%M %Z}{utc}"
