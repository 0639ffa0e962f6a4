"""A referral program for Saleor shops."""

__version__ = "0.1.0"
