"""
### Prices that a person approves before they are in the store

    take >> plan >> changes >> approve >> apply

`take` copies the file with the new prices, so that what is applied is what was approved. `plan` compares it with the store and
writes nothing, `changes` puts the difference into a table, `approve` shows it to a person (Required Actions in the UI) and waits without
a worker, and `apply` writes it. A file that changes nothing asks nobody. No answer within a day is a no; a run that is not through
after `OROCOMMERCE_PRICES_HOURS` sends a mail.

* Prices that somebody changes in the store meanwhile are compared anew by `apply`, which sends only what differs then.
* The deadline and its receiver are constants and no params, since Airflow reads them when the file is parsed.
* To adapt: the params `orocommerce_conn_id`, `prices_csv` (price_list, product, unit, quantity, currency, value) and `work` (a folder or
  URL that all workers see), `HOURS`, `MAIL` (it needs a connection `smtp_default`), and `assigned_users=` of `approve`.
"""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, ObjectStoragePath, Param, task
from airflow.sdk.definitions.deadline import AsyncCallback, DeadlineAlert, DeadlineReference

from oro_provider.operators.upsert import OroCommerceUpsertProductPricesOperator
from oro_provider.retry import OroCommerceRetryPolicy

PRICES_CSV = os.environ.get("OROCOMMERCE_PRICES_CSV", "/opt/airflow/erp/prices.csv")
WORK = os.environ.get("OROCOMMERCE_WORK", "/opt/airflow/work/prices")
HOURS = float(os.environ.get("OROCOMMERCE_PRICES_HOURS", "4"))
MAIL = os.environ.get("OROCOMMERCE_PRICES_MAIL", "pricing@example.com")
SHOWN = 50

LATE = DeadlineAlert(
    reference=DeadlineReference.DAGRUN_QUEUED_AT,
    interval=timedelta(hours=HOURS),
    # Runs in the triggerer, which has to be able to import it: a function of this file it could not.
    callback=AsyncCallback(
        "airflow.providers.smtp.notifications.smtp.SmtpNotifier",
        kwargs={
            "to": MAIL,
            "subject": "Prices are not in the store yet",
            "html_content": "Does a plan wait for approval?",
        },
    ),
)


@task
def take(prices_csv: str, work: str, run_id: str | None = None) -> str:
    """Copy the file for this run, and return the copy's path."""
    copy = ObjectStoragePath(work) / f"{str(run_id).replace(':', '')}.csv"
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(ObjectStoragePath(prices_csv).read_bytes())
    return str(copy)


@task.short_circuit
def changes(outcome: dict[str, Any]) -> str:
    """Return the plan as a table in Markdown: what each price is, and what it would be. Nothing where the store has it all already."""
    if not outcome["created"] + outcome["updated"]:
        return ""
    lines = ["| Row | Price | Before | After |", "|---|---|---|---|"]
    with ObjectStoragePath(outcome["results"]).open("rb") as file:
        for line in file:
            planned = json.loads(line)
            if planned["outcome"] != "unchanged":
                before, after = planned["changes"]["value"] if planned["id"] else ("", planned["changes"]["value"])
                lines.append(f"| {planned['row']} | {planned['id'] or 'new'} | {before} | {after} |")
    counts = f"{outcome['created']} new, {outcome['updated']} changed, {outcome['unchanged']} as they are\n\n"
    more = len(lines) - 2 - SHOWN
    return counts + "\n".join(lines[: SHOWN + 2]) + (f"\n\nand {more} more in {outcome['results']}" if more > 0 else "")


with DAG(
    "orocommerce_prices_approved",
    description="Prices of a file, written to OroCommerce once a person has approved the changes",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    deadline=LATE,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "retry_policy": OroCommerceRetryPolicy(),  # Airflow 3.3; passed over before
    },
    params={
        "orocommerce_conn_id": Param("orocommerce_default", type="string", description="The connection to the store"),
        "prices_csv": Param(PRICES_CSV, type="string", description="The file with the new prices"),
        "work": Param(WORK, type="string", description="Folder or object storage URL of copies and plans"),
    },
    tags=["orocommerce", "prices"],
) as dag:
    prices = take("{{ params.prices_csv }}", "{{ params.work }}")
    plan = OroCommerceUpsertProductPricesOperator(
        task_id="plan",
        orocommerce_conn_id="{{ params.orocommerce_conn_id }}",
        records=prices,
        dry_run=True,
        results="{{ params.work }}/{{ run_id | replace(':', '') }}.plan.jsonl",
    )
    planned = changes(plan.output)  # type: ignore[arg-type]  # the outcome, by XCom
    approve = ApprovalOperator(
        task_id="approve",
        subject="Write these prices to the store?",
        body=planned,
        defaults="Reject",
        response_timeout=timedelta(days=1),
    )
    approve >> OroCommerceUpsertProductPricesOperator(
        task_id="apply", orocommerce_conn_id="{{ params.orocommerce_conn_id }}", records=prices
    )
