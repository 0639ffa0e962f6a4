"""Torture: a shop whose orders live random lives, while everything around the books breaks.

    make torture ARGS="--orders 100000 --seed 7"

Several processes sell, pay, send, refund, charge back and cancel. Their hooks are lost, come
twice, or late. They, the Celery workers and any statement either sends may be killed at any
moment or fail; Redis is emptied and restarted, PostgreSQL restarted, its connections cut or
used up, tables locked, the clock moved. At the end, after a few sweeps, the books must be
those that an oracle works out from the final facts alone.

What happens to an order and which faults are drawn follow from the seed; when each strikes
follows from the machine as well.
"""
