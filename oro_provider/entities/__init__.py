"""What is known of each resource, as data: shapes, business keys, references, watermarks, costly fields.

`entity("orders")` finds one by its type; operators, the planner, the reader and the sandbox read these tables.
"""

from __future__ import annotations

from typing import Literal

from oro_provider.entities import customers, orders, prices, products
from oro_provider.entities.model import Entity

ENTITIES = {
    entity.type: entity
    for entity in (
        products.PRODUCTS,
        products.SHIPPING_OPTIONS,
        products.RELATED_PRODUCTS,
        products.PRODUCT_VISIBILITIES,
        products.CUSTOMER_PRODUCT_VISIBILITIES,
        products.CUSTOMER_GROUP_PRODUCT_VISIBILITIES,
        products.INVENTORY_LEVELS,
        products.BRANDS,
        products.PRODUCT_TAX_CODES,
        products.PRODUCT_UNITS,
        prices.PRODUCT_PRICES,
        prices.PRICE_LISTS,
        prices.PRICE_LIST_CUSTOMER_GROUPS,
        prices.PRICE_LIST_CUSTOMERS,
        prices.PRICE_LIST_CUSTOMER_FALLBACKS,
        prices.PRICE_ATTRIBUTE_PRICES,
        customers.CUSTOMERS,
        customers.CUSTOMER_GROUPS,
        customers.CUSTOMER_USERS,
        customers.CUSTOMER_ADDRESSES,
        customers.CUSTOMER_USER_ADDRESSES,
        customers.CUSTOMER_TAX_CODES,
        customers.PAYMENT_TERMS,
        orders.ORDERS,
        orders.SHIPPING_TRACKINGS,
    )
}


# Resources that one task loads by one name: which of them a row belongs to is told by the owner that it names.
GROUPS = {"addresses": (customers.CUSTOMER_ADDRESSES, customers.CUSTOMER_USER_ADDRESSES)}

# Resources whose ids are codes or composites, which have no `gt` filter: they are read by page number.
CODE_IDS = frozenset(
    {
        "countries",
        "customerprices",
        "customerratings",
        "customeruserauthstatuses",
        "entitystructures",
        "freightclasses",
        "lengthunits",
        "orderinternalstatuses",
        "ordershippingstatuses",
        "orderstatuses",
        "ordersubtotals",
        "prodinventorystatuses",
        "productprices",
        "productunits",
        "regions",
        "userauthstatuses",
        "webhookformats",
        "webhooks",
        "webhooktopics",
        "weightunits",
    }
)


def paging_order(type_: str) -> Literal["id", "number"]:
    """Return how the pages of a list follow each other: by id where ids are integers, by number elsewhere."""
    return "number" if type_ in CODE_IDS else "id"


def entity_of(entity: str | Entity) -> Entity:
    """Return the entity of this type, or the declared one as it is; raise `ValueError` naming those that there are."""
    if isinstance(entity, Entity):
        return entity
    if entity not in ENTITIES:
        raise ValueError(f"entity {entity!r} is unknown; there are {', '.join(sorted(ENTITIES))}")
    return ENTITIES[entity]


def entities_of(entity: str | Entity) -> tuple[Entity, ...]:
    """Return the entities that rows of this name belong to: one, or those of a group."""
    group = GROUPS.get(entity) if isinstance(entity, str) else None
    return group or (entity_of(entity),)


def keyed_by(entities: tuple[Entity, ...], key: tuple[str, ...]) -> tuple[Entity, ...]:
    """Return these entities with another of their keys; each has its own owner in the owner's place."""
    owners = {entity.key[0] for entity in entities}
    return tuple(
        entity.keyed_by(tuple(entity.key[0] if part in owners else part for part in key)) for entity in entities
    )
