"""OroCommerce for Apache Airflow: a connection, a hook, operators a verb, a sensor and a store to test against."""
