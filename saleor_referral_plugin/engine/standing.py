"""What of an order counts by the terms. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from .facts import OrderFacts, OrderLine
from .findings import FindingCode
from .money import total
from .readings import reads
from .terms import Terms


@reads("Terms.goods", gives=FindingCode.NO_SUCH_GOODS)
def counted(terms: Terms, facts: OrderFacts) -> OrderFacts:
    """The order as far as the program is about its goods; its lines are marked."""
    if not terms.goods:
        return facts
    lines = [line for line in facts.lines if line.counts]
    return replace(
        facts,
        goods=total((line.goods for line in lines), facts.currency),
        net_goods=total((line.net for line in lines), facts.currency),
        returned=_returned(lines),
        has_goods=bool(lines),
    )


def _returned(lines: Iterable[OrderLine]) -> Fraction:
    """The share of their value that came back."""
    value = {line.ref: Fraction(line.goods.amount) for line in lines}
    back = sum((value[line.ref] * line.returned for line in lines), Fraction(0))
    worth = sum(value.values(), Fraction(0))
    return back / worth if worth else Fraction(0)
