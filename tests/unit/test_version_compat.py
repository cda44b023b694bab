"""The flags are those of the Airflow that runs."""

from __future__ import annotations

import airflow

from oro_provider.version_compat import AIRFLOW_V_3_2_PLUS, AIRFLOW_V_3_3_PLUS, metrics


def test_flags_say_which_airflow_this_is():
    major, minor = (int(part) for part in airflow.__version__.split(".")[:2])
    assert ((major, minor) >= (3, 2)) is AIRFLOW_V_3_2_PLUS
    assert ((major, minor) >= (3, 3)) is AIRFLOW_V_3_3_PLUS


def test_metrics_take_what_extracts_send():
    metrics().incr("orocommerce.test", 2, tags={"entity": "orders"})
    metrics().gauge("orocommerce.test_rate", 1.5, tags={"entity": "orders"})
