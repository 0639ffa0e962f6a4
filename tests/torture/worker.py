"""The sandbox's Celery, in processes that die and fail.

`celery --app=tests.torture.worker worker`
"""

from typing import Any

from celery.signals import worker_process_init

from saleor_referral_plugin.sandbox.celery_app import app
from tests.torture import faults

__all__ = ["app"]


@worker_process_init.connect
def _expect_faults(**_: Any) -> None:
    faults.expect_them()
