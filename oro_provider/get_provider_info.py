"""What Airflow is told of this provider. Every `airflow` process imports this module: standard library only."""

from __future__ import annotations

from oro_provider import __version__


def get_provider_info() -> dict[str, object]:
    """Return the provider's metadata, as the schema of Airflow's `provider_info.schema.json` asks for it."""
    return {
        "package-name": "airflow-provider-orocommerce",
        "name": "OroCommerce",
        "description": "OroCommerce: extract orders, upsert products, push shipment trackings, sense new orders.",
        "versions": [__version__],
    }
