"""A beat for months that pass within minutes: remembered nowhere."""

from celery.beat import Scheduler
from celery.schedules import schedule

#: In seconds, of each task. All that is in the books is compared with the shop in one of them.
OFTEN, SELDOM = 1.0, 10.0
TAKES_LONG = "referral-note-spending"


class OftenEnough(Scheduler):
    def setup_schedule(self) -> None:
        super().setup_schedule()
        for name, entry in self.schedule.items():
            seconds = SELDOM if name == TAKES_LONG else OFTEN
            entry.schedule = schedule(seconds, app=self.app)
