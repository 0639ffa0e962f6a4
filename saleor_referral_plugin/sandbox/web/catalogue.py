"""What the shop sells."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Product:
    """`slug` names its picture too. One gross price per currency."""

    slug: str
    name: str
    about: str
    prices: Mapping[str, Decimal]


def _product(slug: str, name: str, about: str, usd: str, eur: str) -> Product:
    return Product(slug, name, about, {"USD": Decimal(usd), "EUR": Decimal(eur)})


PRODUCTS = {
    product.slug: product
    for product in (
        _product("blanket", "Harbour blanket", "Lambswool, woven in one piece", "120.00", "109.00"),
        _product("kettle", "Gooseneck kettle", "Steel, 0.9 litres, slow pour", "64.00", "59.00"),
        _product("lamp", "Reading lamp", "Brass arm, linen shade", "89.00", "82.00"),
        _product("mug", "Camp mug", "Enamel, chips with dignity", "18.00", "16.50"),
        _product("board", "Oak board", "For bread, cheese and guests", "46.00", "42.00"),
        _product("candle", "Beeswax candles", "A pair, eleven hours each", "24.00", "22.00"),
    )
}
