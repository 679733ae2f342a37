"""Times as instructors write and read them: with a zone, in the class's own, or by this machine's clock."""

import re
from datetime import UTC, datetime, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from course_utils.errors import CourseError, file_errors_told

# In the course folder, where `release --zone` was given: what is written and read there is in this zone.
ZONE = "zone.txt"


def due_time(text, zone=None):
    """Read a due time; only the one form is taken that cannot be read in two ways.

    Parameters
    ----------
    text : str
        Such as ``2026-12-01T23:59:00+01:00``; a day alone means its end, 23:59.
    zone : datetime.tzinfo, optional
        Of a time that says none; for a day alone by default this machine's.

    Returns
    -------
    datetime.datetime
        In UTC.

    Raises
    ------
    CourseError
        Where it is no time in ISO form, or nothing says its time zone.
    """
    try:
        when = datetime.fromisoformat(text)
        if zone is not None and when.tzinfo is None:
            when = when.replace(tzinfo=zone)
        here = when.astimezone()
        if is_day(text):
            when = when.replace(hour=23, minute=59).astimezone(when.tzinfo)
    except (ValueError, OverflowError):
        raise CourseError(f"{text!r} is no time in ISO form; give one such as 2026-12-01T23:59:00+01:00.") from None
    if when.tzinfo is None:
        raise CourseError(f"{text!r} has no time zone; if it is this machine's, give {here.isoformat()}.")
    return when.astimezone(UTC)


def is_day(text):
    """Whether a time is a day alone, as 2026-12-01."""
    return re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip()) is not None


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


def class_zone(course):
    """Read the time zone of a class.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.

    Returns
    -------
    datetime.tzinfo or None
        None where `release` was given none: this machine's.

    Raises
    ------
    CourseError
        Where the file cannot be read, or holds no time zone.
    """
    path = course / ZONE
    with file_errors_told(path):
        return zone_of(path.read_text(encoding="utf-8").strip()) if path.exists() else None


def local_time(when, zone=None):
    """Write a time for a page, with its zone.

    Parameters
    ----------
    when : datetime.datetime
        In UTC, with or without its zone.
    zone : datetime.tzinfo, optional
        By default this machine's.

    Returns
    -------
    str
    """
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return f"{when.astimezone(zone):%a %d %b %Y, %H:%M %Z}"


def both_times(when, zone=None):
    """Write a time in a zone, by default this machine's, and in UTC where that is another."""
    here = when.astimezone(zone)
    utc = "" if here.utcoffset().total_seconds() == 0 else f" ({when:%Y-%m-%d %H:%M} UTC)"
    return f"{here:%Y-%m-%d %H:%M %Z}{utc}"
