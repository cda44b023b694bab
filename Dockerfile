# Airflow with this provider, and the sandbox store, in one image for docker-compose.yaml.
FROM apache/airflow:3.3.2-python3.12

COPY --chown=airflow:0 pyproject.toml README.md LICENSE /opt/provider/
COPY --chown=airflow:0 oro_provider /opt/provider/oro_provider
RUN pip install --no-cache-dir "/opt/provider[sandbox]" psycopg2-binary asyncpg
