"""A beat for tests: whatever the schedule says, every second, and remembered nowhere."""

from celery.beat import Scheduler
from celery.schedules import schedule


class EverySecond(Scheduler):
    def setup_schedule(self) -> None:
        super().setup_schedule()
        for entry in self.schedule.values():
            entry.schedule = schedule(1.0, app=self.app)
