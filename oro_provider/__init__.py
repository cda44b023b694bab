"""OroCommerce for Apache Airflow: a connection, a hook, operators a verb, a sensor and a store to test against."""

__version__ = "0.1.0"  # the only place: the build reads it from here
