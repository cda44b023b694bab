"""Every way from a name or code to an id. What each costs a store stands with `load.lookups`, which takes them."""

from __future__ import annotations

from oro_provider.entities.model import ByFilter, Dictionary, LocalizedDictionary, Lookup, Tree

ORGANIZATIONS = Lookup("organizations", Dictionary(("name",)))
USERS = Lookup("users", Dictionary(("username", "email")))
BUSINESS_UNITS = Lookup("businessunits", Dictionary(("name",)))
LOCALIZATIONS = Lookup("localizations", Dictionary(("languageCode", "formattingCode", "name")))

# A role that a customer has changed is a copy of the role with its label, and belongs to that customer.
CUSTOMER_USER_ROLES = Lookup("customeruserroles", Dictionary(("label", "role"), where=(("customer[exists]", "no"),)))
CUSTOMER_TAX_CODES = Lookup("customertaxcodes", Dictionary(("code",)), make="code")
PAYMENT_TERMS = Lookup("paymentterms", Dictionary(("label",)), make="label")
CUSTOMER_GROUPS = Lookup("customergroups", Dictionary(("name",)), make="name")
CUSTOMERS_BY_NAME = Lookup("customers", Dictionary(("name",)), personal=True)
CUSTOMERS_BY_EXTERNAL_ID = Lookup("customers", ByFilter("externalId"))
CUSTOMER_USERS_BY_EMAIL = Lookup("customerusers", Dictionary(("email",), folded=True), personal=True)
CUSTOMER_RATINGS = Lookup("customerratings", Dictionary(("name",), ids=True))

PRODUCTS_BY_SKU = Lookup("products", ByFilter("sku"))
PRODUCT_TAX_CODES = Lookup("producttaxcodes", Dictionary(("code",)), make="code")
PRODUCT_UNITS = Lookup("productunits", Dictionary(ids=True))
LENGTH_UNITS = Lookup("lengthunits", Dictionary(ids=True))
WEIGHT_UNITS = Lookup("weightunits", Dictionary(ids=True))
FREIGHT_CLASSES = Lookup("freightclasses", Dictionary(ids=True))
ATTRIBUTE_FAMILIES = Lookup("attributefamilies", Dictionary(("code",)))
INVENTORY_STATUSES = Lookup("prodinventorystatuses", Dictionary(ids=True))
CATEGORIES = Lookup("categories", Tree(titles="categorytitles", owner="category", parent="parentCategory"))
BRANDS = Lookup("brands", LocalizedDictionary("names"), make="names")

PRICE_LISTS = Lookup("pricelists", Dictionary(("name",)))
PRICE_ATTRIBUTES = Lookup("priceattributepricelists", Dictionary(("name", "fieldName")))

COUNTRIES = Lookup("countries", Dictionary(("name", "iso3Code"), ids=True, folded=True))
REGIONS = Lookup("regions", Dictionary(("name", "code"), ids=True, folded=True, scope="country"))
WEBSITES = Lookup("websites", Dictionary(("name",)), edition="Enterprise")

ORDERS_BY_IDENTIFIER = Lookup("orders", ByFilter("identifier", chunk=1000, folded=True))
ORDER_STATUSES = Lookup("orderinternalstatuses", Dictionary(ids=True))
SHIPPING_STATUSES = Lookup("ordershippingstatuses", Dictionary(ids=True))

LOOKUPS = (
    ORGANIZATIONS, USERS, BUSINESS_UNITS, LOCALIZATIONS, CUSTOMER_USER_ROLES, CUSTOMER_TAX_CODES, PAYMENT_TERMS,
    CUSTOMER_GROUPS, CUSTOMERS_BY_NAME, CUSTOMERS_BY_EXTERNAL_ID, CUSTOMER_USERS_BY_EMAIL, CUSTOMER_RATINGS,
    PRODUCTS_BY_SKU, PRODUCT_TAX_CODES, PRODUCT_UNITS, LENGTH_UNITS, WEIGHT_UNITS, FREIGHT_CLASSES, ATTRIBUTE_FAMILIES,
    INVENTORY_STATUSES, CATEGORIES, BRANDS, PRICE_LISTS, PRICE_ATTRIBUTES, COUNTRIES, REGIONS, WEBSITES,
    ORDERS_BY_IDENTIFIER, ORDER_STATUSES, SHIPPING_STATUSES,
)  # fmt: skip
