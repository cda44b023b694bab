"""What each Airflow and each store brings, as tables: the documentation shows them, and the tests skip by them and by nothing else.

The standard library only. The code does not ask these tables: it looks at `version_compat`'s flags, or at the store's own answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Minor = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Airflow:
    """A minor of Airflow: the release that the tests run on, and the minors of Python that it supports."""

    minor: Minor
    tested: str
    pythons: tuple[str, ...]

    @property
    def name(self) -> str:
        """How it is called: `3.3`."""
        return ".".join(map(str, self.minor))


AIRFLOWS = (
    Airflow((3, 1), "3.1.8", ("3.10", "3.11", "3.12", "3.13")),
    Airflow((3, 2), "3.2.2", ("3.10", "3.11", "3.12", "3.13", "3.14")),
    Airflow((3, 3), "3.3.2", ("3.10", "3.11", "3.12", "3.13", "3.14")),
)


@dataclass(frozen=True, slots=True)
class Capability:
    """What Airflow brings from a minor on.

    `seen` is where it shows in an installed Airflow: a module, a name in it after a colon, or a text after `#` in its source or in
    files of the package.
    `before` says what a user has instead in an older one.
    """

    name: str
    since: Minor
    what: str
    before: str
    seen: str


CAPABILITIES: Mapping[str, Capability] = MappingProxyType({
    one.name: one
    for one in (
        Capability(
            "declarative_form", (3, 2),
            "the connection's form from the provider's metadata, with defaults, choices and checks",
            "the form comes from the hook: the same fields, without the checks",
            "airflow.providers_manager#conn-fields",
        ),
        Capability(
            "provider_commands", (3, 2),
            "`airflow orocommerce ...`",
            "`python -m oro_provider ...`, the same commands",
            "airflow.providers_manager#cli_command",
        ),
        Capability(
            "partitions", (3, 2),
            "an extract of the run's partition (`CronPartitionTimetable`)",
            "data intervals (`CronDataIntervalTimetable`), or `since` and `until`",
            "airflow.timetables.trigger:CronPartitionTimetable",
        ),
        Capability(
            "partitioned_backfill", (3, 3),
            "a backfill whose dates are those of the partitions",
            "on 3.2 they are those of the runs, whose partitions are a day earlier (`run_offset=-1`)",
            "airflow.models.backfill#info.partition_date is not None",
        ),
        Capability(
            "asset_state_store", (3, 3),
            "watermarks with the asset, shown by the UI and the REST API",
            "watermarks in Variables",
            "airflow.models.asset_state_store",
        ),
        Capability(
            "shared_streams", (3, 3),
            "one poll of a store for all that wait on a connection",
            "each deferred sensor and watcher polls for itself",
            "airflow.triggers.shared_stream",
        ),
        Capability(
            "retry_policy", (3, 3),
            "the store's Retry-After as a task's retry delay, by a policy",
            "the task's own `retry_delay`; what will not heal fails at once all the same",
            "airflow.sdk.definitions.retry_policy",
        ),
        Capability(
            "parked_approval", (3, 3),
            "a task that asks a person is parked until the answer",
            "it waits by a trigger, which `dag.test()` cannot do for it",
            "airflow.utils.state#AWAITING_INPUT",
        ),
        Capability(
            "trigger_on_kill", (3, 3),
            "`on_kill` of triggers, for which ours have no use: they only read",
            "the same",
            "airflow.triggers.base:BaseTrigger.on_kill",
        ),
        Capability(
            "hidden_extras", (3, 3),
            "`user_password` is hidden while it is typed into the form",
            "it can be read until it is saved",
            "ui/dist/assets/index-*.js#format===`password`",
        ),
        Capability(
            "queued_connection_test", (3, 3),
            "the form's Test button on a worker (`/connections/enqueue-test`)",
            "in the API server, which needs this provider and a way to the store",
            "airflow.models.connection_test",
        ),
    )
})  # fmt: skip
"""By the name that the tests' marker takes: `@pytest.mark.capability("partitions")`."""

STORES = ("5.1", "6.0", "6.1", "7.0")


@dataclass(frozen=True, slots=True)
class StoreDifference:
    """Where stores differ for a user; `stores` has a word for each of `STORES`."""

    what: str
    stores: tuple[str, str, str, str]


STORE_DIFFERENCES = (
    StoreDifference("orders that were changed, by `updatedAt`", ("by `createdAt` only", "from 6.0.5", "yes", "yes")),
    StoreDifference("statuses of orders, and waiting for one", ("no", "no", "yes", "yes")),
    StoreDifference("subtotals of orders, prices of customers", ("no", "no", "yes", "yes")),
    StoreDifference("dates of order lines", ("no", "no", "yes", "yes")),
    StoreDifference("small loads in one synchronous batch", ("an operation", "from 6.0.4", "yes", "yes")),
    StoreDifference("`external_id` as a key", ("no", "no", "from 6.1.10", "from 7.0.2")),
)
