"""What went wrong, as it is kept for staff."""

import re

_ADDRESS = re.compile(r"[^\s<>\"'()]+@[^\s<>\"'()]+")


def said(error: Exception) -> str:
    """Without the values that PostgreSQL names, among them the code of a gift card, and without
    anybody's address."""
    first, _, _ = str(error).partition("\n")
    return f"{type(error).__name__}: {_ADDRESS.sub('***', first)}"
