"""Single calls: one record, what a relationship of it leads to, and any request that no other operator makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from oro_provider.arguments import mapping, one_of, several
from oro_provider.links import OroCommerceRecordLink, leave, record_page
from oro_provider.operators.records import Document
from oro_provider.operators.store import StoreOperator
from oro_provider.retry import airflow_errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context

    from oro_provider.api.settings import Settings

RELATED_PAGE = 1000
DEFAULT_PAGE = 10  # of a list whose size nobody names (5.1 to 7.0)


class OroCommerceGetOperator(StoreOperator):
    """Reads one record and returns it as a flat dict, or None where there is none and `missing_ok` says so.

    :param entity: the resource: `"products"`. (templated)
    :param id: the record's id. (templated)
    :param relationship: read what this relationship of the record leads to instead: `"unitPrecisions"`; a list is read to its
        end. (templated)
    :param include: relationships to nest in the record. (templated)
    :param fields: attributes and relationships wanted, by resource: `{"orders": ["identifier"]}`. (templated)
    :param missing_ok: None, instead of a failure, where the store has no such record.
    :param orocommerce_conn_id: the connection. (templated)
    """

    template_fields: Sequence[str] = ("orocommerce_conn_id", "entity", "id", "relationship", "include", "fields")
    template_fields_renderers = {"fields": "json"}  # noqa: RUF012 - Airflow's form
    operator_extra_links = (OroCommerceRecordLink(),)

    def __init__(
        self,
        *,
        entity: str,
        id: str,  # noqa: A002 - the API's word
        relationship: str | None = None,
        include: Sequence[str] = (),
        fields: Mapping[str, Sequence[str]] | None = None,
        missing_ok: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.entity = entity
        self.id = id
        self.relationship = relationship
        self.include = include
        self.fields = fields
        self.missing_ok = missing_ok

    def execute(self, context: Context) -> Any:
        from oro_provider.api.errors import NotFound
        from oro_provider.entities import ENTITIES

        with airflow_errors():
            include = several(self.include, "include")
            fields = {name: several(given, "fields") for name, given in mapping(self.fields, "fields").items()}
            known = ENTITIES.get(self.entity)
            page = record_page(self.hook.settings, known, str(self.id)) if known is not None else None
            leave(context, OroCommerceRecordLink(), page)
            try:
                if self.relationship:
                    return self._related(self.relationship, include, fields)
                return self.hook.get(self.entity, str(self.id), include=include, fields=fields)
            except NotFound:
                if self.missing_ok:
                    return None
                raise

    def _related(self, relationship: str, include: tuple[str, ...], fields: Mapping[str, Sequence[str]]) -> Any:
        from oro_provider.api.documents import decode, read_included, read_one
        from oro_provider.api.query import Query
        from oro_provider.entities.shapes import SHAPES
        from oro_provider.extract.records import check_delivered, flat_record, include_tree

        client, tree = self.hook.client, include_tree(include)
        query = Query(include=include, fields=fields)
        shape = SHAPES.get(self.entity)
        known = shape.relationships.get(relationship) if shape is not None else None
        if known is None or not known.many:
            answer = client.perform(client.calls.related(self.entity, str(self.id), relationship, query))
            document = decode(answer)
            if not isinstance(document.get("data"), list):
                if not document.get("data"):
                    return None
                one = read_one(document)
                check_delivered(one, include, fields)
                return flat_record(one, read_included(document), tree)
        # Ten records by default (5.1 to 7.0), so a list is read page after page.
        path = f"{self.entity}/{self.id}/{relationship}"
        records = []
        for page in client.pages(path, query.where(size=RELATED_PAGE), order="number"):
            for one in page.resources:
                check_delivered(one, include, fields)
                records.append(flat_record(one, page.included, tree))
        return records


class OroCommerceRequestOperator(StoreOperator):
    """Makes a request below the API and returns the answer's document, None where it has none.

    For what no other operator does. A write is repeated only where the store surely did not do it, so a lost answer fails
    the task: look before running it again.

    One request is one page: a list that fills the store's own page of 10, since the endpoint names no `page[size]`, is warned of.

    :param endpoint: the path below the API: `"orders/7/relationships/shippingTrackings"`, `"orders/7?include=lineItems"`,
        `"countries?page[size]=300"`. (templated)
    :param method: GET, POST, PATCH or DELETE.
    :param filters: filters by name, for a list. (templated)
    :param data: the document to send, a dict. Not kept in the rendered fields. (templated)
    :param orocommerce_conn_id: the connection. (templated)
    """

    template_fields: Sequence[str] = ("orocommerce_conn_id", "endpoint", "filters", "data")
    template_fields_renderers = {"filters": "json"}  # noqa: RUF012 - Airflow's form

    def __init__(
        self,
        *,
        endpoint: str,
        method: str = "GET",
        filters: Mapping[str, Any] | None = None,
        data: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint = endpoint
        self.method = one_of(method.upper(), ("GET", "POST", "PATCH", "DELETE"), "method")
        self.filters = filters
        self.data = data

    def rendered(self) -> None:
        self.data = Document.of(self.data)

    def execute(self, context: Context) -> Any:
        from oro_provider.api.documents import decode
        from oro_provider.api.query import Query

        self.rendered()
        with airflow_errors():
            client = self.hook.client
            self._refuse_whole_address(client.settings)
            body = self.data.encoded() if self.data is not None else None
            filters = mapping(self.filters, "filters")
            query = Query(filters=filters) if filters else None
            answer = client.perform(client.calls.any(self.method, self.endpoint, query, body))
            if not answer.body:
                return None
            document = decode(answer)
            self._warn_of_first_page(document)
            return document

    def _refuse_whole_address(self, settings: Settings) -> None:
        whole = urlsplit(settings.api_url).path
        if "://" in self.endpoint.partition("?")[0] or f"/{self.endpoint.lstrip('/')}/".startswith(f"{whole}/"):
            raise ValueError(f"endpoint is {self.endpoint!r}; it is what follows {settings.api_url}/, such as orders/7")

    def _warn_of_first_page(self, document: Mapping[str, Any]) -> None:
        found, links = document.get("data"), document.get("links")
        more = isinstance(links, dict) and "next" in links  # never for products, nor by a store that leaves links out
        if self.method != "GET" or not isinstance(found, list) or "page[size]" in unquote(self.endpoint):
            return
        if more or len(found) == DEFAULT_PAGE:
            self.log.warning(
                "The store answered %d records, a page of its own size: there may be more. Name the size (%s%spage[size]=100), or "
                "read lists by an extract or hook.list.",
                len(found),
                self.endpoint,
                "&" if "?" in self.endpoint else "?",
            )
