"""The sandbox's table of resources: what each takes (actions, filters, sorts) and asks for (required, unique, limits).

A resource is a row here, not a handler; what a row cannot say stands in `rules`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from oro_provider.sandbox.resources import ENUMS, row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oro_provider.sandbox.resources import Resource

_TEXTS = "string fallback localization[].."
_ENUM = {"actions": "LG", "filters": "id[] priority[].."}
_PAGE = "shortDescriptions[].. slugPrototypes[].. metaTitles[].. metaDescriptions[].. metaKeywords[].."
_LFV = f"descriptions[].. {_PAGE}"
_FALLBACKS = (
    "manageInventory[].. highlightLowInventory[].. inventoryThreshold[].. lowInventoryThreshold[].. "
    "minimumQuantityToOrder[].. maximumQuantityToOrder[].. decrementQuantity[].. backOrder[].. isUpcoming[].."
)
_NEW_ADDRESS = ("street", "city", "postalCode", "country")
_DATED = "createdAt[].. updatedAt[].."

_ROWS = (
    # catalogue
    row(
        "products",
        "LGCUDB",
        f"sku[] status {_DATED} featured newArrival owner[].. organization[].. unitPrecisions[].. primaryUnitPrecision[].. "
        f"names[].. {_LFV} variantLinks[].. defaultVariant[].. images[].. attributeFamily[].. brand[].. kitItems[].. "
        f"category[].. pageTemplate[].. taxCode[].. {_FALLBACKS} inventory_status[]",
        searched=("sku", "names.string"),
        lengths=255,
        defaults={
            "status": "disabled",
            "variantFields": "[]",
            "productType": "simple",
            "featured": 0,
            "newArrival": 0,
            "attributeFamily": None,
            "owner": 1,
            "organization": 1,
        },
        titled_by="names",
    ),
    row("productnames", "LGCUD", f"{_TEXTS} product[]..", lengths=255),
    row("productdescriptions", "LGCUD", "fallback product[].. localization[].."),
    row("productshortdescriptions", "LGCUD", "fallback product[].. localization[].."),
    row(
        "productunitprecisions",
        "LGCUD",
        "product[].. unit",
        required=("unit", "product"),
        defaults={"precision": 0, "conversionRate": 1, "sell": 1},
        unique=(("product", "unit"),),
    ),
    row(
        "productunits",
        "LGCUD",
        "id",
        upsert=("id",),
        lengths=255,
        required=("label", "shortLabel", "pluralLabel", "shortPluralLabel"),
    ),
    row(
        "productvariantlinks",
        "LGCUD",
        "parentProduct[].. product[]..",
        required=("parentProduct", "product"),
        defaults={"visible": 1},
    ),
    row(
        "productkititems",
        "LGCUD",
        "labels[].. productKit[].. kitItemProducts[].. productUnit",
        required=("labels", "kitItemProducts", "productKit"),
        defaults={"sortOrder": 0, "optional": 0},
    ),
    row("productkititemlabels", "LGCU", f"{_TEXTS} kitItem[].."),
    row(
        "productkititemproducts",
        "LGCU",
        "kitItem[].. product[].. productUnitPrecision[]..",
        defaults={"sortOrder": 0},
    ),
    row(
        "productshippingoptions",
        "LGCUD",
        "product[].. productUnit weightUnit dimensionsUnit freightClass",
        required=("product", "productUnit"),
        unique=(("product", "productUnit"),),
    ),
    row("productimages", "LGCUD", "product[].. types[].. image[].."),
    row("productimagetypes", "LGCUD", "productImage[].."),
    row("relatedproducts", "LGCD", "product[].. relatedItem[]..", required=("product", "relatedItem")),
    row("productvisibilities", "LGCUDB", "product[]..", required=("product", "visibility")),
    row(
        "customerproductvisibilities",
        "LGCUDB",
        "product[].. customer[]..",
        required=("product", "customer", "visibility"),
        unique=(("product", "customer"),),
    ),
    row(
        "customergroupproductvisibilities",
        "LGCUDB",
        "product[].. customerGroup[]..",
        required=("product", "customerGroup", "visibility"),
        unique=(("product", "customerGroup"),),
    ),
    row("inventorylevels", "LGUB", "product[].. productUnitPrecision[].. organization[].."),
    row("attributefamilies", "LGU", "labels[].. owner[].. image[].."),
    row(
        "brands",
        "LGCUD",
        f"{_DATED} owner[].. organization[].. names[].. {_LFV}",
        searched=("names.string",),
        defaults={"status": "enabled", "owner": 1, "organization": 1},
        titled_by="names",
    ),
    row(
        "categories",
        "LG",
        f"titles[].. parentCategory[].. childCategories[].. {_PAGE} longDescriptions[].. organization[].. products[].. "
        f"{_FALLBACKS} largeImage[].. smallImage[]..",
        searched=("titles.string",),
        titled_by="titles",
    ),
    row("categorytitles", "LGCUD", f"{_TEXTS} category[].."),
    row("categoryshortdescriptions", "LG", "fallback category[].. localization[].."),
    row("categorylongdescriptions", "LG", "fallback category[].. localization[].."),
    row("lengthunits", "LGCUD", "id", upsert=("id",)),
    row("weightunits", "LGCUD", "id", upsert=("id",)),
    row("freightclasses", "LGCUD", "id", upsert=("id",)),
    # prices
    row(
        "productprices",
        "LGCUDB",
        "id[] priceList.. product[].. unit",
        required=("quantity", "value", "currency", "priceList", "product", "unit"),
        fixed=frozenset({"priceList"}),
        compulsory_filter=("priceList",),
        subresources=False,
    ),
    row(
        "pricelists",
        "LGCUDB",
        "organization[].. priceListCurrencies[].. schedules[].. priceRules[]..",
        searched=("name",),
        required=("name",),
        lengths=255,
        defaults={
            "active": 1,
            "actual": 1,
            "containSchedule": 0,
            "organization": 1,
            "priceListCurrencies": "[]",
        },
    ),
    row(
        "pricelisttocustomergroups",
        "LGCUD",
        "customerGroup[].. priceList[]..",
        required=("sortOrder", "customerGroup", "priceList"),
        defaults={"mergeAllowed": 1},
        fixed=frozenset({"customerGroup"}),
        unique=(("priceList", "customerGroup"),),
    ),
    row(
        "pricelisttocustomers",
        "LGCUD",
        "customer[].. priceList[]..",
        required=("sortOrder", "customer", "priceList"),
        defaults={"mergeAllowed": 1},
        fixed=frozenset({"customer"}),
        unique=(("priceList", "customer"),),
    ),
    row("pricelistcustomerfallbacks", "LGCUD", "customer[]..", required=("customer",)),
    row("pricelistcustomergroupfallbacks", "LGCUD", "customerGroup[]..", required=("customerGroup",)),
    row("pricelistschedules", "LGCUDB", "priceList[].. activeAt[].. deactivateAt[]..", required=("priceList",)),
    row("pricerules", "LGCUDB", "priceList[].. productUnit", required=("priceList", "rule", "priority")),
    row("priceattributepricelists", "LGCUD", "organization[]..", required=("name",)),
    row(
        "priceattributeproductprices",
        "LGCUDB",
        "priceList[].. product[].. unit",
        required=("priceList", "product", "unit", "currency"),
    ),
    row("customerprices", "L", "customer product[] website unit currency", paged=False, linked=False),
    # customers
    row(
        "customers",
        "LGCUDB",
        f"{_DATED} name parent[].. children[].. addresses[].. group[].. users[].. owner[].. organization[].. "
        "salesRepresentatives[].. paymentTerm[].. taxCode[].. internal_rating[]",
        searched=("name",),
        required=("name",),
        lengths=255,
        defaults={"owner": 1, "organization": 1},
    ),
    row(
        "customergroups",
        "LGCUD",
        "name owner[].. organization[].. paymentTerm[].. taxCode[]..",
        searched=("name",),
        required=("name",),
        lengths=255,
        defaults={"owner": 1, "organization": 1},
    ),
    row(
        "customerusers",
        "LGCUDB",
        "email userRoles[].. customer[].. addresses[].. owner[].. salesRepresentatives[].. organization[].. auth_status[]",
        searched=("email", "firstName", "lastName"),
        required=("email", "firstName", "lastName"),
        lengths=255,
        defaults={
            "confirmed": 1,
            "enabled": 0,
            "loginCount": 0,
            "isGuest": 0,
            "owner": 1,
            "organization": 1,
            "auth_status": "active",
        },
        ignored=frozenset({"loginCount", "lastLogin", "passwordRequestedAt", "passwordChangedAt"}),
        write_only=frozenset({"password"}),
        titled_by="email",
    ),
    row(
        "customeruserroles",
        "LGCUD",
        "role customer[].. organization[].. customerUsers[]..",
        searched=("label",),
        required=("label",),
        defaults={"selfManaged": 0, "public": 1, "organization": 1},
    ),
    row(
        "customeraddresses",
        "LGCUDB",
        "country[] region[] customRegion addressType[] customer[].. owner[].. systemOrganization[]..",
        required=(*_NEW_ADDRESS, "customer"),
        lengths=255,
        defaults={"primary": 0, "types": "[]", "owner": 1, "systemOrganization": 1},
        fixed=frozenset({"customer"}),
    ),
    row(
        "customeruseraddresses",
        "LGCUDB",
        "country[] region[] customRegion addressType[] customerUser[].. owner[].. systemOrganization[]..",
        required=(*_NEW_ADDRESS, "customerUser"),
        lengths=255,
        defaults={"primary": 0, "types": "[]", "owner": 1, "systemOrganization": 1},
        fixed=frozenset({"customerUser"}),
    ),
    row(
        "customertaxcodes",
        "LGCUD",
        "owner[].. organization[]..",
        searched=("code", "description"),
        required=("code",),
        lengths=255,
        defaults={"owner": 1, "organization": 1},
        unique=(("code",),),
    ),
    row("paymentterms", "LGCUD", searched=("label",), required=("label",), lengths=255),
    # orders
    row(
        "orders",
        "LGCUDB",
        f"identifier[]~ poNumber[]~- external {_DATED} disablePromotions createdBy[].. billingAddress[].. shippingAddress[].. "
        "lineItems[].. discounts[].. shippingTrackings[].. parent[].. subOrders[].. owner[].. organization[].. "
        "customerUser[].. customer[].. paymentTerm[].. shippingStatus[] internalStatus[]",
        searched=("identifier", "poNumber"),
        required=("currency",),
        lengths=255,
        defaults={
            "external": 0,
            "disablePromotions": 0,
            "discount": 0,
            "shippingDiscount": 0,
            "owner": 1,
            "organization": 1,
            "internalStatus": "open",
            "shippingStatus": "not_shipped",
        },
        unique=(("identifier",),),
        ignored=frozenset(
            {
                "totalValue",
                "subtotalValue",
                "subtotalWithDiscounts",
                "subtotalWithDiscountsValue",
                "totalDiscountsAmount",
                "discount",
                "shippingDiscount",
                "internalStatus",
                "orderSubtotals",
            }
        ),
        fixed=frozenset({"currency", "createdBy", "external"}),
        upsert=("identifier",),
        titled_by="identifier",
    ),
    row(
        "orderlineitems",
        "LGCUD",
        f"{_DATED} customer[].. customerUser[].. orders[].. product[].. parentProduct[].. productUnit kitItemLineItems[]..",
        lengths=255,
        defaults={
            "productVariantFields": "[]",
            "priceType": 10,
            "fromExternalSource": 0,
            "rowTotalDiscountAmount": "0.0000",
            "rowTotalAfterDiscountIncludingTax": "0.0000",
            "rowTotalAfterDiscountExcludingTax": "0.0000",
        },
        ignored=frozenset(
            {
                "productUnitCode",
                "checksum",
                "rowTotalDiscountAmount",
                "rowTotalAfterDiscountIncludingTax",
                "rowTotalAfterDiscountExcludingTax",
                "rowTotalAfterDiscount",
            }
        ),
        titled_by="productSku",
    ),
    row("orderproductkititemlineitems", "LGCUD", "lineItem[].. product[].."),
    row(
        "orderaddresses",
        "LGCUD",
        "customRegion country region customerAddress[].. customerUserAddress[]..",
        required=_NEW_ADDRESS,
        lengths=255,
        defaults={"fromExternalSource": 0},
    ),
    row(
        "orderdiscounts",
        "LGCUD",
        "order[]..",
        required=("order",),
        defaults={"orderDiscountType": "oro_order_discount_item_type_amount"},
    ),
    row(
        "ordersubtotals",
        "L",
        "order",
        compulsory_filter=("order",),
        paged=False,
        linked=False,
    ),
    row("ordershippingtrackings", "LGCUD", "orders[]..", required=("method", "number"), titled_by="number"),
    # taxes
    row(
        "taxes",
        "LGCUD",
        "code",
        searched=("code", "description"),
        required=("code", "rate"),
        lengths=255,
        unique=(("code",),),
        upsert=("code",),
    ),
    row(
        "taxrules",
        "LGCUD",
        "productTaxCode[].. customerTaxCode[].. tax[].. taxJurisdiction[].. organization[]..",
        required=("productTaxCode", "customerTaxCode", "tax", "taxJurisdiction"),
        defaults={"organization": 1},
    ),
    row("taxjurisdictions", "LGCUD", "code country region", required=("code", "country")),
    row(
        "producttaxcodes",
        "LGCUD",
        "organization[]..",
        searched=("code", "description"),
        required=("code",),
        lengths=255,
        defaults={"organization": 1},
        unique=(("code",),),
    ),
    # system
    row("organizations", "LGU", "name businessUnits[].. users[]..", searched=("name",), required=("name",)),
    row(
        "businessunits",
        "LGCUD",
        "organization[].. users[].. owner[]..",
        searched=("name",),
        required=("name",),
        defaults={"organization": 1},
    ),
    row(
        "users",
        "LGCUD",
        "username email firstName phone googleId groups[].. owner[].. emails[].. businessUnits[].. organizations[].. "
        "userRoles[].. organization[].. avatar[].. auth_status[]",
        searched=("username", "email", "firstName", "lastName"),
        required=("username", "email", "firstName", "lastName"),
        lengths=255,
        defaults={
            "enabled": 1,
            "loginCount": 0,
            "emails": "[]",
            "owner": 1,
            "organization": 1,
            "auth_status": "active",
        },
        write_only=frozenset({"password"}),
        upsert=("username", "email"),
        titled_by="username",
    ),
    row("userroles", "LGCUD", "role organization[].. users[]..", searched=("label",), required=("label",)),
    row("usergroups", "LGCUD", "name roles[].. owner[].. organization[]..", required=("name",)),
    row("countries", "LG", "id[] name regions"),
    row("regions", "LG", "id[] name country[]"),
    row("localizations", "LG", "parentLocalization[].. childLocalizations[].."),
    row("localizedfallbackvalues", "LGCUD", _TEXTS),
    row("entityfieldfallbackvalues", "GCUD"),
    row(
        "notes",
        "LGCUD",
        f"{_DATED} owner[].. organization[].. activityTargets[]..",
        required=("message",),
        defaults={"owner": 1, "organization": 1},
        titled_by="message",
    ),
    row("files", "GCUD"),
    row(
        "webhooks",
        "LGCUD",
        "topic[] format[] owner[].. organization[]..",
        required=("notificationUrl", "topic"),
        defaults={"enabled": 1, "verifySsl": 1, "system": 0, "owner": 1, "organization": 1, "format": "default"},
        write_only=frozenset({"secret"}),
    ),
    row("webhooktopics", "LG", paged=False),
    row("webhookformats", "LG", paged=False),
    row("configuration", "LG", paged=False),
    row("entitystructures", "LG", paged=False),
    row("asyncoperations", "G", "owner[].. organization[].."),
    *(row(name, _ENUM["actions"], _ENUM["filters"]) for name in sorted(ENUMS)),
)

RESOURCES: Mapping[str, Resource] = MappingProxyType({row.name: row for row in _ROWS})

# Known to a Community Edition but closed to its API: 404 "not accessible" instead of 404 "unknown".
CLOSED = frozenset({
    "websites", "checkouts", "contentnodes", "coupons", "paymenttransactions", "pricelisttowebsites", "shoppinglists",
    "asyncoperationerrors",
})  # fmt: skip
