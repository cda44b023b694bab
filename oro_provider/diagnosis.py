"""What is wrong with a connection and what to do about it: a list of findings, from the address down to each resource.

Reads only, unless asked for more. One request goes out without a token: it tells an API that is switched off from wrong credentials, since the token
endpoint of such a store answers 401 `invalid_client` either way (5.1 to 7.0).
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Literal

from oro_provider.api.documents import resource_object
from oro_provider.api.errors import (
    ApiUnavailable,
    AuthenticationFailed,
    ConnectionFailed,
    InvalidRequest,
    Maintenance,
    NotFound,
    OroCommerceError,
    PermissionDenied,
    error_objects,
)
from oro_provider.api.exchange import Failure, Request, Response
from oro_provider.api.query import Query
from oro_provider.entities import ENTITIES
from oro_provider.rights import may_watch_operations, rights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oro_provider.api.client import OroClient
    from oro_provider.api.settings import Settings

State = Literal["ok", "warning", "failed"]

# The misconfigurations that people meet, by name, each with its cure in one line; docs/connection.md has them all.
CURES = {
    "field": "Correct that field of the Airflow connection.",
    "unreachable": "Correct the connection's host (and proxies); from a worker, `curl -I <host>` must get an answer.",
    "untrusted": "Give the authority's certificate as extra 'ca_bundle'; a self-signed one is its own authority.",
    "client_certificate": "Give the certificate that the store, or a gateway before it, asks for as extra 'cert'.",
    "gateway": "Let the workers through what stands in front of the store, by their address or by a header in extra 'extra_headers'.",
    "redirected": "Set the connection's host to the address that the store redirects to.",
    "api_off": "Switch the web API on: `bin/console oro:config:update oro_api.web_api 1`, then clear the cache.",
    "prefix": "Set extra 'admin_prefix' to the store's web_backend_prefix, and 'api_path' to the API below it.",
    "not_oro": "Set the connection's host to the address of an OroCommerce store, without a path of its back office.",
    "token_path": "Leave extra 'token_path' empty: it is `oauth2-token` below the host, never below the back-office prefix.",
    "credentials": "Copy client id and secret anew from System > User Management > OAuth Applications, where the application must be "
    "active and have the connection's grant type.",
    "user_password": "Correct extras 'username' and 'user_password': they are a back-office user's, who must be enabled.",
    "login": "Run `airflow orocommerce login <conn_id>` on a machine with a browser, or with --paste.",
    "user": "Enable the back-office user who owns the OAuth application (a disabled one's tokens are refused).",
    "permission": "Give the role of the OAuth application's owner the View permission on it.",
    "rights": "Give the role of the OAuth application's owner the Create and Edit permissions on it, if DAGs are to write it.",
    "operations": "Give the role the View and Create permissions on asynchronous operations: loads of many rows need them.",
    "organization": "Make the OAuth application in the organization that owns the data: its tokens see no other.",
    "maintenance": "Wait for the maintenance to end: `bin/console lexik:maintenance:unlock` ends it.",
    "consumer": "Start a message consumer: `bin/console oro:message-queue:consume`; batches wait for one.",
    "clock": "Set this machine's clock by NTP: tokens are renewed by it.",
    "missing": "This store's version does not have it: leave the operators for it out.",
}
CLOCK_SECONDS = 30.0
CONSUMER_SECONDS = 30.0
_NONE = "can be read, and there is none"
_OWNED = frozenset({"products", "customers", "orders"})  # what each organization has of its own
# The anonymous request of a store that answers API calls; a list that each version has and that is cheap.
_ANONYMOUS = "countries"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what was found, and the cure where something is to be done."""

    check: str
    state: State
    says: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings about a connection, in the order in which they were looked for."""

    connection: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed; warnings are allowed."""
        return all(finding.state != "failed" for finding in self.findings)

    def as_json(self) -> dict[str, object]:
        """Return the findings for machines."""
        found = [asdict(finding) for finding in self.findings]
        return {"connection": self.connection, "ok": self.ok, "findings": found}

    def table(self) -> str:
        """Return the findings for people: a line each, and the cure below it."""
        width = max((len(finding.check) for finding in self.findings), default=0)
        lines = []
        for finding in self.findings:
            lines.append(f"{finding.state:<8} {finding.check:<{width}}  {finding.says}")
            if finding.cure:
                lines.append(f"{'':8} {'':<{width}}  -> {finding.cure}")
        return "\n".join(lines)


def _failed(check: str, says: str, cure: str) -> Finding:
    return Finding(check, "failed", says, CURES[cure])


def field_finding(problem: ValueError) -> Finding:
    """Return the finding about a connection that cannot be read at all."""
    return _failed("connection", str(problem), "field")


def look(client: OroClient, *, consumers: bool = False, writes: bool = False) -> Iterator[Finding]:
    """Yield what is found about a store; end at what makes the rest pointless.

    `consumers` sends a batch that changes nothing, `writes` requests that the store refuses (`oro_provider.rights`).
    """
    settings = client.settings
    yield Finding("connection", "ok", f"{settings.base_url}, grant {settings.grant_type}")
    address = look_at_address(client)
    yield address
    if address.state == "failed":
        return
    yield from _clock(client)
    token = look_at_token(client)
    yield token
    if token.state == "failed":
        return
    resources = list(_resources(client, writes=writes))
    yield from resources
    if all(finding.state != "failed" for finding in resources):
        yield from _features(client)
        yield from _organization(client)
    if writes and not may_watch_operations(client):
        yield Finding("operations", "warning", "The role may not view asynchronous operations.", CURES["operations"])
    if consumers:
        yield _consumer(client)


def look_briefly(client: OroClient) -> Finding:
    """Return what matters most, for a form that waits: whether a token comes and orders can be read."""
    token = look_at_token(client)
    if token.state == "failed":
        # A store that took its time is not asked once more.
        if "certificate" in token.says or token.cure != CURES["credentials"]:
            return token
        address = look_at_address(client)
        return address if address.cure in {CURES["api_off"], CURES["maintenance"]} else token
    query = Query(fields={"orders": ["identifier"]}, size=1)
    try:
        client.perform(client.calls.page("orders", query))
    except PermissionDenied as error:
        says = f"Logged in, but the application's user may not view orders. {_without_cure(error)}"
        return Finding("orders", "failed", says, CURES["permission"])
    except ApiUnavailable as error:
        # A switched-off API answers in JSON; where a token came and a page of HTML follows, the path is not the API's.
        return _switched_off() if error.errors else _no_api(client.settings)
    except OroCommerceError as error:
        return Finding("orders", "failed", str(error))
    return Finding("orders", "ok", f"Logged in to {client.settings.base_url} and read from its API.")


def _switched_off() -> Finding:
    return _failed("address", "The store's web API is switched off.", "api_off")


def _no_api(settings: Settings) -> Finding:
    says = f"There is no API at {settings.api_url}, though {settings.origin} is an OroCommerce store."
    return _failed("address", says, "prefix")


def _anonymous(settings: Settings) -> Request:
    headers = {**settings.extra_headers, "Accept": "application/vnd.api+json", "User-Agent": settings.user_agent}
    return Request("GET", f"{settings.api_url}/{_ANONYMOUS}?page%5Bsize%5D=1", headers, repeatable=True)


def look_at_address(client: OroClient) -> Finding:
    """Return whether an API answers at the connection's address: asked without a token, it says 401."""
    settings = client.settings
    answer = client.send(_anonymous(settings))
    where = f"{settings.api_url}"
    if isinstance(answer, Failure):
        cure = _unanswered_cure(answer.reason)
        return _failed(
            "address", f"{answer.reason.removesuffix('?')}{'?' if answer.reason.endswith('?') else '.'}", cure
        )
    if answer.is_gateways:
        return _failed("address", f"{where} answered {answer.status}, by something in front of the store.", "gateway")
    if answer.status == 401:
        return Finding("address", "ok", f"{where} asks for a token")
    if answer.status == 415 and answer.is_html:
        return _failed("address", f"{settings.origin} is in maintenance mode.", "maintenance")
    if 300 <= answer.status < 400:
        if answer.redirect_origin in {settings.origin, "another path"}:
            return _failed("address", f"{where} is a page of the store and no API: it redirects to a login.", "prefix")
        return _failed("address", f"{settings.origin} redirects to {answer.redirect_origin}.", "redirected")
    if answer.status == 404:
        if any(error.title == "not found http exception" and not error.detail for error in error_objects(answer.body)):
            return _switched_off()
        return _nothing_there(client, where)
    if 200 <= answer.status < 300:
        return _failed(
            "address", f"{where} answers without a token: it is no API of an OroCommerce back office.", "not_oro"
        )
    return _failed("address", f"{where} answered {answer.status}.", "unreachable")


def _unanswered_cure(reason: str) -> str:
    """The cure of what keeps an answer away, by how the drivers call it."""
    if "client certificate" in reason:
        return "client_certificate"
    return "untrusted" if "certificate" in reason else "unreachable"


def _nothing_there(client: OroClient, where: str) -> Finding:
    """What a 404 of the API means: the prefix is wrong where a token endpoint is there all the same."""
    settings = client.settings
    headers = {**settings.extra_headers, "Accept": "application/json", "User-Agent": settings.user_agent}
    # GET of the token endpoint is 405 (5.1 to 7.0).
    endpoint = client.send(Request("GET", settings.token_url, headers, repeatable=True))
    if isinstance(endpoint, Response) and endpoint.status == 405:
        return _no_api(settings)
    return _failed(
        "address", f"There is neither an API at {where} nor a token endpoint at {settings.token_url}.", "not_oro"
    )


def look_at_token(client: OroClient) -> Finding:
    """Return whether the store gives a token, and whether its API takes it."""
    settings = client.settings
    try:
        if settings.grant_type != "authorization_code":  # a pair is refreshed when it is due, not to try it
            client.forget_token()
        client.token()
    except NotFound as error:
        return _failed("token", str(error), "token_path")
    except AuthenticationFailed as error:
        return _failed("token", str(error), _token_cure(settings, error))
    except Maintenance as error:
        return _failed("token", str(error), "maintenance")
    except ConnectionFailed as error:
        return _failed("token", str(error), _unanswered_cure(str(error)))
    except OroCommerceError as error:
        return _failed("token", str(error), "not_oro")
    return Finding("token", "ok", f"{settings.token_url} gives one to client {settings.client_id}")


def _token_cure(settings: Settings, error: AuthenticationFailed) -> str:
    if "invalid_client" in str(error) or "unsupported_grant_type" in str(error):
        return "credentials"
    return {"password": "user_password", "authorization_code": "login"}.get(settings.grant_type, "credentials")


def _resources(client: OroClient, *, writes: bool) -> Iterator[Finding]:
    """Each resource that the provider's operators use; ends where the answer is the same for all of them."""
    found = []
    for type_ in ENTITIES:
        finding = _resource(client, type_, writes=writes)
        found.append(finding)
        yield finding
        if finding.state == "failed" and finding.cure != CURES["permission"]:
            return
    owned = [finding for finding in found if finding.check in _OWNED]
    if owned and all(finding.says.startswith(_NONE) for finding in owned):
        yield Finding(
            "organization", "warning", "The store shows no product, no customer and no order.", CURES["organization"]
        )


def _resource(client: OroClient, type_: str, *, writes: bool) -> Finding:
    """Whether a list can be read: a page of one record. And what the role may do with it, where that is asked for."""
    found = None
    try:
        page = client.perform(client.calls.page(type_, Query(fields={type_: ["createdAt"]}, size=1)))
    except PermissionDenied as error:
        return _failed(type_, _without_cure(error), "permission")
    except AuthenticationFailed as error:
        return _failed(type_, str(error), "user")
    except NotFound as error:
        if edition := ENTITIES[type_].edition:
            return Finding(type_, "ok", f"is not there: the {edition} edition has it")
        return Finding(type_, "warning", str(error), CURES["missing"])
    except InvalidRequest as error:
        # Prices of a customer and the like are listed for one owner only; who may not read them gets a 403 first.
        if any(one.detail.endswith("filter is required.") for one in error.errors):
            says = "can be asked for, by a filter"
        else:
            return Finding(type_, "failed", str(error))
    except Maintenance as error:
        return _failed(type_, str(error), "maintenance")
    except OroCommerceError as error:
        return Finding(type_, "failed", str(error))
    else:
        found = page.resources[0].id if page.resources else None
        says = "can be read" if page.resources else _NONE
    if not writes:
        return Finding(type_, "ok", says)
    may = rights(client, ENTITIES[type_], found)
    cure = CURES["rights"] if may.lacking else ""
    return Finding(type_, "warning" if cure else "ok", f"{says}; {may}", cure)


def _clock(client: OroClient) -> Iterator[Finding]:
    """The difference between the store's clock and this machine's."""
    before = time.time()
    answer = client.send(_anonymous(client.settings))
    if not isinstance(answer, Response) or answer.date is None:
        return
    here = datetime.fromtimestamp((before + time.time()) / 2, timezone.utc)
    seconds = (answer.date - here).total_seconds()
    says = f"the store's is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} this machine's"
    if abs(seconds) > CLOCK_SECONDS:
        yield Finding("clock", "warning", says, CURES["clock"])
    else:
        yield Finding("clock", "ok", says)


def _features(client: OroClient) -> Iterator[Finding]:
    """What differs between versions and decides which operators work: tried, not guessed from a version number."""
    tried = {
        "statuses of orders": ("internalStatus", "open"),  # not before 6.0
        "external ids": ("externalId[exists]", "no"),  # from 6.1.10 on
    }
    has, lacks = [], []
    for name, (filter_, value) in tried.items():
        attribute = filter_.partition("[")[0]
        query = Query(filters={filter_: value}, fields={"orders": [attribute]}, size=1)
        try:
            client.perform(client.calls.page("orders", query))
        except InvalidRequest:
            lacks.append(name)
        else:
            has.append(name)
    parts = [f"has {' and '.join(has)}" if has else "", f"has no {' and no '.join(lacks)}" if lacks else ""]
    yield Finding("features", "ok", ", ".join(filter(None, parts)))


def _organization(client: OroClient) -> Iterator[Finding]:
    """Whose data the token sees."""
    query = Query(fields={"organizations": ["name"]}, size=10)
    try:
        page = client.perform(client.calls.page("organizations", query))
    except (PermissionDenied, NotFound):
        return  # the role need not see it
    names = [str(resource.attributes.get("name")) for resource in page.resources]
    if names:
        yield Finding("organization", "ok", f"the token sees {', '.join(names)}")


def _consumer(client: OroClient) -> Finding:
    """Whether a message consumer runs: a batch that gives a customer the name that it has, so that nothing changes."""
    query = Query(fields={"customers": ["name"]}, size=1)
    found = client.perform(client.calls.page("customers", query)).resources
    if not found:
        return Finding("consumer", "warning", "There is no customer to try a batch with.")
    data = resource_object("customers", found[0].id, attributes=dict(found[0].attributes), meta={"update": True})
    call = client.calls.batch("customers", [data])
    call = replace(call, request=replace(call.request, read_timeout=max(40.0, client.settings.read_timeout)))
    try:
        answer = client.perform(call)
    except PermissionDenied as error:
        about_operations = any("asynchronous operation" in one.detail for one in error.errors)
        cure = CURES["operations" if about_operations else "rights"]
        return Finding("consumer", "warning", _without_cure(error), cure)
    # A store answers 202 after 25 s when nobody took the batch; before 6.0.4 it does so at once.
    if answer.status == 200 or _is_done(client, answer):
        return Finding("consumer", "ok", "a batch was done")
    return _failed("consumer", "A batch was taken and not done within half a minute.", "consumer")


def _without_cure(error: PermissionDenied) -> str:
    """What was asked and what the store said; a finding has a cure of its own."""
    return str(error).partition(" Give the role")[0]


def _is_done(client: OroClient, answer: Response) -> bool:
    from oro_provider.api.documents import decode, read_one

    operation = read_one(decode(answer)).id
    give_up_at = time.monotonic() + CONSUMER_SECONDS
    while time.monotonic() < give_up_at:
        status = client.get("asyncoperations", operation).resource.attributes.get("status")
        if status not in {"new", "running"}:
            return True
        time.sleep(0.5)
    return False
