"""What every process of the torture has in common: a fork of one that has imported this begins
at once. Nothing here may open a connection."""

import django

django.setup()

import celery.apps.worker  # noqa: E402
import celery.bin.worker  # noqa: E402
import celery.concurrency.prefork  # noqa: E402
import celery.worker.consumer  # noqa: E402, F401
import kombu.transport.redis  # noqa: E402, F401

import saleor_referral_plugin.engine.deliveries  # noqa: E402
import saleor_referral_plugin.engine.staff  # noqa: E402
import saleor_referral_plugin.sandbox.celery_app  # noqa: E402
import saleor_referral_plugin.sandbox.shop  # noqa: E402
import saleor_referral_plugin.sandbox.store  # noqa: E402
import saleor_referral_plugin.tasks  # noqa: E402, F401
