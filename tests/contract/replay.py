"""Replay recorded exchanges against the sandbox and count how many answers are equal.

`python -m tests.contract.replay FILE...` for files in the format of `recording`. What counts as equal: the status; of every error
its title, detail and source; whether there is data, and for each type in it the names of attributes and relations.

Normalised, since a recording cannot show it or another store has it otherwise:

* order within an answer, ids and values, links, dates, hosts, headers;
* tokens: a recorded 401 to a request with a token is replayed with a revoked one, and a 403 that names no record with a role that
  lacks the permission (the recording hides who asked);
* clients and secrets stand for the sandbox's own; a refresh token or code stands for the newest one, or for a used one where the
  recorded answer says that it was revoked;
* an operation that nothing in the recording started has succeeded without reading anything;
* exchanges of one second happened in the order that explains most of them;
* the message consumer has worked off everything before the next request, unless the recorded operation is still `new`.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import sys
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from oro_provider.entities.shapes import SHAPES
from oro_provider.sandbox import storage
from oro_provider.sandbox.exchange import Request
from oro_provider.sandbox.oauth import Client
from oro_provider.sandbox.storage import COMPUTED
from oro_provider.sandbox.store import Settings, Store
from tests.contract.equivalent import Seeder
from tests.contract.recording import Exchange, read, records, version_of

_GRANTS = {
    "cc": frozenset({"client_credentials"}),
    "pw": frozenset({"password", "refresh_token"}),
    "ac": frozenset({"authorization_code", "refresh_token"}),
}
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SECRET = "sandbox-secret"


class Replay:
    """One sandbox, filled for one recording, and the requests of it."""

    def __init__(self, version: str, context: list[Exchange], exchanges: list[Exchange]) -> None:
        connection = storage.connect(":memory:")
        Seeder(connection, context, exchanges).fill()
        self.store = Store(Settings(version=version, search_delay=0.0), connection)
        self.flags: dict[str, float] = {}
        for one in context:
            for name in own_attributes(one.document) if one.status < 300 else ():
                self.flags[name] = min(self.flags.get(name, one.time), one.time)
        self.context = context
        self.exchanges = exchanges
        self.names: dict[str, str] = {}
        self.refreshes: dict[str, bool] = {}  # token or code -> whether it was used
        self.codes: dict[str, bool] = {}
        self.token = self._token()

    def _token(self) -> str:
        form = {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": _SECRET}
        request = Request("POST", "/oauth2-token", "", {"content-type": "application/json"}, json.dumps(form).encode())
        return str(json.loads(self.store.handle(request).body)["access_token"])

    def run(self) -> list[tuple[Exchange, list[str]]]:
        """Every exchange with the ways in which the sandbox's answer differs."""
        results: list[tuple[Exchange, list[str]]] = []
        for _, together in groupby(self.exchanges, key=lambda one: one.time):
            group = list(together)
            self._grow(group[0].time)
            results += [(one, self.differences(one)) for one in self._best_order(group)]
        return results

    def _grow(self, time: float) -> None:
        """Give products the attributes that somebody had added by then."""
        known = self.store.catalog.product_flags
        grown = tuple(sorted(name for name, first in self.flags.items() if time >= first and name not in known))
        if grown:
            self.store.add_product_flags(grown)

    def _best_order(self, group: list[Exchange]) -> list[Exchange]:
        """A recording shows seconds: within one, the order that explains most answers."""
        writes = [one for one in group if one.method in {"POST", "PATCH", "DELETE"} and one.time]
        batches = any(isinstance((one.body or {}).get("data"), list) for one in group if isinstance(one.body, dict))
        if any("/oauth2-token" in one.url for one in group):
            return sorted(group, key=_oauth_step)
        if len(group) < 2 or not writes or batches:
            return group
        refused_first = sorted(group, key=lambda one: one.status < 400)
        reads_first = sorted(group, key=lambda one: one.method != "GET")
        orders = [group, refused_first, reads_first, sorted(group, key=lambda one: one.name), group[::-1]]
        return min(orders, key=self._rehearse)

    def _rehearse(self, order: list[Exchange]) -> int:
        """How many answers differ in this order; nothing stays."""
        memory = self.store.writer.numbers.remember(), dict(self.refreshes), dict(self.names), dict(self.codes)
        self.store.connection.execute("SAVEPOINT rehearse_order")
        try:
            return sum(bool(self.differences(one)) for one in order)
        finally:
            self.store.writer.take_back("rehearse_order")
            self.store.writer.numbers.recall(memory[0])
            self.refreshes, self.names, self.codes = memory[1], memory[2], memory[3]

    def differences(self, one: Exchange) -> list[str]:
        """Replay one exchange."""
        self._prepare(one)
        try:
            response = self.store.handle(self._request(one))
        except Exception as error:  # noqa: BLE001 - a crash is a difference like any other
            return [f"crash: {error!r}"]
        finally:
            self._restore()
        try:
            answer = json.loads(response.body) if response.body else ""
        except ValueError:
            answer = response.body.decode()
        code = re.search(r"[?&]code=([^&]+)", response.headers.get("Location", ""))
        if code:
            self.codes[code[1]] = False
        self._learn(one, answer)
        return list(_compare(one, response.status, answer))

    def _prepare(self, one: Exchange) -> None:
        """Bring the sandbox into the state that the recorded answer tells of."""
        state = one.document.get("data")
        waiting = (
            isinstance(state, dict)
            and state.get("type") == "asyncoperations"
            and state["attributes"]["status"] == "new"
        )
        sync = one.headers.get("x-mode") == "sync"
        self.store.operations.consumers = 0 if waiting and sync else 1
        if not waiting:
            while self.store.operations.work():
                pass
        self._imply(one)
        self._expect_ids(one)
        operation = re.search(r"/asyncoperations/(\d+)", one.url)
        if operation and one.status == 200 and not self.store.operations.knows(int(operation[1])):
            self.store.operations.pretend(int(operation[1]), self._errors_of(operation[1]))
        details = [error.get("detail") for error in one.document.get("errors", ())]
        if one.status == 403 and any(detail in _ROLE for detail in details):
            self.store.faults.denied = {("*", "*")}
        if one.status == 404 and one.document.get("errors") == [{"status": "404", "title": "not found http exception"}]:
            self.store.faults.api_off = True
        if one.url.endswith("/oauth2-token") and "apioff" in one.name:
            self.store.faults.api_off = True

    def _errors_of(self, operation: str) -> list[dict[str, Any]]:
        """The most errors that the recording shows of an operation that it does not show being started."""
        listed = [one.document.get("data") for one in self.context if f"/asyncoperations/{operation}/errors" in one.url]
        return max((data for data in listed if isinstance(data, list)), key=len, default=[])

    def _imply(self, one: Exchange) -> None:
        """Make true what a refusal says of the record in the URL."""
        matched = re.search(r"/admin/api/(\w+)/(\d+)$", one.url)
        if matched is None or matched[1] not in SHAPES or matched[1] in COMPUTED:
            return
        details = [error.get("detail") for error in one.document.get("errors", ())]
        if one.status == 404 and one.method != "GET" and _MISSING in details:
            self.store.connection.execute(f'DELETE FROM "{matched[1]}" WHERE "id" = ?', (matched[2],))
        if one.status == 403 and matched[1] == "orders" and 'No access by "EDIT" permission to the entity.' in details:
            statement = 'UPDATE orders SET "internalStatus" = \'closed\' WHERE "id" = ?'
            self.store.connection.execute(statement, (matched[2],))

    def _expect_ids(self, one: Exchange) -> None:
        """Let what the request creates get the recorded ids."""
        if one.status not in {200, 201, 202} or one.method not in {"POST", "PATCH"}:
            return
        expected: dict[str, set[int]] = {}
        for record in records(one.document):
            if record["id"].isdigit():
                expected.setdefault(record["type"], set()).add(int(record["id"]))
        for resource, numbers in expected.items():
            self.store.writer.numbers.expect(resource, sorted(numbers))
        for number in expected.get("asyncoperations", ()):
            self.store.operations.expect_id(number)

    def _restore(self) -> None:
        self.store.faults.denied = set()
        self.store.faults.api_off = False

    def _request(self, one: Exchange) -> Request:
        parts = urlsplit(one.url)
        headers = dict(one.headers)
        if headers.get("authorization", "").startswith("Basic ") and one.url.endswith("/oauth2-token"):
            headers["authorization"] = "Basic " + base64.b64encode(f"sandbox-client:{_SECRET}".encode()).decode()
        if "/oauth2-token/authorize" in one.url and "login" not in one.answer_headers.get("location", ""):
            headers["cookie"] = self.store.authorize.log_in("admin")
        if headers.get("authorization") == "Bearer <token>":
            headers["authorization"] = f"Bearer {'revoked' if one.status == 401 else self.token}"
        headers["host"] = parts.netloc
        body = one.body
        text = "" if body in (None, "") else body if isinstance(body, str) else json.dumps(body)
        for old, new in self.names.items():
            text = text.replace(old, new)
        path, query = parts.path, parts.query
        for old, new in self.names.items():
            path, query = path.replace(old, new), query.replace(old, new)
        return Request(one.method, path, query, headers, self._credentials(one, text).encode())

    def _credentials(self, one: Exchange, text: str) -> str:
        for match in set(re.findall(r"<client-id-([a-z-]+)>", text + one.url)):
            name = f"<client-id-{match}>"
            secret = None if "public" in match or "skip" in match else _SECRET
            self.store.tokens.clients = {
                **self.store.tokens.clients,
                name: Client(name, secret, _GRANTS[match[:2]], "http://client.example/callback", "skip" in match),
            }
        text = text.replace("<client-secret>", _SECRET)
        if "<refresh-or-code>" in text:
            held = self.codes if "authorization_code" in text else self.refreshes
            used = "revoked" in str(one.document.get("hint", ""))
            wanted = [token for token, spent in held.items() if spent == used and self._fits(token, text)] or [""]
            if one.status == 200 and "code_verifier" not in text:
                wanted.sort(key=self._is_proven, reverse=True)
            text = text.replace("<refresh-or-code>", wanted[-1])
            if one.status == 200:
                held[wanted[-1]] = True
        return text

    def _fits(self, token: str, text: str) -> bool:
        """Whether a code belongs to the client that the request names, and to its way of proof; refresh tokens always may."""
        code = self.store.tokens.codes.get(token)
        if code is None:
            return True
        return code.client in unquote_plus(text) and ("code_verifier" in text) <= (code.challenge is not None)

    def _is_proven(self, token: str) -> bool:
        """Whether a code needs a verifier."""
        code = self.store.tokens.codes.get(token)
        return code is not None and code.challenge is not None

    def _learn(self, one: Exchange, answer: Any) -> None:
        """Remember ids that cannot be foretold, and refresh tokens."""
        if isinstance(answer, dict) and "refresh_token" in answer:
            self.refreshes[answer["refresh_token"]] = False
        if one.status in {200, 201} and one.method in {"POST", "PATCH"} and isinstance(answer, dict):
            pairs = zip(records(one.document.get("data")), records(answer.get("data")), strict=False)
            for old, new in pairs:
                if old["type"] == new["type"] == "productprices":
                    for a, b in zip(_UUID.findall(old["id"]), _UUID.findall(new["id"]), strict=False):
                        self.names[a] = b


_MISSING = "An entity with the requested identifier does not exist."
_ROLE = {"No access to this type of entities.", "No access to create the asynchronous operation."}


def _oauth_step(one: Exchange) -> int:
    """Where an exchange stands in a login: pages, consent, refusals that leave the code good, tokens, what is revoked then."""
    if one.url.partition("?")[0].endswith("/oauth2-token"):
        return (
            2 if "revoked" not in str(one.document.get("hint")) and one.status != 200 else 3 if one.status == 200 else 4
        )
    return 0 if one.method == "GET" else 1


def own_attributes(document: dict[str, Any]) -> set[str]:
    """The boolean attributes of products that no fresh store has."""
    found = set()
    for record in records(document):
        if record["type"] == "products":
            known = SHAPES["products"].attributes
            attributes = record.get("attributes") or {}
            found |= {name for name, value in attributes.items() if isinstance(value, bool) and name not in known}
    return found


def _compare(one: Exchange, status: int, answer: Any) -> list[str]:
    """What differs between the recorded answer and ours."""
    if status != one.status:
        shown = json.dumps(answer)[:300] if status >= 400 else ""
        return [f"status {one.status} -> {status} {shown}"]
    if one.cut or one.answer in (None, ""):
        return []
    if _errors(one.answer) != _errors(answer):
        return [f"errors {_errors(one.answer)} -> {_errors(answer)}"]
    found = []
    ours, theirs = _names(answer), _names(one.answer)
    if _emptiness(one.answer) != _emptiness(answer):
        found.append(f"data {_emptiness(one.answer)} -> {_emptiness(answer)}")
    else:
        for kind in sorted(theirs.keys() & ours.keys()):
            lacks, extra = theirs[kind] - ours[kind], ours[kind] - theirs[kind]
            if lacks or extra:
                found.append(f"{kind}: lacks {sorted(lacks)}, has besides {sorted(extra)}")
    return found


def _errors(answer: Any) -> list[str]:
    errors = answer.get("errors", ()) if isinstance(answer, dict) else answer if isinstance(answer, list) else ()
    if isinstance(answer, dict) and "error" in answer:
        return [json.dumps({name: answer.get(name) for name in ("error", "error_description", "hint")})]
    shown = [
        json.dumps([error.get("title"), error.get("detail"), error.get("source")], sort_keys=True)
        for error in errors
        if isinstance(error, dict) and "title" in error
    ]
    return sorted(shown)


def _emptiness(answer: Any) -> str:
    data = answer.get("data", "none") if isinstance(answer, dict) else answer
    return "some" if data else "none" if data == "none" else "empty"


def _names(answer: Any) -> dict[str, set[str]]:
    """The attribute and relation names of each type in `data` and `included`."""
    if not isinstance(answer, dict):
        first = answer[0] if isinstance(answer, list) and answer and isinstance(answer[0], dict) else {}
        return {"plain": set(first)}
    found: dict[str, set[str]] = {}
    for part in ("data", "included"):
        listed = answer.get(part)
        for record in listed if isinstance(listed, list) else [listed] if isinstance(listed, dict) else []:
            names = found.setdefault(f"{part} {record.get('type')}", set())
            for members in ("attributes", "relationships"):
                names.update(f"{members}.{name}" for name in (record.get(members) or {}))
    return found


def replay_file(path: Path, version: str | None = None) -> list[tuple[Exchange, list[str]]]:
    """Replay one file; its neighbours in the folder tell what the store holds."""
    exchanges = read(path)
    context = [one for other in sorted(path.parent.glob("*.jsonl")) for one in read(other)]
    return Replay(version or version_of(path), context, exchanges).run()


def main(arguments: list[str] | None = None) -> int:
    """Print the share of equal answers of each file, and with `-v` every difference."""
    parser = argparse.ArgumentParser(prog="python -m tests.contract.replay", description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--version", help="the sandbox version (default: from the folder's name)")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--least", type=float, default=0.97, help="the share that must be equal")
    asked = parser.parse_args(arguments)
    totals: Counter[str] = Counter()
    files = [file for path in asked.paths for file in (sorted(path.rglob("*.jsonl")) if path.is_dir() else [path])]
    for file in files:
        results = replay_file(file, asked.version)
        equal = sum(not differences for _, differences in results)
        totals.update(equal=equal, all=len(results))
        sys.stdout.write(
            f"{file.parent.name}/{file.name}: {equal} of {len(results)} equal ({equal / max(len(results), 1):.1%})\n"
        )
        for one, differences in results:
            for difference in differences if asked.verbose else ():
                sys.stdout.write(f"  {one.name}: {difference}\n")
    share = totals["equal"] / max(totals["all"], 1)
    sys.stdout.write(f"all: {totals['equal']} of {totals['all']} equal ({share:.1%})\n")
    return 0 if share >= asked.least else 1


if __name__ == "__main__":
    sys.exit(main())
