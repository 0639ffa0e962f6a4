"""The shop in a browser: plain Django views, no build step."""
