"""The hook: from an Airflow connection to clients of the store, and the small calls that a task makes itself.

It is an `HttpHook`, so that a plain `HttpOperator` on our connection sends our token; what it sends and logs is ours all
the same, since `HttpHook` sends unknown extras as headers and logs the bodies of errors.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.http.hooks.http import HttpHook
from airflow.sdk.log import mask_secret

from oro_provider.api.client import OroClient
from oro_provider.api.documents import linkage, resource_object
from oro_provider.api.exchange import Request, Response, Retries
from oro_provider.api.grants import GRANT_TYPE
from oro_provider.api.query import Query, filtered_names, names_of
from oro_provider.connection import (
    CONNECTION_TYPE,
    HOOK_NAME,
    ConnectionFieldError,
    connection_form_widgets,
    parse_connection,
    secret_values,
    ui_field_behaviour,
)
from oro_provider.entities import paging_order
from oro_provider.extract.records import check_delivered, flat_record, include_tree
from oro_provider.extract.spec import check_filter
from oro_provider.grant_variable import VariableGrants
from oro_provider.version_compat import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import requests

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.calls import Record
    from oro_provider.api.documents import Linkage
    from oro_provider.api.grants import GrantStore
    from oro_provider.api.query import FilterValue
    from oro_provider.api.settings import Settings
    from oro_provider.diagnosis import Diagnosis

# The API server runs a connection's test and must answer its user: a token and a read, each connecting and answering in time.
TEST_TIMEOUT = 2.4


class OroCommerceHook(HttpHook):
    """Speaks to the store of an `orocommerce` connection.

    :param orocommerce_conn_id: the connection's id.
    :param method: the HTTP method of `run()`, as `HttpOperator` gives it.

    Raises `ConnectionFieldError` for a connection that cannot be used and subclasses of `OroCommerceError` for what goes
    wrong with the store (`oro_provider.api.errors`).
    """

    conn_name_attr = "orocommerce_conn_id"
    default_conn_name = "orocommerce_default"
    conn_type = CONNECTION_TYPE
    hook_name = HOOK_NAME

    def __init__(self, orocommerce_conn_id: str = default_conn_name, method: str = "GET", **options: Any) -> None:
        options.pop("auth_type", None)  # HttpOperator names its own default; ours is the connection's OAuth
        super().__init__(method=method, http_conn_id=orocommerce_conn_id, **options)
        self.orocommerce_conn_id = orocommerce_conn_id

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Return the connection form's fields for Airflow 3.1; later versions read them from the provider's metadata."""
        return connection_form_widgets()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return how the form shows Airflow's own fields, for Airflow 3.1."""
        return ui_field_behaviour()

    @cached_property
    def settings(self) -> Settings:
        """The connection as settings; its secrets are masked in every log from here on."""
        settings = parse_connection(self.get_connection(self.orocommerce_conn_id))
        for secret in secret_values(settings):
            mask_secret(secret)
        return settings

    async def load_settings(self) -> Settings:
        """Read the connection without blocking an event loop, as a trigger must; `settings` has it from then on."""
        if "settings" not in self.__dict__:
            from airflow.providers.common.compat.connection import get_async_connection

            connection = await get_async_connection(self.orocommerce_conn_id)
            # Not `extra_dejson`, which masks by a call to the supervisor that must not be made in an event loop.
            settings = parse_connection(connection, _extra(connection.extra))
            for secret in secret_values(settings):
                await in_thread(mask_secret, secret)
            self.__dict__["settings"] = settings
        return self.settings

    @cached_property
    def client(self) -> OroClient:
        """The client for a task's small calls."""
        return OroClient(self.settings, on_token=mask_secret, grants=self.grants)

    @property
    def async_client(self) -> AsyncOroClient:
        """A new client for one event loop: `async with hook.async_client as client: ...`."""
        from oro_provider.api.async_client import AsyncOroClient

        return AsyncOroClient(self.settings, on_token=mask_secret, grants=self.grants, in_thread=in_thread)

    @property
    def grants(self) -> GrantStore:
        """Where the tokens of a login by browser are kept."""
        return VariableGrants(self.orocommerce_conn_id)

    def get(
        self, type_: str, id_: str, *, include: Iterable[str] = (), fields: Mapping[str, Iterable[str]] | None = None
    ) -> dict[str, Any]:
        """Return one record as a flat dict, with what is included nested in it: `hook.get("orders", "7")`.

        Raise `ValueError` for an include or a field that the store does not know.
        """
        include = names_of(include)
        fields = _named(fields)
        asked = _with_needed(fields, type_, filtered_names(include))
        record = self.client.get(type_, str(id_), Query(include=include, fields=asked))
        check_delivered(record.resource, include, fields)
        return _flat(record, include)

    def list(
        self,
        type_: str,
        *,
        filters: Mapping[str, FilterValue] | None = None,
        include: Iterable[str] = (),
        fields: Mapping[str, Iterable[str]] | None = None,
        page_size: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield every record of a list as a flat dict, page after page to its end.

        Name the `fields` that you need: a store's default document of an order is ten times as slow (6.1.9). What a filter looks
        at and what is included come along. Raise `ValueError` for an include or a field that the store does not know, and for a
        filter that it would answer wrongly.
        """
        include, filters = names_of(include), filters or {}
        for path, value in filters.items():
            check_filter(type_, path, value)
        fields = _named(fields)
        asked = _with_needed(fields, type_, [*filtered_names(filters), *filtered_names(include)])
        size = page_size or self.settings.page_size
        query = Query(filters=filters, include=include, fields=asked, size=size)
        for page in self.client.pages(type_, query, order=paging_order(type_), until_empty=bool(filters)):
            for resource in page.resources:
                check_delivered(resource, include, fields)
                yield flat_record(resource, page.included, include_tree(include))

    def create(
        self,
        type_: str,
        attributes: Mapping[str, Any],
        relationships: Mapping[str, Linkage] | None = None,
    ) -> dict[str, Any]:
        """Create a record and return it as a flat dict; relationships are `Ref` values or tuples of them."""
        return _flat(self.client.create(_object(type_, None, attributes, relationships)), ())

    def update(
        self,
        type_: str,
        id_: str,
        attributes: Mapping[str, Any] | None = None,
        relationships: Mapping[str, Linkage] | None = None,
    ) -> dict[str, Any]:
        """Change what is named of a record and return it; a to-many relationship that is named is replaced whole."""
        return _flat(self.client.update(_object(type_, str(id_), attributes, relationships)), ())

    def delete(self, type_: str, id_: str) -> None:
        """Delete a record; `NotFound` where there is none."""
        self.client.delete(type_, str(id_))

    def get_conn(
        self, headers: dict[Any, Any] | None = None, extra_options: dict[str, Any] | None = None
    ) -> requests.Session:
        """Return a session that is authenticated for the store and refuses every other address.

        Its headers are the connection's `extra_headers` and ours; no other extra goes out. `run()` sends with the
        connection's time-outs, proxies and TLS unless `extra_options` say otherwise.
        """
        from oro_provider.api.session import StoreSession

        settings = self.settings
        self.base_url = settings.base_url
        self._base_url_initialized = True
        # What HttpHook.run() sends with; a get_conn that leaves it empty sends without any time-out.
        self.merged_extra = {
            "timeout": (settings.connect_timeout, settings.read_timeout),
            **(extra_options or {}),
        }
        session = self._configure_session_from_mount_adapters(StoreSession(self.client))
        if headers:
            session.headers.update(headers)
        return session

    def url_from_endpoint(self, endpoint: str | None) -> str:
        """Return the address of an endpoint of `run()`, which is a path below the store's own address."""
        self.base_url = self.settings.base_url
        self._base_url_initialized = True
        return super().url_from_endpoint(endpoint)

    def check_response(self, response: requests.Response) -> None:
        """Raise the typed error of an answer that is no success. Its body, which may be a customer's, is not logged."""
        if response.status_code < 400:
            return
        from oro_provider.api.errors import error_for

        request = Request(response.request.method or "", response.request.url or "")
        headers = {name.lower(): value for name, value in response.headers.items()}
        raise error_for(request, Response(response.status_code, headers, response.content))

    def diagnose(self, *, consumers: bool = False, writes: bool = False) -> Diagnosis:
        """Look at the connection from its fields to each resource, and say what is wrong and what to do about it.

        Reads only; `consumers` also sends a batch that changes nothing, to see whether a message consumer runs; `writes` also
        tries what the role may create and change, by requests that the store refuses for another reason.
        """
        from oro_provider.diagnosis import CURES, Diagnosis, Finding, field_finding, look

        try:
            settings = self.settings
        except ConnectionFieldError as error:
            return Diagnosis(self.orocommerce_conn_id, (field_finding(error),))
        findings = []
        if settings.grant_type == GRANT_TYPE and (problem := VariableGrants(self.orocommerce_conn_id).shadowed()):
            findings.append(
                Finding("tokens", "failed", f"The kept pair cannot be replaced: {problem}.", CURES["login"])
            )
        with OroClient(settings, retries=Retries(attempts=2), on_token=mask_secret, grants=self.grants) as client:
            findings += look(client, consumers=consumers, writes=writes)
        return Diagnosis(self.orocommerce_conn_id, tuple(findings))

    def test_connection(self) -> tuple[bool, str]:
        """The quick part of `diagnose`, for the form: a token and one read. Writes nothing, takes 10 s at most."""
        from oro_provider.diagnosis import field_finding, look_briefly

        try:
            settings = self.settings
        except ConnectionFieldError as error:
            return False, field_finding(error).says
        brief = replace(settings, connect_timeout=TEST_TIMEOUT, read_timeout=TEST_TIMEOUT, longest_answer=TEST_TIMEOUT)
        with OroClient(brief, retries=Retries(attempts=1), on_token=mask_secret, grants=self.grants) as client:
            finding = look_briefly(client)
        return finding.state == "ok", " ".join(filter(None, (finding.says, finding.cure)))


def _extra(text: str | None) -> dict[str, Any] | None:
    try:
        extra = json.loads(text or "{}")
    except ValueError:
        return {}
    return extra if isinstance(extra, dict) else {}


def _named(fields: Mapping[str, Iterable[str]] | None) -> Mapping[str, tuple[str, ...]]:
    return {type_: names_of(names) for type_, names in (fields or {}).items()}


def _with_needed(
    fields: Mapping[str, tuple[str, ...]], type_: str, needed: Iterable[str]
) -> Mapping[str, tuple[str, ...]]:
    """The fields with those that a filter or an include needs, which a store leaves out in silence where they are not named."""
    return {**fields, type_: tuple(dict.fromkeys([*fields[type_], *needed]))} if type_ in fields else fields


def _flat(record: Record, include: Iterable[str]) -> dict[str, Any]:
    return flat_record(record.resource, record.included, include_tree(include))


def _object(
    type_: str, id_: str | None, attributes: Mapping[str, Any] | None, relationships: Mapping[str, Linkage] | None
) -> dict[str, Any]:
    linkages = {name: linkage(target) for name, target in (relationships or {}).items()}
    return resource_object(type_, id_, attributes=attributes, relationships=linkages)
