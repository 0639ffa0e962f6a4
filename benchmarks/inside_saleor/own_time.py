"""The processor time that a request spends in the plugin's own methods.

Far less noisy than the difference of two whole requests, and a little less than the truth:
what Saleor does to call a plugin one more time is not in it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any
from unittest import mock

from benchmarks.inside_saleor.hooks import hooks_of_the_plugin
from saleor_referral_plugin.plugin import ReferralPlugin


@dataclass
class OwnTime:
    seconds: float = 0.0
    calls: int = 0


@contextmanager
def own_time() -> Iterator[OwnTime]:
    """Inside the block, every plugin made and every hook called is timed."""
    spent = OwnTime()

    def timed(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def run(*args: Any, **kwargs: Any) -> Any:
            started = time.thread_time()
            try:
                return method(*args, **kwargs)
            finally:
                spent.seconds += time.thread_time() - started
                spent.calls += 1

        return run

    with ExitStack() as stack:
        for name in ("__init__", *hooks_of_the_plugin()):
            method = getattr(ReferralPlugin, name)
            stack.enter_context(mock.patch.object(ReferralPlugin, name, timed(method)))
        yield spent
