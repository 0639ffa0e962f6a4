"""The referral program itself: decide from the facts, then settle the difference.

Imports Django and neutral libraries only; never Saleor, GraphQL or the sandbox.
"""
