"""The demo: a sandbox store and a real Airflow on this machine, the example DAGs run by its scheduler, and a check of
what they left behind. `make demo` runs it; the system tests use its Airflow.
"""
