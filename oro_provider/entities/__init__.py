"""What is known of each resource, as data: shapes, business keys, references, watermarks, costly fields.

`entity("orders")` finds one by its type; operators, the planner, the reader and the sandbox read these tables.
"""

from __future__ import annotations

from oro_provider.entities.customers import CUSTOMERS
from oro_provider.entities.model import Entity
from oro_provider.entities.orders import ORDERS, SHIPPING_TRACKINGS
from oro_provider.entities.products import PRODUCTS

ENTITIES = {entity.type: entity for entity in (PRODUCTS, CUSTOMERS, ORDERS, SHIPPING_TRACKINGS)}


def entity_of(entity: str | Entity) -> Entity:
    """Return the entity of this type, or the declared one as it is; raise `ValueError` naming those that there are."""
    if isinstance(entity, Entity):
        return entity
    if entity not in ENTITIES:
        raise ValueError(f"entity {entity!r} is unknown; there are {', '.join(sorted(ENTITIES))}")
    return ENTITIES[entity]
