"""What the plugin costs a real Saleor. Run by `launch.py` in Saleor's own environment."""
