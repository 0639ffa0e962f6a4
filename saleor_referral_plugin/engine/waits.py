"""How long to wait before what failed is tried again."""

from datetime import timedelta


def wait(failures: int, *, first: timedelta, last: timedelta) -> timedelta:
    """After so many failures, at least one: twice as long each time, and never longer than
    `last`."""
    # No power is too great for a date.
    times: int = 2 ** min(failures - 1, 20)
    return min(first * times, last)
