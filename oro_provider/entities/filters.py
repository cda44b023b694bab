"""Which filters take one value only: a store compares a list with it as one text, and finds nothing (5.1 to 7.0)."""

from __future__ import annotations

from oro_provider.entities.shapes import SHAPES

# Texts that may be looked for by lists. All others, and what is either true or false, are looked for one by one.
_TEXTS = frozenset({("products", "sku"), ("orders", "identifier"), ("orders", "poNumber")})
# Codes that are looked for one by one, as ids and by those that refer to them.
_CODES = frozenset({"productunits", "lengthunits", "weightunits", "freightclasses"})
_PLACES = frozenset({("orderaddresses", "country"), ("orderaddresses", "region")})


def takes_list(resource: str, path: str) -> bool:
    """Whether the filter of a resource at a path (`customer.name`) takes several values; what is not known may."""
    *through, name = path.partition("[")[0].split(".")
    for step in through:
        shape = SHAPES.get(resource)
        to = shape.relationships.get(step) if shape else None
        if to is None:
            return True
        resource = to.type
    shape = SHAPES.get(resource)
    if name == "id" or shape is None:
        return resource not in _CODES
    if name in shape.attributes:
        return shape.attributes[name] not in {"string", "boolean"} or (resource, name) in _TEXTS
    to = shape.relationships.get(name)
    return to is None or not (to.type in _CODES or (resource, name) in _PLACES)
