"""What Airflow is told of this provider. Every `airflow` process imports this module: standard library only."""

from __future__ import annotations

from oro_provider import __version__
from oro_provider.connection import CONNECTION_TYPE, DISTRIBUTION, HOOK_NAME, conn_fields, ui_field_behaviour

_INTEGRATION = "OroCommerce"


def get_provider_info() -> dict[str, object]:
    """Return the provider's metadata, as Airflow's `provider_info.schema.json` and `provider.yaml.schema.json` ask for it."""
    return {
        "package-name": DISTRIBUTION,
        "name": "OroCommerce",
        "description": "OroCommerce: extract orders, upsert products, push shipment trackings, sense new orders.",
        "versions": [__version__],
        "integrations": [
            {
                "integration-name": _INTEGRATION,
                "external-doc-url": "https://doc.oroinc.com/api/",
                "tags": ["service"],
            }
        ],
        "hooks": _modules("oro_provider.hooks.orocommerce"),
        "operators": _modules(
            "oro_provider.operators.delete",
            "oro_provider.operators.extract",
            "oro_provider.operators.lookups",
            "oro_provider.operators.request",
            "oro_provider.operators.shards",
            "oro_provider.operators.upsert",
        ),
        "sensors": _modules("oro_provider.sensors.orders", "oro_provider.sensors.records"),
        "triggers": _modules(
            "oro_provider.triggers.operations", "oro_provider.triggers.orders", "oro_provider.triggers.records"
        ),
        "asset-uris": [
            {
                "schemes": ["orocommerce"],
                "handler": "oro_provider.assets.sanitize_uri",
                "factory": "oro_provider.assets.create_asset",
                "to_openlineage_converter": "oro_provider.assets.convert_asset_to_openlineage",
            }
        ],
        "extra-links": [
            "oro_provider.links.OroCommerceRecordLink",
            "oro_provider.links.OroCommerceListLink",
            "oro_provider.links.OroCommerceOperationLink",
        ],
        "cli": ["oro_provider.cli.get_commands"],  # Airflow 3.2+
        "config": {"orocommerce": {"description": "Settings of the OroCommerce provider.", "options": _options()}},
        "connection-types": [
            {
                "connection-type": CONNECTION_TYPE,
                "hook-class-name": "oro_provider.hooks.orocommerce.OroCommerceHook",
                "hook-name": HOOK_NAME,
                # Airflow 3.2+ makes the form of these two; 3.1 passes them over and asks the hook class.
                "ui-field-behaviour": {name.replace("_", "-"): value for name, value in ui_field_behaviour().items()},
                "conn-fields": conn_fields(),
            }
        ],
    }


def _modules(*names: str) -> list[dict[str, object]]:
    return [{"integration-name": _INTEGRATION, "python-modules": list(names)}]


def _options() -> dict[str, object]:
    return {
        "work_path": {
            "description": (
                "Where loads keep how far they have come, so that a retry goes on: a folder or object storage that all "
                "workers share. By default beside a load's rejects, else in the worker's temporary folder."
            ),
            "type": "string",
            "version_added": __version__,
            "example": "s3://aws_default@lake/orocommerce-work",
            "default": "",
        }
    }
