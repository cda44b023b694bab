"""The pair of tokens that a login by browser leaves, got from a sandbox without a browser."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import requests

from oro_provider.api.grants import Grant

if TYPE_CHECKING:
    from oro_provider.sandbox import RunningStore


def grant_of(store: RunningStore) -> Grant:
    """Return a pair for the store's OAuth application and its user: a store gives one for a password too."""
    client = {"client_id": store.client_id, "client_secret": store.client_secret}
    user = {"grant_type": "password", "username": "admin", "password": "admin"}
    asked_at = time.time()
    answer = requests.post(f"{store.url}/oauth2-token", data={**client, **user}, timeout=10)
    answer.raise_for_status()
    given = answer.json()
    return Grant(
        access_token=given["access_token"],
        refresh_token=given["refresh_token"],
        expires_at=asked_at + given["expires_in"],
        token_url=f"{store.url}/oauth2-token",
        client_id=store.client_id,
    )
