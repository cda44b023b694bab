"""`login`: a person lets Airflow in by the browser, and the tokens are put where all workers find them."""

from __future__ import annotations

import sys
import webbrowser
from typing import TYPE_CHECKING

from airflow.sdk.log import mask_secret

from oro_provider.api.client import OroClient
from oro_provider.api.errors import AuthenticationFailed
from oro_provider.api.grants import GRANT_TYPE, Authorization, MemoryGrants
from oro_provider.grant_variable import VariableGrants
from oro_provider.hooks.orocommerce import OroCommerceHook
from oro_provider.loopback import Loopback, is_loopback

if TYPE_CHECKING:
    import argparse
    from typing import TextIO

    from oro_provider.api.grants import GrantStore
    from oro_provider.api.settings import Settings


def login(args: argparse.Namespace, results: TextIO) -> int:
    """Run the dance and tell what was stored; nothing but the tokens goes to standard output, and only with `--print`."""
    settings = OroCommerceHook(args.conn_id).settings
    if settings.grant_type != GRANT_TYPE:
        raise AuthenticationFailed(
            f"Connection {args.conn_id!r} has grant_type {settings.grant_type!r}, which logs in by itself: only {GRANT_TYPE!r} "
            "needs a login by browser."
        )
    kept = VariableGrants(args.conn_id)
    if not args.print and (problem := kept.shadowed()):
        raise AuthenticationFailed(f"The tokens would not be found again: {problem}.")
    authorization = Authorization(args.redirect_uri)
    code = _code(settings, authorization, args)
    grants: GrantStore = MemoryGrants() if args.print else kept
    with OroClient(settings, on_token=mask_secret, grants=grants) as client:
        grant = client.log_in_by(authorization, code)
    if args.print:
        results.write(f"{grant.encode()}\n")
        _tell(
            f"Put this into the Airflow Variable {kept.variable} (it is rotated: a place that tasks cannot write will not do)."
        )
    else:
        _tell(
            f"Logged in. The Airflow Variable {kept.variable} now holds an access token, which ends in an hour or so, and the "
            "refresh token that gives the next one; tasks replace both."
        )
    return 0


def _code(settings: Settings, authorization: Authorization, args: argparse.Namespace) -> str:
    """The code that the browser brought back, by the listener or by hand."""
    url = authorization.url(settings)
    if args.paste or not is_loopback(authorization.redirect_uri):
        _tell(f"Open this address, log in and allow it:\n\n  {url}\n")
        _tell("Then paste the whole address that the browser ended at (the page itself may be an error):")
        return authorization.code(sys.stdin.readline())
    with Loopback(authorization) as loopback:
        _tell(f"Open this address, log in and allow it (waiting on {authorization.redirect_uri}):\n\n  {url}\n")
        if not args.no_browser:
            webbrowser.open(url)
        return loopback.code(args.timeout)


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
