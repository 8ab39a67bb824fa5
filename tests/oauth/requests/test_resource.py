import pytest

from grantline.errors import InvalidInput
from grantline.oauth.requests.resource import resource_parameters


def test_every_indicator_is_a_parameter() -> None:
    """RFC 8707 section 2."""
    resources = ("https://cal.example.com/", "urn:example:contacts")
    assert resource_parameters(resources) == tuple(("resource", each) for each in resources)


@pytest.mark.parametrize(
    "resource",
    [
        "",
        "/path",
        "api.example.com",
        "https://a.example/#x",
        "https://a.example/#",
        "https:",
        "https://[",
        "a b:c",
    ],
)
def test_what_is_no_absolute_uri_without_fragment_is_refused(resource: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        resource_parameters((resource,))
    assert caught.value.field == "Resources"
