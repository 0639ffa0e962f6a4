"""The Saleor store: with plugin.py the only place that imports saleor."""
