"""The shape of each resource: its attributes with their kinds and its relationships with their targets.

One table for the client (comparing, casting, sparse fields) and for the sandbox (what a document holds). Names and kinds are
those of OroCommerce 6.1 (webhooks: 6.1.10); what another version lacks or names otherwise stands with the sandbox's per-version facts and with
the client's probed features.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, cast, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

# How a value stands in a document. `money` and `decimal` are strings there ("26.0000", "10"), `float` is a JSON number.
Kind = Literal["string", "integer", "money", "decimal", "float", "boolean", "datetime", "date", "list", "object"]


@dataclass(frozen=True, slots=True)
class To:
    """A relationship: the type it points to, and whether to many."""

    type: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """A resource's attributes and relationships, by name."""

    attributes: Mapping[str, Kind]
    relationships: Mapping[str, To]


def _shape(attributes: str = "", relationships: str = "") -> Shape:
    """Read a row: `name` or `name:kind` for attributes (no kind is a string), `name:type` or `name:type[]` for relationships."""
    kinds: dict[str, Kind] = {}
    for word in attributes.split():
        name, _, kind = word.partition(":")
        if (kind or "string") not in get_args(Kind):
            raise ValueError(f"{word}: {kind} is no kind of a value")
        kinds[name] = cast(Kind, kind or "string")
    targets: dict[str, To] = {}
    for word in relationships.split():
        name, _, target = word.partition(":")
        targets[name] = To(target.removesuffix("[]"), many=target.endswith("[]"))
    return Shape(MappingProxyType(kinds), MappingProxyType(targets))


_DATES = "createdAt:datetime updatedAt:datetime"
_PERSON = "namePrefix firstName middleName lastName nameSuffix"
_ADDRESS = (
    f"phone label street street2 city postalCode organization customRegion {_PERSON} {_DATES} validatedAt:datetime"
)
_PLACE = "country:countries region:regions"
_NOTES = "activityNotes:notes[]"
_OPTION = "priority:integer default:boolean name"

# Settings that a product takes from its category or the system unless it sets its own.
_INVENTORY = (
    "manageInventory:entityfieldfallbackvalues highlightLowInventory:entityfieldfallbackvalues "
    "inventoryThreshold:entityfieldfallbackvalues lowInventoryThreshold:entityfieldfallbackvalues "
    "minimumQuantityToOrder:entityfieldfallbackvalues maximumQuantityToOrder:entityfieldfallbackvalues "
    "decrementQuantity:entityfieldfallbackvalues backOrder:entityfieldfallbackvalues isUpcoming:entityfieldfallbackvalues"
)
_META = "metaTitles:localizedfallbackvalues[] metaDescriptions:localizedfallbackvalues[] metaKeywords:localizedfallbackvalues[]"

_CATALOGUE = {
    "products": _shape(
        f"sku status variantFields:list {_DATES} productType featured:boolean newArrival:boolean "
        "kitShippingCalculationMethod category_sort_order:float availability_date:datetime",
        "owner:businessunits organization:organizations unitPrecisions:productunitprecisions[] "
        "primaryUnitPrecision:productunitprecisions names:productnames[] descriptions:productdescriptions[] "
        "variantLinks:productvariantlinks[] defaultVariant:products shortDescriptions:productshortdescriptions[] "
        "images:productimages[] attributeFamily:attributefamilies brand:brands kitItems:productkititems[] "
        "slugPrototypes:localizedfallbackvalues[] category:categories pageTemplate:entityfieldfallbackvalues "
        f"taxCode:producttaxcodes {_INVENTORY} {_META} productShippingOptions:productshippingoptions[] "
        f"attachments:attachments[] {_NOTES} inventory_status:prodinventorystatuses",
    ),
    "productnames": _shape("string fallback", "product:products localization:localizations"),
    "productdescriptions": _shape("fallback wysiwyg:object", "product:products localization:localizations"),
    "productshortdescriptions": _shape("text fallback", "product:products localization:localizations"),
    "productunitprecisions": _shape(
        "precision:integer conversionRate:float sell:boolean", "product:products unit:productunits"
    ),
    "productunits": _shape("defaultPrecision:integer label shortLabel pluralLabel shortPluralLabel"),
    "productvariantlinks": _shape("visible:boolean", "parentProduct:products product:products"),
    "productkititems": _shape(
        f"sortOrder:integer optional:boolean minimumQuantity:float maximumQuantity:float {_DATES}",
        "labels:productkititemlabels[] productKit:products kitItemProducts:productkititemproducts[] "
        "productUnit:productunits",
    ),
    "productkititemlabels": _shape("string fallback", "kitItem:productkititems localization:localizations"),
    "productkititemproducts": _shape(
        "sortOrder:integer", "kitItem:productkititems product:products productUnitPrecision:productunitprecisions"
    ),
    "productshippingoptions": _shape(
        "weightValue:float dimensionsLength:float dimensionsWidth:float dimensionsHeight:float",
        "product:products productUnit:productunits weightUnit:weightunits dimensionsUnit:lengthunits "
        "freightClass:freightclasses",
    ),
    "productimages": _shape("updatedAt:datetime", "product:products types:productimagetypes[] image:files"),
    "productimagetypes": _shape("productImageTypeType", "productImage:productimages"),
    "productvisibilities": _shape("visibility", "product:products"),
    "customerproductvisibilities": _shape("visibility", "product:products customer:customers"),
    "customergroupproductvisibilities": _shape("visibility", "product:products customerGroup:customergroups"),
    "relatedproducts": _shape("", "product:products relatedItem:products"),
    "inventorylevels": _shape(
        "quantity:decimal",
        "product:products productUnitPrecision:productunitprecisions organization:organizations",
    ),
    "prodinventorystatuses": _shape(_OPTION),
    "attributefamilies": _shape(
        f"code isEnabled:boolean {_DATES}", "labels:localizedfallbackvalues[] owner:organizations image:files"
    ),
    "brands": _shape(
        f"status {_DATES}",
        "owner:businessunits organization:organizations names:localizedfallbackvalues[] "
        "descriptions:localizedfallbackvalues[] shortDescriptions:localizedfallbackvalues[] "
        f"slugPrototypes:localizedfallbackvalues[] {_META}",
    ),
    "categories": _shape(
        f"materializedPath left:integer level:integer right:integer root:integer {_DATES} availability_date:datetime",
        "titles:categorytitles[] parentCategory:categories childCategories:categories[] "
        "shortDescriptions:categoryshortdescriptions[] longDescriptions:categorylongdescriptions[] "
        f"slugPrototypes:localizedfallbackvalues[] organization:organizations products:products[] {_INVENTORY} {_META} "
        f"largeImage:files smallImage:files {_NOTES}",
    ),
    "categorytitles": _shape("string fallback", "category:categories localization:localizations"),
    "categoryshortdescriptions": _shape("text fallback", "category:categories localization:localizations"),
    "categorylongdescriptions": _shape("fallback wysiwyg:object", "category:categories localization:localizations"),
    "lengthunits": _shape("conversionRates:list"),
    "weightunits": _shape("conversionRates:list"),
    "freightclasses": _shape(),
}

_PRICES = {
    "productprices": _shape(
        "quantity:float value:money currency", "priceList:pricelists product:products unit:productunits"
    ),
    "pricelists": _shape(
        "active:boolean actual:boolean containSchedule:boolean productAssignmentRule name "
        f"{_DATES} priceListCurrencies:list",
        f"organization:organizations schedules:pricelistschedules[] priceRules:pricerules[] {_NOTES}",
    ),
    "pricelisttocustomergroups": _shape(
        "sortOrder:integer mergeAllowed:boolean", "customerGroup:customergroups priceList:pricelists"
    ),
    "pricelisttocustomers": _shape("sortOrder:integer mergeAllowed:boolean", "customer:customers priceList:pricelists"),
    "pricelistcustomerfallbacks": _shape("fallback:integer", "customer:customers"),
    "pricelistcustomergroupfallbacks": _shape("fallback:integer", "customerGroup:customergroups"),
    "pricelistschedules": _shape("activeAt:datetime deactivateAt:datetime", "priceList:pricelists"),
    "pricerules": _shape(
        "quantity:float quantityExpression currency currencyExpression productUnitExpression ruleCondition rule "
        "priority:integer",
        "productUnit:productunits priceList:pricelists",
    ),
    "priceattributepricelists": _shape(
        f"fieldName name {_DATES} priceAttributeCurrencies:list", "organization:organizations"
    ),
    "priceattributeproductprices": _shape(
        "quantity:float value:money currency", "product:products priceList:priceattributepricelists unit:productunits"
    ),
    "customerprices": _shape(
        "currency quantity:float value:money",
        "product:products customer:customers website:websites unit:productunits",
    ),
}

_CUSTOMERS = {
    "customers": _shape(
        f"name {_DATES}",
        "parent:customers children:customers[] addresses:customeraddresses[] group:customergroups "
        "users:customerusers[] owner:users organization:organizations salesRepresentatives:users[] "
        f"paymentTerm:paymentterms taxCode:customertaxcodes attachments:attachments[] {_NOTES} "
        "internal_rating:customerratings",
    ),
    "customergroups": _shape(
        "name", f"owner:users organization:organizations paymentTerm:paymentterms taxCode:customertaxcodes {_NOTES}"
    ),
    "customerratings": _shape(_OPTION),
    "customerusers": _shape(
        f"confirmed:boolean email {_PERSON} birthday:date {_DATES} enabled:boolean loginCount:integer isGuest:boolean "
        "lastLogin:datetime passwordRequestedAt:datetime passwordChangedAt:datetime",
        "userRoles:customeruserroles[] customer:customers addresses:customeruseraddresses[] owner:users "
        f"salesRepresentatives:users[] organization:organizations attachments:attachments[] {_NOTES} "
        "activityEmails:emails[] auth_status:customeruserauthstatuses",
    ),
    "customeruserroles": _shape(
        "role label selfManaged:boolean public:boolean",
        f"customer:customers organization:organizations customerUsers:customerusers[] {_NOTES}",
    ),
    "customeruserauthstatuses": _shape(_OPTION),
    "customeraddresses": _shape(
        f"primary:boolean {_ADDRESS} types:list",
        f"customer:customers owner:users systemOrganization:organizations {_PLACE}",
    ),
    "customeruseraddresses": _shape(
        f"primary:boolean {_ADDRESS} types:list",
        f"customerUser:customerusers owner:users systemOrganization:organizations {_PLACE}",
    ),
    "customertaxcodes": _shape(f"code description {_DATES}", "owner:users organization:organizations"),
    "paymentterms": _shape("label", _NOTES),
}

_ORDERS = {
    "orders": _shape(
        "identifier poNumber customerNotes shipUntil:date currency subtotalWithDiscountsValue:money "
        "subtotalWithDiscounts:money subtotalValue:money totalValue:money shippingMethod shippingMethodType "
        "estimatedShippingCostAmount:money overriddenShippingCostAmount:money sourceEntityIdentifier "
        f"totalDiscountsAmount:money external:boolean {_DATES} disablePromotions:boolean discount:float "
        "shippingDiscount:float",
        "createdBy:users billingAddress:orderaddresses shippingAddress:orderaddresses lineItems:orderlineitems[] "
        "discounts:orderdiscounts[] shippingTrackings:ordershippingtrackings[] parent:orders subOrders:orders[] "
        "owner:users organization:organizations customerUser:customerusers customer:customers "
        "paymentTerm:paymentterms source:quotes internalStatus:orderinternalstatuses orderSubtotals:ordersubtotals[] "
        f"attachments:attachments[] documents:files[] {_NOTES} activityEmails:emails[] "
        "shippingStatus:ordershippingstatuses status:orderstatuses",
    ),
    "orderlineitems": _shape(
        "productSku productName productVariantFields:list freeFormProduct quantity:float productUnitCode value:money "
        "currency priceType:integer shipBy:date fromExternalSource:boolean comment shippingMethod shippingMethodType "
        f"shippingEstimateAmount:money checksum {_DATES} rowTotalDiscountAmount:money "
        "rowTotalAfterDiscountIncludingTax:money rowTotalAfterDiscountExcludingTax:money rowTotalAfterDiscount:money",
        "orders:orders[] product:products parentProduct:products productUnit:productunits "
        "kitItemLineItems:orderproductkititemlineitems[]",
    ),
    "orderproductkititemlineitems": _shape(
        "kitItemId:integer kitItemLabel optional:boolean minimumQuantity:float maximumQuantity:float "
        "productId:integer productSku productName productUnitCode productUnitPrecision:integer quantity:float "
        "sortOrder:integer value:money currency priceType:integer",
        "lineItem:orderlineitems kitItem:productkititems product:products productUnit:productunits",
    ),
    "orderaddresses": _shape(
        f"fromExternalSource:boolean {_ADDRESS}",
        f"{_PLACE} customerAddress:customeraddresses customerUserAddress:customeruseraddresses",
    ),
    "orderdiscounts": _shape("description percent:float amount:money orderDiscountType", "order:orders"),
    "ordersubtotals": _shape(
        "orderSubtotalType label amount:money signedAmount:money currency visible:boolean data:object",
        "order:orders priceList:pricelists",
    ),
    "ordershippingtrackings": _shape("method number", "orders:orders[]"),
    "orderinternalstatuses": _shape(_OPTION),
    "ordershippingstatuses": _shape(_OPTION),
    "orderstatuses": _shape(_OPTION),
}

_TAXES = {
    "taxes": _shape(f"code description rate:float {_DATES}"),
    "taxrules": _shape(
        f"description {_DATES}",
        "productTaxCode:producttaxcodes customerTaxCode:customertaxcodes tax:taxes taxJurisdiction:taxjurisdictions "
        "organization:organizations",
    ),
    "taxjurisdictions": _shape(
        f"code description regionText {_DATES}", "country:countries region:regions zipCodes:taxjurisdictionzipcodes[]"
    ),
    "producttaxcodes": _shape(f"code description {_DATES}", "organization:organizations"),
}

_SYSTEM = {
    "organizations": _shape(
        f"name description {_DATES} enabled:boolean", "businessUnits:businessunits[] users:users[]"
    ),
    "businessunits": _shape(
        f"name phone website email fax {_DATES} extend_description",
        "organization:organizations users:users[] owner:businessunits",
    ),
    "users": _shape(
        f"username email {_PERSON} birthday:date enabled:boolean lastLogin:datetime {_DATES} loginCount:integer "
        "passwordRequestedAt:datetime passwordChangedAt:datetime phone title googleId emails:list",
        "groups:usergroups[] owner:businessunits businessUnits:businessunits[] organizations:organizations[] "
        "userRoles:userroles[] organization:organizations avatar:files activityEmails:emails[] "
        "auth_status:userauthstatuses tags:tags[]",
    ),
    "userroles": _shape("role label extend_description", "organization:organizations users:users[]"),
    "usergroups": _shape("name extend_description", "roles:userroles[] owner:businessunits organization:organizations"),
    "userauthstatuses": _shape(_OPTION),
    "countries": _shape("iso3Code name deleted:boolean", "regions:regions[]"),
    "regions": _shape("code name deleted:boolean", "country:countries"),
    "localizations": _shape(
        f"name formattingCode rtlMode:boolean {_DATES} languageCode",
        "titles:localizedfallbackvalues[] parentLocalization:localizations childLocalizations:localizations[]",
    ),
    "localizedfallbackvalues": _shape("string text fallback wysiwyg:object", "localization:localizations"),
    "entityfieldfallbackvalues": _shape("fallback scalarValue arrayValue:object"),
    "notes": _shape(
        f"message {_DATES}",
        "owner:users updatedBy:users organization:organizations attachment:files activityTargets:orders[]",
    ),
    "files": _shape(
        f"mimeType originalFilename fileSize:integer parentEntityFieldName {_DATES} content filePath:list url",
        "owner:users",
    ),
    "webhooks": _shape(
        f"notificationUrl enabled:boolean verifySsl:boolean system:boolean {_DATES}",
        "owner:users organization:organizations topic:webhooktopics format:webhookformats",
    ),
    "webhooktopics": _shape("label"),
    "webhookformats": _shape("label"),
    "configuration": _shape("", "options:configurationoptions[]"),
    "entitystructures": _shape(
        "label pluralLabel alias pluralAlias className icon options:object routes:object fields:list"
    ),
    "asyncoperations": _shape(
        f"status progress:float {_DATES} elapsedTime:integer entityType summary:object",
        "owner:users organization:organizations",
    ),
    "asyncoperationerrors": _shape("status:integer title detail source:object"),
}

SHAPES: Mapping[str, Shape] = MappingProxyType({**_CATALOGUE, **_PRICES, **_CUSTOMERS, **_ORDERS, **_TAXES, **_SYSTEM})
