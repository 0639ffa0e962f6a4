"""The shop's time: the world's, moved ahead as far as somebody asked for."""

from datetime import datetime, timedelta

from django.db.models import F, Subquery
from django.utils import timezone

from ..engine.rows import Param, Prepared
from .models import Clock

_ROW = 1
_CLOCK = Prepared(lambda: Clock.objects.filter(pk=Param("row")))
#: For a query that asks for something else besides: how far the time is ahead, NULL for not.
AHEAD = Subquery(Clock.objects.filter(pk=_ROW).values("offset"))


def now() -> datetime:
    """The shop's time, aware, in UTC."""
    clock = _CLOCK.first(row=_ROW)
    return moved_by(clock.offset if clock else None)


def moved_by(ahead: timedelta | None) -> datetime:
    """The same, by what AHEAD was found to be."""
    return timezone.now() + (ahead or timedelta())


def move(by: timedelta) -> datetime:
    """Move the clock ahead, for every process; the new time. Time never runs backwards."""
    if by < timedelta():
        raise ValueError("The clock moves forward only.")
    Clock.objects.bulk_create([Clock(pk=_ROW)], ignore_conflicts=True)
    Clock.objects.filter(pk=_ROW).update(offset=F("offset") + by)
    return now()
