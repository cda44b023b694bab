"""After the session: no secret and no token that a test used stands in a file, a database or an output that the tests left.

A pytest plugin. What is secret is noted where it is made or sent: by the stores of this process, by the clients of this process.
Tokens of stores are known by how they begin, which costs one look however many there are. What may hold a secret is
`KEPT_ENCRYPTED` of the search, connections and Variables as long as they are encrypted, and `TOLD`.
"""

from __future__ import annotations

import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest

from demo.secrets_search import Leak, Needles, search
from oro_provider.sandbox.store import CLIENT_SECRET

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oro_provider.api.exchange import Request
    from oro_provider.api.oauth import Token
    from oro_provider.api.settings import Settings

CHECKOUT = Path(__file__).resolve().parent.parent
SHORTEST = 8  # characters of a secret that is searched for; a shorter one stands in texts by chance
# A sandbox in a process of its own says on its output where it listens and with which client id and secret: in a log, or to the
# reader who goes the README's way.
TOLD = {("sandbox.log", CLIENT_SECRET), ("output.txt", CLIENT_SECRET)}
_SECRET_FORM_FIELDS = frozenset({"client_secret", "password", "refresh_token", "code", "code_verifier"})


class LeakSearch:
    """Notes secrets while the tests run, looks at each test's output, and at the end of the session into the `folders`."""

    def __init__(self, *folders: Path) -> None:
        self.mark = f"tok{secrets.token_hex(8)}"  # how each token of this session's stores begins
        self.leaks: list[Leak] = []
        self._folders = list(folders)
        self._strings = {self.mark}
        self._fernet_keys: set[str] = set()
        self._began = time.time()
        self._said = ""
        self._patches = pytest.MonkeyPatch()

    def note(self, strings: Iterable[str]) -> None:
        """Take these strings for secret from here on."""
        self._strings.update(one for one in strings if len(one) >= SHORTEST and not one.startswith(self.mark))

    def look_into(self, folder: Path) -> None:
        """Search this folder too."""
        self._folders.append(folder)

    def pytest_sessionstart(self) -> None:
        """Note from here on what is made and sent."""
        from demo import environment
        from oro_provider.api import oauth
        from oro_provider.connection import secret_values
        from oro_provider.sandbox import oauth as store_oauth

        form_request, token_of, airflow = oauth.form_request, oauth._token, environment.airflow
        begin = store_oauth.Tokens.__init__

        def noted_store(tokens: Any, clients: Any, users: Any, *rest: Any) -> None:
            self.note(client.secret or "" for client in clients.values())
            self.note(users.values())
            begin(tokens, clients, users, *rest)

        def noted_form(settings: Settings, form: Any) -> Request:
            self.note(secret_values(settings))
            request = form_request(settings, form)
            sent = parse_qsl((request.body or b"").decode())
            self.note(value for name, value in sent if name in _SECRET_FORM_FIELDS)
            return request

        def noted_token(value: str, *times: float) -> Token:
            self.note([value])
            return token_of(value, *times)

        def noted_airflow(*arguments: Any) -> dict[str, str]:
            made = airflow(*arguments)
            self._fernet_keys.add(made["AIRFLOW__CORE__FERNET_KEY"])
            return made

        self._patches.setattr(oauth, "form_request", noted_form)
        self._patches.setattr(oauth, "_token", noted_token)
        self._patches.setattr(store_oauth.Tokens, "__init__", noted_store)
        self._patches.setattr(environment, "airflow", noted_airflow)
        self._patches.setattr(store_oauth, "new_token", lambda: f"{self.mark}{secrets.token_urlsafe(36)}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at what a test printed and logged."""
        text = "\n".join(content for _, content in report.sections).encode(errors="replace")
        if text and report.when == "teardown":  # which has all of it
            place = f"the output of {report.nodeid}"
            self.leaks += [Leak(place, string) for string in Needles(self._strings).found(text)]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Search everything that was written since the session began; a leak fails the session."""
        self._patches.undo()
        started = time.monotonic()
        keys = {*self._fernet_keys, *_own_fernet_key()}
        folders = [folder for folder in dict.fromkeys(self._folders) if folder.is_dir()]
        found = search(self._strings, folders=folders, fernet_keys=keys, since=self._began)
        self.leaks += [leak for leak in found if (Path(leak.place).name, leak.string) not in TOLD]
        self._said = f"{len(self._strings)} secrets and tokens were searched for in {time.monotonic() - started:.1f} s"
        if self.leaks and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where a secret is, without saying it."""
        if not self.leaks:
            terminalreporter.write_line(f"{self._said}: none is left anywhere")
            return
        terminalreporter.section("secrets were left", red=True)
        for leak in sorted(set(self.leaks)):
            kind = "a token" if leak.string == self.mark else f"a secret of {len(leak.string)} characters"
            terminalreporter.write_line(f"{leak.place}: {kind}")


def _own_fernet_key() -> list[str]:
    """The key of this process's Airflow, if a test used one."""
    if "airflow.configuration" not in sys.modules:
        return []
    from airflow.configuration import conf

    key = conf.get("core", "fernet_key", fallback="")
    return [key] if key else []
