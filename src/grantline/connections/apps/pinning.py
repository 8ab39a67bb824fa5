"""Endpoints stay as they were when an app was made; what the issuer says later is only shown.

Whoever can swap an endpoint behind people's backs collects codes and secrets, so a change becomes
an edit that somebody makes, at the price that such an edit has.
"""

from __future__ import annotations

from collections.abc import Mapping

from grantline.oauth.app.settings import AppSettings
from grantline.oauth.discovery.metadata import ENDPOINTS, ServerMetadata, changed_endpoints


def moved_endpoints(settings: AppSettings, metadata: ServerMetadata) -> Mapping[str, str]:
    """The endpoints that an app uses and its issuer now says otherwise, with what it says.

    An endpoint that the app does not use, or that the issuer does not name, is no change.
    """
    said = {name: getattr(metadata, ENDPOINTS[name]) for name in ENDPOINTS}
    return {
        name: said[name]
        for name in changed_endpoints(settings, metadata)
        if name in said and said[name] and getattr(settings, name)
    }
