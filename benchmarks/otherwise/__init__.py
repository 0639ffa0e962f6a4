"""The way a shop would do it otherwise: an app that listens to Saleor's webhooks and calls back
over the API. Beside it the plugin, each in a Saleor of its own that answers over HTTP.

Run by `inside_saleor.launch` in Saleor's own environment.
"""
