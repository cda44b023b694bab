"""The processes of one home: started in sessions of their own, found again and ended whatever became of their parents.

Each carries the home in its environment. Children inherit that mark, also those that leave their parent's process group
as Airflow's task processes do, so /proc tells what is left even after the demo itself was killed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MARK = "OROCOMMERCE_DEMO_HOME"
TAIL = 30  # lines of a log that an error shows


class ProcessDiedError(RuntimeError):
    """A process ended that should be running; the message has the end of its log."""


@dataclass(frozen=True, slots=True)
class Birth:
    """A process for good: its id, and its start in clock ticks since boot, since ids are given out again."""

    name: str
    pid: int
    started: int

    @classmethod
    def of(cls, name: str, pid: int) -> Birth | None:
        """The process that has this id now, or None when there is none or only its unread exit status."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()  # the command before it may hold spaces and brackets
        return None if fields[0] == "Z" else cls(name, pid, int(fields[19]))

    def alive(self) -> bool:
        return Birth.of(self.name, self.pid) == self

    def send(self, number: signal.Signals) -> None:
        if self.alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


@dataclass
class Processes:
    """What runs for `home`. The file `processes.json` there names it, for the one who has to end it later."""

    home: Path
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    births: list[Birth] = field(default_factory=list)

    @property
    def ledger(self) -> Path:
        return self.home / "processes.json"

    def log(self, name: str) -> Path:
        return self.home / "logs" / f"{name}.log"

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Start a process that reads nothing and writes to its log, out of reach of the terminal's signals.

        It works in the home: what it writes to no particular place lands there.
        """
        log = self.log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            child = subprocess.Popen(  # noqa: S603 - the commands are this package's own
                command,
                cwd=self.home,
                env={**env, MARK: str(self.home)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.children[name] = child
        if birth := Birth.of(name, child.pid):
            self.births.append(birth)
            self._write()

    def check(self, names: Iterable[str] | None = None) -> None:
        """Raise `ProcessDiedError` when one of them (by default any) has ended."""
        for name in self.children if names is None else names:
            status = self.children[name].poll()
            if status is not None:
                raise ProcessDiedError(
                    f"{name} ended with status {status}. Its log {self.log(name)} ends:\n{self.tail(name)}"
                )

    def wait(self, name: str, timeout: float) -> None:
        """Wait for a process that should end by itself, with status 0."""
        try:
            status = self.children[name].wait(timeout)
        except subprocess.TimeoutExpired:
            raise ProcessDiedError(f"{name} took over {timeout:.0f} s. Its log ends:\n{self.tail(name)}") from None
        if status != 0:
            self.check([name])
        del self.children[name]

    def tail(self, name: str) -> str:
        return "\n".join(self.log(name).read_text(errors="replace").splitlines()[-TAIL:])

    def stop(self, grace: float = 10.0) -> list[int]:
        """End all of it and return the ids of what had to be killed; nothing of it runs afterwards."""
        for birth in self.births:
            birth.send(signal.SIGTERM)
        deadline = time.monotonic() + grace
        while any(birth.alive() for birth in self.births) and time.monotonic() < deadline:
            self._reap()
            time.sleep(0.05)
        killed = self._kill()
        self._reap()
        self.children.clear()
        self.births.clear()
        self.ledger.unlink(missing_ok=True)
        return killed

    def _kill(self) -> list[int]:
        """Kill the leaders and the marked until a look finds none, since one may fork while it is looked for."""
        killed: list[int] = []
        deadline = time.monotonic() + 10
        while left := [*(birth for birth in self.births if birth.alive()), *marked(self.home)]:
            if time.monotonic() > deadline:
                raise RuntimeError(f"still running after SIGKILL: {sorted({birth.pid for birth in left})}")
            for birth in left:
                birth.send(signal.SIGKILL)
                killed.append(birth.pid)
            self._reap()
            time.sleep(0.05)
        return sorted(set(killed))

    def _reap(self) -> None:
        for child in self.children.values():
            child.poll()

    def _write(self) -> None:
        owner = Birth.of("demo", os.getpid())
        state = {"owner": asdict(owner) if owner else None, "processes": [asdict(birth) for birth in self.births]}
        draft = self.ledger.with_suffix(".new")
        draft.write_text(json.dumps(state, indent=1))
        draft.replace(self.ledger)


def marked(home: Path) -> list[Birth]:
    """The running processes, other than this one, that were started for `home` or descend from one that was."""
    mark = f"{MARK}={home}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0") and (birth := Birth.of("child", int(entry.name))):
                found.append(birth)
    return found


def left_over(home: Path) -> tuple[Birth | None, Processes]:
    """What a demo before this one left in `home`: the demo itself if it still runs, and its processes."""
    processes = Processes(home)
    owner = None
    if processes.ledger.exists():
        state = json.loads(processes.ledger.read_text())
        births = [Birth(**known) for known in state["processes"]]
        processes.births = [birth for birth in births if birth.alive()]
        owner = Birth(**state["owner"]) if state["owner"] else None
    return (owner if owner and owner.alive() else None), processes
