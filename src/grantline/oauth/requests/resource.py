"""Resource indicators (RFC 8707): for which API a token is meant."""

from __future__ import annotations

from urllib.parse import urlsplit

from grantline.errors import InvalidInput
from grantline.oauth.app.request_choices import Pairs

RESOURCES = "Resources"


def resource_parameters(resources: tuple[str, ...]) -> Pairs:
    """One ``resource`` parameter per indicator, in both requests alike (section 2).

    Raises:
        InvalidInput: One is not an absolute URI, or has a fragment.
    """
    for resource in resources:
        check_resource(resource)
    return tuple(("resource", resource) for resource in resources)


def check_resource(resource: str) -> None:
    """Refuse a resource indicator that is not an absolute URI without a fragment (section 2)."""
    try:
        parts = urlsplit(resource)
    except ValueError:
        parts = urlsplit("")
    absolute = bool(parts.scheme and (parts.netloc or parts.path))
    if not absolute or "#" in resource or not resource.isprintable() or " " in resource:
        raise InvalidInput(
            "A resource indicator is not an absolute URI without a fragment.",
            field=RESOURCES,
            hint="Write it as the API names itself, such as https://api.example.com/.",
        )
