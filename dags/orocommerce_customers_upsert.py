"""
### A CRM's customers into the store: groups, customers, their users, and the addresses of both

    groups >> customer_groups >> resolve >> customers >> users >> addresses

`groups` reads which customer groups the CRM's customers are in, and the tasks after it make the store have them, in the order in
which they need each other: groups, customers, users, addresses. `resolve` turns the names that customers refer to (groups, payment
terms, tax codes) into ids before the first customer is written: a name that the store does not have stops the run there.

* Customers may name their parent, wherever it stands in the file. A row of `addresses.csv` names its owner by `customer` or by
  `customer_user` (an e-mail), and rows of both kinds may be mixed.
* A store does not keep names of customers, groups, or addresses unique: `max_active_runs=1` keeps two runs from making one twice. Give a
  pool of one slot to other DAGs that load customers too.
* To adapt: the params `rejects` and `crm`, a folder or an address in object storage with `customers.csv`, `users.csv` and `addresses.csv`
  (columns as in `docs/entities.md`). An empty cell says nothing about its field.
"""

from __future__ import annotations

import csv
import os
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.sdk import DAG, Param, get_current_context, task
from airflow.timetables.interval import CronDataIntervalTimetable

from oro_provider.operators.lookups import OroCommerceResolveLookupsOperator
from oro_provider.operators.upsert import (
    OroCommerceUpsertAddressesOperator,
    OroCommerceUpsertCustomerGroupsOperator,
    OroCommerceUpsertCustomersOperator,
    OroCommerceUpsertCustomerUsersOperator,
)
from oro_provider.paths import path_of
from oro_provider.windows import resolve_window

CRM = os.environ.get("OROCOMMERCE_CRM", "/opt/airflow/crm")
REJECTS = os.environ.get("OROCOMMERCE_REJECTS", "/opt/airflow/rejects")
REFUSED = "{{ params.rejects }}/customers/{{ data_interval_start | ds }}"


def tell_outcome(context: Any) -> None:
    """Say what came of a failed upsert: the outcome is in XCom although the task failed."""
    ti = context["ti"]
    outcome = ti.xcom_pull(task_ids=ti.task_id, key="return_value")
    if outcome:
        print(f"{outcome['rejected']} of {outcome['read']} {outcome['entity']} were refused: {outcome['rejects']}")  # noqa: T201


@task
def groups() -> list[dict[str, str]]:
    """Return a row for each group that a customer of the CRM is in."""
    context = get_current_context()
    window = resolve_window(context)
    with path_of(f"{context['params']['crm']}/customers.csv").open(newline="", encoding="utf-8-sig") as file:
        names = dict.fromkeys(row["group"] for row in csv.DictReader(file) if row.get("group"))
    print(f"{len(names)} customer groups for {window}")  # noqa: T201
    return [{"name": name} for name in names]


with DAG(
    "orocommerce_customers_upsert",
    description="Customers of a CRM's files with groups, users and addresses, created and updated in OroCommerce",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("@daily", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": True,
        "execution_timeout": timedelta(hours=2),
        "on_failure_callback": tell_outcome,
        "orocommerce_conn_id": "{{ params.orocommerce_conn_id }}",
    },
    params={
        "orocommerce_conn_id": Param("orocommerce_default", type="string", description="The connection to the store"),
        "crm": Param(CRM, type="string", description="Folder or object storage URL of the CRM's files"),
        "rejects": Param(REJECTS, type="string", description="Folder or object storage URL of refused rows"),
    },
    tags=["orocommerce", "customers"],
):
    customer_groups = OroCommerceUpsertCustomerGroupsOperator(
        task_id="customer_groups", records=groups(), rejects=f"{REFUSED}/groups.jsonl"
    )
    resolve = OroCommerceResolveLookupsOperator(
        task_id="resolve", entity="customers", records="{{ params.crm }}/customers.csv"
    )
    customers = OroCommerceUpsertCustomersOperator(
        task_id="customers",
        records="{{ params.crm }}/customers.csv",
        lookups=resolve.output,
        rejects=f"{REFUSED}/customers.jsonl",
    )
    users = OroCommerceUpsertCustomerUsersOperator(
        task_id="users", records="{{ params.crm }}/users.csv", rejects=f"{REFUSED}/users.jsonl"
    )
    addresses = OroCommerceUpsertAddressesOperator(
        task_id="addresses", records="{{ params.crm }}/addresses.csv", rejects=f"{REFUSED}/addresses.jsonl"
    )
    customer_groups >> resolve >> customers >> users >> addresses
