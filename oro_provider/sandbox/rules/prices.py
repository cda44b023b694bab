"""Price lists and prices: currencies, allowed units, the unique key and the composed ids."""

# ruff: noqa: S608 - identifiers come from the shapes, values are bound

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from oro_provider.sandbox.drafts import Draft, row_of
from oro_provider.sandbox.rules.hooks import Rules

if TYPE_CHECKING:
    from oro_provider.sandbox.writing import Writer

_CURRENCY = re.compile(r"^(?!XXX)[A-Z]{3}$")
_KEY = ("product", "priceList", "quantity", "unit", "currency")
_DUPLICATE = 'Product has duplication of product prices. Set of fields "PriceList", "Quantity" , "Unit" and "Currency" should be unique.'


def _check_price(writer: Writer, draft: Draft) -> None:
    _check_currency(writer, draft)
    value = draft.get("value")
    if "value" in draft.failed:
        draft.complain("type constraint", "This value should be of type numeric.", "attributes/value")
        draft.complain("range constraint", "This value should be a valid number.", "attributes/value")
    elif value is not None and Decimal(value) < 0:
        draft.complain("range constraint", "This value should be 0 or more.", "attributes/value")
    _check_unit(writer, draft)
    key = [draft.get(name) for name in _KEY]
    if any(part is None or isinstance(part, Draft) for part in key):
        return
    taken = writer.connection.execute(
        'SELECT 1 FROM productprices WHERE "product" = ? AND "priceList" = ? AND "quantity" = ? AND "unit" = ? '
        'AND "currency" = ? AND "id" IS NOT ?',
        (*key, draft.id),
    ).fetchone()
    if taken:
        draft.complain("unique entity constraint", _DUPLICATE, None if draft.pointer == "/data" else "")


def _check_currency(writer: Writer, draft: Draft) -> None:
    price_list, currency = draft.get("priceList"), draft.get("currency")
    if isinstance(currency, str) and currency and isinstance(price_list, int):
        found = row_of(writer.connection, "pricelists", price_list) or {}
        if currency not in json.loads(found.get("priceListCurrencies") or "[]"):
            detail = f'Currency "{currency}" is not valid for current price list.'
            draft.complain("product price currency constraint", detail, "attributes/currency")
    if isinstance(currency, str) and currency and not _CURRENCY.match(currency):
        draft.complain("currency constraint", "This value is not a valid currency.", "attributes/currency")


def _check_unit(writer: Writer, draft: Draft) -> None:
    product, unit = draft.get("product"), draft.get("unit")
    if not isinstance(product, int) or not isinstance(unit, str) or "unit" in draft.failed:
        return
    allowed = writer.connection.execute(
        'SELECT 1 FROM productunitprecisions WHERE "product" = ? AND "unit" = ?', (product, unit)
    ).fetchone()
    if not allowed:
        sku = (row_of(writer.connection, "products", product) or {}).get("sku")
        detail = f'Unit "{unit}" is not allowed for product "{sku}".'
        draft.complain("product price allowed units constraint", detail, "relationships/unit")


def _before_price(writer: Writer, draft: Draft) -> None:
    price_list = draft.get("priceList")
    number = price_list.id if isinstance(price_list, Draft) else price_list
    if not draft.update:
        draft.id = f"{draft.id}-{number}"


def _check_price_list(writer: Writer, draft: Draft) -> None:
    if draft.update and "priceListCurrencies" not in draft.values:
        return
    currencies = json.loads(draft.get("priceListCurrencies") or "[]")
    if not currencies:
        draft.complain("count constraint", "This collection should contain 1 element or more. Source: currencies.")
    for position, currency in enumerate(currencies):
        if not _CURRENCY.match(str(currency)):
            detail = f"This value is not a valid currency. Source: currencies.{position}.currency."
            draft.complain("currency constraint", detail)


def _before_price_list(writer: Writer, draft: Draft) -> None:
    if "priceListCurrencies" in draft.values:
        draft.values["priceListCurrencies"] = json.dumps(sorted(json.loads(draft.values["priceListCurrencies"])))


def _removed_price_list(writer: Writer, price_list: Any) -> None:
    for table in ("productprices", "pricelisttocustomergroups", "pricelisttocustomers"):
        writer.connection.execute(f'DELETE FROM {table} WHERE "priceList" = ?', (price_list,))


RULES = {
    "productprices": Rules(check=_check_price, before=_before_price),
    "pricelists": Rules(check=_check_price_list, before=_before_price_list, removed=_removed_price_list),
}
