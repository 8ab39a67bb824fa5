import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.oauth.answers.error_codes import (
    kind_of_code,
    kind_of_text,
    normal_code,
    says_dead,
    says_throttled,
)
from grantline.oauth.answers.failure import FailureKind


@pytest.mark.parametrize(
    ("code", "normal"),
    [
        ("BAD_REFRESH_TOKEN", "bad_refresh_token"),
        ("refreshTokenExpired", "refresh_token_expired"),
        ("Access Denied", "access_denied"),
        ("isv.code-invalid", "isv_code_invalid"),
        ("IGApiException:190", "oauth_exception:190"),
    ],
)
def test_codes_are_compared_in_one_spelling(code: str, normal: str) -> None:
    assert normal_code(code) == normal


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("invalid_grant", FailureKind.REAUTH),
        ("expired_authorization_code", FailureKind.REAUTH),
        ("INVALID_AUTHORIZATION_CODE", FailureKind.REAUTH),
        ("refresh_token_reused", FailureKind.REAUTH),
        ("InvalidRefreshToken", FailureKind.REAUTH),
        ("access_token_invalid", FailureKind.REAUTH),
        ("revoked_token", FailureKind.REAUTH),
        ("missing_refresh_token", None),
        ("refresh_token", None),
        ("invalid_code_verifier", FailureKind.REQUEST),
        ("invalid_country_code", None),
        ("invalid_client_secret", FailureKind.CLIENT_CONFIG),
        ("app_not_found", FailureKind.CLIENT_CONFIG),
        ("bad_redirect_uri", FailureKind.CLIENT_CONFIG),
        ("user_cancelled_authorize", FailureKind.USER_DENIED),
        ("consent_denied", FailureKind.USER_DENIED),
        ("mfa_required", FailureKind.USER_ACTION),
        ("account_locked", FailureKind.USER_ACTION),
        ("too_many_requests", FailureKind.TRANSIENT),
        ("gateway_timeout", FailureKind.TRANSIENT),
        ("internal_error", FailureKind.AMBIGUOUS),
        ("no_scopes", FailureKind.REQUEST),
        ("zebra", None),
        ("", None),
        ("you sent us a refresh token that we think may well be invalid", None),
    ],
)
def test_a_code_means_what_its_words_say(code: str, kind: FailureKind | None) -> None:
    assert kind_of_code(code) is kind


@pytest.mark.parametrize(
    "text",
    [
        "the refresh token is invalid or expired.",
        "missing or unknown refresh token",
        "this authorization code has been used.",
        "code has expired (within the last hour)",
        "invalid verification code format.",
        "the authorization code was not found or was already used",
    ],
)
def test_words_that_say_a_grant_is_dead(text: str) -> None:
    assert says_dead(text)


@pytest.mark.parametrize(
    "text",
    [
        "refresh_token is required",
        "code verifier is invalid",
        "code_challenge not valid",
        "the status code is unknown",
        "missing valid authorization header",
        "invalid client or invalid client credentials",
    ],
)
def test_words_that_do_not_say_it(text: str) -> None:
    assert not says_dead(text)


def test_a_request_limit_is_heard_under_any_code() -> None:
    assert says_throttled("you have made too many requests continuously.")
    assert says_throttled("login rate exceeded")
    assert not says_throttled("maximum allowed refresh token reuse exceeded")


@given(st.text())
def test_free_text_never_ends_a_connection(text: str) -> None:
    assert kind_of_text([text]) is not FailureKind.REAUTH
    assert kind_of_text([f"{text} refresh token revoked"]) is not FailureKind.REAUTH
