"""
### What is wrong with a connection

    check

`check` looks at a connection as `airflow orocommerce check` does and logs each finding with its cure; it fails where something is
wrong. For an Airflow without a shell: trigger it with the connection's id, read the log, or take the findings from XCom.

* It reads only, and has no schedule. With `writes` it also tries what the role may create and change, by requests that the store
  refuses, so that nothing is written. With `consumers` it also sends a batch that changes nothing, to see whether the store works
  batches off.
* To adapt: nothing; the connection is a param.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow.sdk import DAG, Param, get_current_context, task

with DAG(
    "orocommerce_check",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    params={
        "orocommerce_conn_id": Param("orocommerce_default", type="string", description="The connection's id"),
        "writes": Param(False, type="boolean", description="Also try what the role may create and change"),
        "consumers": Param(False, type="boolean", description="Also send a batch that changes nothing"),
    },
    tags=["orocommerce"],
    doc_md=__doc__,
) as dag:

    @task(multiple_outputs=False)
    def check() -> dict[str, Any]:
        import logging

        from oro_provider.hooks.orocommerce import OroCommerceHook

        context = get_current_context()
        params = context["params"]
        hook = OroCommerceHook(params["orocommerce_conn_id"])
        diagnosis = hook.diagnose(consumers=params["consumers"], writes=params["writes"])
        for line in diagnosis.table().splitlines():
            logging.getLogger("airflow.task").info(line)
        if not diagnosis.ok:
            context["ti"].xcom_push(key="return_value", value=diagnosis.as_json())
            raise RuntimeError(diagnosis.table())
        return diagnosis.as_json()

    check()
