"""Orders: lines, totals, discounts, trackings, and what moves an order's `updatedAt`."""

# ruff: noqa: S608 - identifiers come from the shapes, values are bound

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from oro_provider.sandbox.drafts import BLANK, Draft, row_of
from oro_provider.sandbox.errors import Problem, RefusedError, denied, refuse
from oro_provider.sandbox.rules.customers import check_place
from oro_provider.sandbox.rules.hooks import Rules
from oro_provider.sandbox.values import money

if TYPE_CHECKING:
    from oro_provider.sandbox.writing import Writer

_LAST_LINE = "Please add at least one Line Item"
_NO_UNIT = "The product unit does not exist for the product."
_PLACES = frozenset({"billingAddress", "shippingAddress"})
_FINAL = frozenset({"closed", "cancelled"})


def _check_order(writer: Writer, draft: Draft) -> None:
    if draft.update and draft.current.get("internalStatus") in _FINAL:
        raise denied('No access by "EDIT" permission to the entity.')
    if (not draft.update or "lineItems" in draft.many) and not draft.many.get("lineItems"):
        draft.complain("count constraint", _LAST_LINE, "relationships/lineItems")
    if draft.blank("customer") and draft.blank("customerUser") and "customer" not in draft.failed:
        draft.complain("not blank constraint", BLANK, "relationships/customer")


def _before_order(writer: Writer, draft: Draft) -> None:
    user = draft.get("customerUser")
    if draft.blank("customer") and user is not None and not isinstance(user, Draft):
        found = row_of(writer.connection, "customerusers", user)
        draft.values["customer"] = found["customer"] if found else None
    if not draft.update:
        if draft.blank("identifier"):
            draft.values["identifier"] = str(draft.id)
        draft.values["uuid"] = writer.numbers.uuid()
        for name in ("subtotalValue", "totalValue"):
            draft.values.setdefault(name, "0.0000")


def _after_order(writer: Writer, draft: Draft, now: str) -> None:
    if not draft.update or {"lineItems", "discounts"} & draft.many.keys() or _PLACES & draft.values.keys():
        total(writer, draft.id)


def total(writer: Writer, order: Any) -> None:
    """Recompute an order's totals from its lines and discounts, and those of its lines, which need an address to be taxed at."""
    lines = writer.connection.execute(
        'SELECT l."quantity", l."value" FROM orders_lineItems j JOIN orderlineitems l ON l."id" = j."target" '
        'WHERE j."owner" = ?',
        (order,),
    )
    subtotal = sum((Decimal(str(q)) * Decimal(v) for q, v in lines if q is not None and v is not None), Decimal())
    discounts = [
        Decimal(row[0])
        for row in writer.connection.execute('SELECT "amount" FROM orderdiscounts WHERE "order" = ?', (order,))
        if row[0] is not None
    ]
    less = sum(discounts, Decimal())
    values = {
        "subtotalValue": money(subtotal),
        "subtotalWithDiscountsValue": money(subtotal - less),
        "subtotalWithDiscounts": money(subtotal - less),
        "totalValue": money(subtotal - less),
        "totalDiscountsAmount": money(less) if discounts else None,
    }
    writer.set("orders", order, values)
    found = row_of(writer.connection, "orders", order) or {}
    taxed = '"rowTotalAfterDiscount"' if any(found.get(name) is not None for name in _PLACES) else "'0.0000'"
    writer.connection.execute(
        f'UPDATE orderlineitems SET "rowTotalAfterDiscountIncludingTax" = {taxed}, '
        f'"rowTotalAfterDiscountExcludingTax" = {taxed} WHERE "id" IN (SELECT "target" FROM orders_lineItems WHERE "owner" = ?)',
        (order,),
    )


def _orders_of(writer: Writer, line: Any) -> list[Any]:
    rows = writer.connection.execute('SELECT "owner" FROM orders_lineItems WHERE "target" = ?', (line,))
    return [row[0] for row in rows]


def _check_line(writer: Writer, draft: Draft) -> None:
    if not draft.update and not draft.many.get("orders") and "orders" not in draft.failed:
        shown = "order" if writer.catalog.facts.to_one.get("orderlineitems") else "orders"
        if shown == "order":
            draft.complain("not blank constraint", BLANK, "relationships/order")
        else:
            detail = "This collection should contain 1 element or more."
            draft.complain("count constraint", detail, "relationships/orders")
    if draft.blank("productUnit"):
        draft.problems.insert(
            0, Problem(400, "not blank constraint", _NO_UNIT, _at(draft, "relationships/productUnit"))
        )
    if draft.blank("product") and draft.blank("freeFormProduct") and "product" not in draft.failed:
        draft.complain("line item product constraint", "Please choose Product.", "relationships/product")
    _check_enabled(writer, draft)
    quantity = draft.get("quantity")
    if quantity is None:
        draft.complain("not blank constraint", BLANK, "attributes/quantity")
    elif not isinstance(quantity, str) and quantity <= 0:
        draft.complain("greater than constraint", "This value should be greater than 0.", "attributes/quantity")
    if draft.blank("value") and "value" not in draft.failed:
        if writer.catalog.facts.missing_line_price_status == 500:
            raise RefusedError(Problem(500, "error exception"))
        draft.complain("not blank constraint", "Price value should not be blank. Source: price.", "")
        draft.complain("not blank constraint", "Price value should not be blank.", "attributes/value")
    elif draft.blank("currency"):
        draft.complain("not blank constraint", BLANK, "attributes/currency")


def _check_enabled(writer: Writer, draft: Draft) -> None:
    product = draft.values.get("product")
    found = row_of(writer.connection, "products", product) if isinstance(product, int) else None
    if found is not None and found["status"] != "enabled":
        draft.complain("equal to constraint", "The selected product is not enabled", "relationships/product")


def _at(draft: Draft, place: str) -> str:
    return f"{draft.pointer}/{place}/data"


def _before_line(writer: Writer, draft: Draft) -> None:
    product = draft.values.get("product")
    product = product.id if isinstance(product, Draft) else product
    if product is not None:
        found = row_of(writer.connection, "products", product) or {}
        if "productSku" not in draft.values:
            draft.values["productSku"] = found.get("sku")
        if draft.blank("productName"):
            name = writer.connection.execute(
                'SELECT "string" FROM productnames WHERE "product" = ? AND "localization" IS NULL', (product,)
            ).fetchone()
            draft.values["productName"] = name[0] if name else None
    elif draft.blank("productName"):
        draft.values["productName"] = ""  # the name stands in `freeFormProduct` alone
    if draft.values.get("productUnit") is not None:
        draft.values["productUnitCode"] = draft.values["productUnit"]
    key = f"{draft.get('productSku')}-{draft.get('productUnit')}-{draft.id}"
    draft.values["checksum"] = hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()
    if draft.get("quantity") is not None and draft.get("value") is not None:
        row = Decimal(str(draft.get("quantity"))) * Decimal(draft.get("value"))
        draft.values["rowTotalAfterDiscount"] = money(row)


def _after_line(writer: Writer, draft: Draft, now: str) -> None:
    # Every PATCH of a line moves its order's updatedAt, a comment and an unchanged value too.
    for order in _orders_of(writer, draft.id):
        total(writer, order)
        if draft.update or draft.pointer == "/data":
            writer.set("orders", order, {"updatedAt": now})


def _forbid_line(writer: Writer, row: dict[str, Any]) -> str | None:
    for order in _orders_of(writer, row["id"]):
        lines = writer.connection.execute('SELECT count(*) FROM orders_lineItems WHERE "owner" = ?', (order,))
        if lines.fetchone()[0] <= 1:
            return _LAST_LINE + "."
    return None


def _removed_line(writer: Writer, line: Any) -> None:
    now = writer.clock.text()
    orders = _orders_of(writer, line)
    writer.connection.execute('DELETE FROM orders_lineItems WHERE "target" = ?', (line,))
    for order in orders:
        total(writer, order)
        writer.set("orders", order, {"updatedAt": now})


def _check_tracking(writer: Writer, draft: Draft) -> None:
    for name in ("method", "number"):
        if len(str(draft.values.get(name) or "")) > 255:
            raise refuse(500, "driver exception")  # the column is shorter than the API's check
    if writer.catalog.facts.to_one.get(draft.type) and not (draft.update or draft.many.get("orders") or draft.problems):
        raise refuse(500, "not null constraint violation exception")


def _check_discount(writer: Writer, draft: Draft) -> None:
    percent = draft.get("percent")
    if percent is not None and not -1 <= percent <= 1:
        # A fraction: 0.1 is 10 %.
        detail = "This value should be between -100% and 100%."
        draft.complain("range constraint", detail, "attributes/percent")


def _before_discount(writer: Writer, draft: Draft) -> None:
    order = draft.get("order")
    order = order.id if isinstance(order, Draft) else order
    found = row_of(writer.connection, "orders", order) if order is not None else None
    subtotal = Decimal(found["subtotalValue"] or 0) if found else Decimal()
    if draft.get("percent") is not None:
        draft.values["amount"] = money(subtotal * Decimal(str(draft.get("percent"))))
    elif draft.get("amount") is not None and subtotal:
        draft.values["percent"] = float(round(Decimal(draft.get("amount")) / subtotal, 4))


def _after_discount(writer: Writer, draft: Draft, now: str) -> None:
    order = draft.current.get("order")
    if order is not None:
        total(writer, order)
        writer.set("orders", order, {"updatedAt": now})


def _check_address(writer: Writer, draft: Draft) -> None:
    check_place(writer, draft)


RULES = {
    "orders": Rules(check=_check_order, before=_before_order, after=_after_order),
    "orderlineitems": Rules(
        check=_check_line, before=_before_line, after=_after_line, forbid=_forbid_line, removed=_removed_line
    ),
    "orderproductkititemlineitems": Rules(check=_check_enabled),
    "ordershippingtrackings": Rules(check=_check_tracking),
    "orderdiscounts": Rules(check=_check_discount, before=_before_discount, after=_after_discount),
    "orderaddresses": Rules(check=_check_address),
}
