"""What of an order counts by the terms. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from prices import Money

from .facts import OrderFacts, OrderLine
from .findings import FindingCode
from .money import total
from .readings import reads
from .terms import Clawback, Terms


@reads("Terms.goods", gives=FindingCode.NO_SUCH_GOODS)
def counted(terms: Terms, facts: OrderFacts) -> OrderFacts:
    """The order as far as the program is about its goods, and what of them stands. Its lines
    are marked."""
    lines = [line for line in facts.lines if line.counts or not terms.goods]
    stands = _stands(terms, facts, lines)
    if not terms.goods:
        return facts if stands is None else replace(facts, stands=stands)
    return replace(
        facts,
        stands=stands,
        goods=total((line.goods for line in lines), facts.currency),
        net_goods=total((line.net for line in lines), facts.currency),
        returned=_share((line.goods, line.returned) for line in lines),
        has_goods=bool(lines),
    )


@reads("Terms.clawback", gives=FindingCode.MONEY_BACK)
def _stands(terms: Terms, facts: OrderFacts, lines: Sequence[OrderLine]) -> Fraction | None:
    """The share of some lines that stands by lines: less what came back of them, and less
    their part of the money that went back for no line at all."""
    if terms.clawback is not Clawback.BY_LINES or not facts.lines:
        return None
    back = _share((line.net, max(line.returned, line.back)) for line in lines)
    explained = sum(
        (Fraction(line.gross.amount) * max(line.returned, line.back) for line in facts.lines),
        Fraction(facts.shipping_back.amount) if facts.shipping_back else Fraction(0),
    )
    more = Fraction((facts.refunded + facts.charged_back).amount) - explained
    if more <= 0:
        return 1 - back
    rest = Fraction(facts.total.amount) - explained
    return (1 - back) * (1 - more / rest) if more < rest else Fraction(0)


def _share(parts: Iterable[tuple[Money, Fraction]]) -> Fraction:
    """Of several values the share that their shares make; of what is worth nothing every part
    weighs the same."""
    found = [(Fraction(value.amount), share) for value, share in parts]
    if not any(value for value, _ in found):
        found = [(Fraction(1), share) for _, share in found]
    worth = sum((value for value, _ in found), Fraction(0))
    return sum((value * share for value, share in found), Fraction(0)) / worth if worth else worth
