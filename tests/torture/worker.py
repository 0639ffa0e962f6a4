"""The sandbox's Celery, in processes that die and fail."""

from pathlib import Path
from typing import Any


def work(folder: Path) -> None:
    """Until somebody ends it."""
    from celery.signals import worker_process_init

    from saleor_referral_plugin.sandbox.celery_app import app
    from tests.torture import faults, world

    world.have_patience()

    @worker_process_init.connect(weak=False)
    def _expect_faults(**_: Any) -> None:
        faults.expect_them()

    app.worker_main(
        [
            *("worker", "--beat", "--scheduler=tests.torture.beat:OftenEnough"),
            *("--concurrency=2", "--loglevel=ERROR", "--without-gossip", "--without-mingle"),
            *("--without-heartbeat", f"--schedule={folder / 'beat'}"),
        ]
    )
