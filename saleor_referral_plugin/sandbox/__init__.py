"""A small shop of our own: the second store, to try, test and simulate without Saleor.

It sells, takes payments, refunds and issues gift cards by rules of its own, kept few and
honest. It is no imitation of Saleor: what only Saleor can prove is proved in Saleor.
"""
