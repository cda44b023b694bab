"""A store that answers as OroCommerce does, for demos and tests: `python -m oro_provider.sandbox`."""
