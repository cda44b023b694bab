"""The commands: `airflow orocommerce ...` (Airflow 3.2+) and the same as `python -m oro_provider ...`, from one table.

Every `airflow` process imports this module, so it needs the standard library only; a command's own module comes when it runs.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

GROUP = "orocommerce"
_DESCRIPTION = "OroCommerce: log in, check a connection, look at what a store holds"
FAILED = 2  # 1 is the status of a check that found something


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument as `argparse` takes it; `options` are its keyword arguments."""

    flags: tuple[str, ...]
    help: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Command:
    """A command and the function that does it: `module:function` below `oro_provider.commands`, which takes the arguments and the stream
    to print to, and returns the exit status.
    """

    name: str
    help: str
    function: str
    arguments: tuple[Argument, ...]

    def __call__(self, args: argparse.Namespace) -> None:
        """Do it and end the process with its status; say what went wrong in one line, without a traceback."""
        try:
            with _results() as results:
                status = self._run(args, results)
        except BrokenPipeError:  # whoever read us, such as `head`, has enough
            status = 0
        sys.exit(status)

    def _run(self, args: argparse.Namespace, results: TextIO) -> int:
        # Outside of a task, Airflow reads connections and Variables from its database only where it is told that it may.
        os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
        from oro_provider.api.errors import OroCommerceError
        from oro_provider.version_compat import AirflowNotFoundException

        module, _, name = self.function.partition(":")
        run: Callable[[argparse.Namespace, TextIO], int] = getattr(
            import_module(f"oro_provider.commands.{module}"), name
        )
        try:
            return run(args, results)
        except (
            OroCommerceError,
            ValueError,
            AirflowNotFoundException,
        ) as error:  # a connection's field is a ValueError
            sys.stderr.write(f"{error}\n")
            return FAILED


@contextmanager
def _results() -> Iterator[TextIO]:
    """Give a stream for what a command prints, which is all that goes to standard output meanwhile.

    Airflow logs to standard output as well (3.1 to 3.3), whoever parses it; that goes to standard error instead, by the
    descriptor, since loggers hold the stream itself.
    """
    shared = sys.stdout
    try:
        descriptor = shared.fileno()
    except (AttributeError, OSError):  # closed, or no file, so that nobody pipes it anywhere
        yield shared or sys.stderr
        return
    shared.flush()
    with os.fdopen(os.dup(descriptor), "w", encoding=shared.encoding) as results:
        os.dup2(sys.stderr.fileno(), descriptor)
        try:
            yield results
        finally:
            shared.flush()
            os.dup2(results.fileno(), descriptor)


def _names(text: str) -> list[str]:
    """The names of a list with commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def _condition(text: str) -> tuple[str, str]:
    """The name and the value of `name=value`."""
    name, _, value = text.partition("=")
    if not name or not value:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) == int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of records above 0")
    return int(text)


CONN_ID = Argument(
    ("conn_id",), "The connection's id", {"nargs": "?", "default": "orocommerce_default", "metavar": "CONN_ID"}
)
JSON = Argument(("--json",), "Print JSON", {"action": "store_true"})
COMMANDS: tuple[Command, ...] = (
    Command(
        "login",
        "Log in by browser, for a connection with grant_type 'authorization_code'",
        "login:login",
        (
            CONN_ID,
            Argument(
                ("--redirect-uri",),
                "The redirect URL of the OAuth application",
                {"default": "http://127.0.0.1:8765/callback", "metavar": "URL"},
            ),
            Argument(("--paste",), "Paste the address that the browser ended at", {"action": "store_true"}),
            Argument(("--no-browser",), "Print the address without opening it", {"action": "store_true"}),
            Argument(("--print",), "Print the tokens instead of storing them", {"action": "store_true"}),
            Argument(("--timeout",), "Seconds to wait for the browser", {"type": float, "default": 300.0}),
        ),
    ),
    Command(
        "check",
        "Say what is wrong with a connection, and what to do about it; reads only",
        "check:check",
        (
            CONN_ID,
            JSON,
            Argument(
                ("--writes",),
                "Also try what the role may create and change, by requests that the store refuses: nothing is written",
                {"action": "store_true"},
            ),
            Argument(
                ("--consumers",),
                "Also send a batch that changes nothing, to see whether a message consumer runs",
                {"action": "store_true"},
            ),
        ),
    ),
    Command(
        "watermarks",
        "Show how far the readers of assets have come, from Airflow's database",
        "watermarks:watermarks",
        (
            Argument(("asset",), "The asset, such as orocommerce://shop/orders", {"nargs": "?", "metavar": "ASSET"}),
            Argument(("--reader",), "The reader", {"metavar": "NAME"}),
            Argument(("--reset",), "Remove them: the reader begins afresh", {"action": "store_true"}),
            JSON,
        ),
    ),
    Command("entities", "List the entities that the provider knows", "records:entities", (JSON,)),
    Command(
        "get",
        "Print records of a store, a JSON object a line",
        "records:get",
        (
            Argument(("conn_id",), "The connection's id", {"metavar": "CONN_ID"}),
            Argument(("resource",), "The resource, such as orders", {"metavar": "RESOURCE"}),
            Argument(
                ("id",), "The id of one record; without it, the first ones of the list", {"nargs": "?", "metavar": "ID"}
            ),
            Argument(
                ("--filter",),
                "A filter of the list, such as sku=A-1 or 'id[gt]=100'; may be repeated",
                {"action": "append", "default": [], "type": _condition, "metavar": "NAME=VALUE"},
            ),
            Argument(
                ("--include",), "Relations to include, with commas", {"type": _names, "default": [], "metavar": "NAMES"}
            ),
            Argument(
                ("--fields",), "The fields to print, with commas", {"type": _names, "default": [], "metavar": "NAMES"}
            ),
            Argument(("--limit",), "How many records of a list (10)", {"type": _count, "default": 10, "metavar": "N"}),
        ),
    ),
)


def get_commands() -> list[Any]:
    """Return the group for Airflow's own parser; the provider's metadata names this function under `cli`."""
    from airflow.cli.cli_config import ActionCommand, Arg, GroupCommand

    actions = [
        ActionCommand(
            name=command.name,
            help=command.help,
            func=command,
            args=[Arg(flags=argument.flags, help=argument.help, **argument.options) for argument in command.arguments],
        )
        for command in COMMANDS
    ]
    return [GroupCommand(name=GROUP, help=_DESCRIPTION, subcommands=actions)]


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line of `python -m oro_provider`."""
    made = argparse.ArgumentParser(prog="python -m oro_provider", description=_DESCRIPTION)
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        its = commands.add_parser(command.name, help=command.help, description=command.help)
        its.set_defaults(command=command)
        for argument in command.arguments:
            its.add_argument(*argument.flags, help=argument.help, **argument.options)
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command of the command line."""
    args = parser().parse_args(arguments)
    args.command(args)
