"""Products of every kind, with their units, variants, kit items and texts; and what hangs from a product by itself."""

from __future__ import annotations

from oro_provider.entities import lookups
from oro_provider.entities.images import IMAGES
from oro_provider.entities.model import Apart, Entity, Find, Loss, Part, Reference, Text

_PRODUCT = Reference("product", lookups.PRODUCTS_BY_SKU)

_UNITS = Part(
    type="productunitprecisions",
    relationship="unitPrecisions",
    owner="product",
    key=("unit",),
    short="unit",
    first=("unit", "primaryUnitPrecision"),
    references={"unit": Reference("unit", lookups.PRODUCT_UNITS)},
    defaults={"precision": 0, "conversion_rate": 1, "sell": True},
    # A list that is sent without one of its units deletes that unit's prices and its stock at once (5.1 to 7.0).
    loses=Loss("productprices", "product", by="unit", named="unit", each=("priceList", lookups.PRICE_LISTS)),
)
_VARIANTS = Part(
    type="productvariantlinks",
    relationship="variantLinks",
    owner="parentProduct",
    key=("product",),
    short="product",
    whole=True,
    back=True,
    references={"product": _PRODUCT},
)
_KIT_ITEMS = Part(
    type="productkititems",
    relationship="kitItems",
    owner="productKit",
    key=("label",),
    whole=True,
    back=True,
    references={"unit": Reference("productUnit", lookups.PRODUCT_UNITS)},
    texts={"label": Text("labels", "productkititemlabels", owner="kitItem")},
    parts={
        "products": Part(
            type="productkititemproducts",
            relationship="kitItemProducts",
            owner="kitItem",
            key=("product",),
            short="product",
            whole=True,
            back=True,
            references={"product": _PRODUCT},
        )
    },
    defaults={"optional": False},
)

PRODUCTS = Entity(
    type="products",
    key=("sku",),
    find=Find("filter", "sku"),
    key_folded=True,  # a SKU is unique in any case, though the filter on it looks at case (5.1 to 7.0)
    enforced=True,
    references={
        "tax_code": Reference("taxCode", lookups.PRODUCT_TAX_CODES),
        "category": Reference("category", lookups.CATEGORIES),
        "brand": Reference("brand", lookups.BRANDS),
        "attribute_family": Reference("attributeFamily", lookups.ATTRIBUTE_FAMILIES),
        "inventory_status": Reference("inventory_status", lookups.INVENTORY_STATUSES),
        "default_variant": Reference("defaultVariant", lookups.PRODUCTS_BY_SKU),
        "owner": Reference("owner", lookups.BUSINESS_UNITS),
        "organization": Reference("organization", lookups.ORGANIZATIONS),
    },
    texts={
        "name": Text("names", "productnames", owner="product"),
        "description": Text("descriptions", "productdescriptions", "wysiwyg", owner="product", rich=True),
        "short_description": Text("shortDescriptions", "productshortdescriptions", "text", owner="product"),
        "slug": Text("slugPrototypes", "localizedfallbackvalues"),
        "meta_title": Text("metaTitles", "localizedfallbackvalues"),
        "meta_description": Text("metaDescriptions", "localizedfallbackvalues", "text"),
        "meta_keywords": Text("metaKeywords", "localizedfallbackvalues", "text"),
    },
    parts={"units": _UNITS, "variants": _VARIANTS, "kit_items": _KIT_ITEMS, "images": IMAGES},
    settings={
        "manage_inventory": "manageInventory",
        "highlight_low_inventory": "highlightLowInventory",
        "inventory_threshold": "inventoryThreshold",
        "low_inventory_threshold": "lowInventoryThreshold",
        "minimum_quantity_to_order": "minimumQuantityToOrder",
        "maximum_quantity_to_order": "maximumQuantityToOrder",
        "decrement_quantity": "decrementQuantity",
        "back_order": "backOrder",
        "is_upcoming": "isUpcoming",
    },
    defaults={"attribute_family": "default_family", "inventory_status": "in_stock", "product_type": "simple"},
    # A deleted product takes its prices along and leaves order lines without a product (5.1 to 7.0).
    retire={"status": "disabled", "inventory_status": "discontinued"},
    watermark="updatedAt",
    # 1,000 products with include=names take 7.2 s, their names by themselves 0.12 s (6.1).
    apart={"names": Apart(owner="product"), "unitPrecisions": Apart(owner="product")},
    batch=True,
    back_office="product/view/{id}",
)

SHIPPING_OPTIONS = Entity(
    type="productshippingoptions",
    key=("product", "unit"),
    find=Find("owner", "product", chunk=1000),
    enforced=True,
    references={
        "product": _PRODUCT,
        "unit": Reference("productUnit", lookups.PRODUCT_UNITS),
        "weight_unit": Reference("weightUnit", lookups.WEIGHT_UNITS),
        "dimensions_unit": Reference("dimensionsUnit", lookups.LENGTH_UNITS),
        "freight_class": Reference("freightClass", lookups.FREIGHT_CLASSES),
    },
    attributes={
        "weight": "weightValue",
        "length": "dimensionsLength",
        "width": "dimensionsWidth",
        "height": "dimensionsHeight",
    },
)

RELATED_PRODUCTS = Entity(
    type="relatedproducts",
    key=("product", "related"),
    find=Find("owner", "product", chunk=1000),
    references={"product": _PRODUCT, "related": Reference("relatedItem", lookups.PRODUCTS_BY_SKU)},
)

# Ids of visibilities are composites that name the product and whom it is for (6.1).
PRODUCT_VISIBILITIES = Entity(
    type="productvisibilities",
    key=("product",),
    find=Find("owner", "product", chunk=1000),
    references={"product": _PRODUCT},
    batch=True,
)

CUSTOMER_PRODUCT_VISIBILITIES = Entity(
    type="customerproductvisibilities",
    key=("customer", "product"),
    find=Find("owner", "product", chunk=1000),
    references={"customer": Reference("customer", lookups.CUSTOMERS_BY_NAME), "product": _PRODUCT},
    batch=True,
)

CUSTOMER_GROUP_PRODUCT_VISIBILITIES = Entity(
    type="customergroupproductvisibilities",
    key=("customer_group", "product"),
    find=Find("owner", "product", chunk=1000),
    references={"customer_group": Reference("customerGroup", lookups.CUSTOMER_GROUPS), "product": _PRODUCT},
    batch=True,
)

INVENTORY_LEVELS = Entity(
    type="inventorylevels",
    key=("product", "unit"),
    optional=frozenset({"unit"}),
    find=Find("owner", "product", chunk=1000),
    enforced=True,
    references={
        "product": _PRODUCT,
        "unit": Reference("productUnitPrecision", lookups.PRODUCT_UNITS, through="unit"),
    },
    creatable=False,  # a level is made with its product's unit, and POST is a 405
    batch=True,
    back_office_list="inventory/inventory-level/",
)

BRANDS = Entity(
    type="brands",
    key=("name",),
    find=Find("scan", "name"),
    texts={
        "name": Text("names", "localizedfallbackvalues"),
        "description": Text("descriptions", "localizedfallbackvalues", "wysiwyg", rich=True),
        "short_description": Text("shortDescriptions", "localizedfallbackvalues", "text"),
        "slug": Text("slugPrototypes", "localizedfallbackvalues"),
        "meta_title": Text("metaTitles", "localizedfallbackvalues"),
    },
    references={
        "owner": Reference("owner", lookups.BUSINESS_UNITS),
        "organization": Reference("organization", lookups.ORGANIZATIONS),
    },
    watermark="updatedAt",
    back_office="brand/view/{id}",
)

PRODUCT_TAX_CODES = Entity(
    type="producttaxcodes", key=("code",), find=Find("scan", "code"), enforced=True, back_office="tax/product/view/{id}"
)  # fmt: skip

PRODUCT_UNITS = Entity(
    type="productunits",
    key=("id",),
    find=Find("scan", "id"),
    enforced=True,
    defaults={"default_precision": 0},
)
