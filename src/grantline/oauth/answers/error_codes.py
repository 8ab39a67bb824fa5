"""What the error codes of authorization servers mean: registered ones, and the vendors' own.

Three rooms, asked in this order: exact codes, numbers (which mean something only in the field
where they stand), and patterns over words that vendors build codes from (``BAD_REFRESH_TOKEN``,
``refreshTokenExpired``). Free text is asked last, and never proves that a grant is dead.

Two kinds are relative here and settled by the caller: ``REAUTH`` means that whatever was
presented (code, refresh token) is dead, ``AMBIGUOUS`` that the server failed while handling it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from grantline.oauth.answers.failure import FailureKind

_Table = Mapping[str, FailureKind]


def _table(groups: Mapping[FailureKind, str]) -> _Table:
    return {code: kind for kind, codes in groups.items() for code in codes.split()}


# RFC 6749 4.1.2.1 and 5.2, 6750, 7009, 7591, 8628, 8707, 9126, 9396, 9449, OpenID Connect Core
# 3.1.2.6; then codes of services that say nothing else. All in the normal form of `normal_code`.
_EXACT: Final[_Table] = _table(
    {
        FailureKind.REAUTH: (
            "invalid_grant invalid_token token_revoked revoked_token token_expired token_inactive"
            " token_not_found grant_expired consent_revoked"
            " grant_revoked grant_not_found session_expired session_not_found session_revoked"
            " expired_authentication access_revoked authorization_revoked"
            " authorization_expired"
            # Facebook: the session was ended by the user, by time or by a new password.
            " oauth_exception:102 oauth_exception:190 oauth_exception:463 oauth_exception:467"
        ),
        FailureKind.EXPIRED: "expired_token expired_device_code device_code_expired",
        FailureKind.CLIENT_CONFIG: (
            "invalid_client unauthorized_client invalid_client_metadata invalid_redirect_uri"
            " incorrect_client_credentials redirect_uri_mismatch invalid_auth not_authed"
            " unapproved_software_statement invalid_software_statement device_flow_disabled"
            " org_internal admin_policy_enforced disallowed_useragent"
            " oauth_exception:101 oauth_exception:191"
        ),
        FailureKind.REQUEST: (
            "invalid_request unsupported_grant_type unsupported_response_type invalid_scope"
            " unsupported_response_mode invalid_target invalid_request_object invalid_request_uri"
            " request_not_supported request_uri_not_supported registration_not_supported"
            " invalid_authorization_details invalid_dpop_proof insufficient_scope"
            " unsupported_token_type invalid_grant_type missing_scope"
        ),
        FailureKind.USER_DENIED: "access_denied consent_denied authorization_declined",
        FailureKind.USER_ACTION: (
            "login_required consent_required interaction_required account_selection_required"
            " insufficient_user_authentication unmet_authentication_requirements"
            " unverified_user_email account_inactive inactive_user mfa_required"
            " oauth_exception:459 oauth_exception:464 oauth_exception:368"
        ),
        FailureKind.TRANSIENT: (
            "temporarily_unavailable authorization_pending slow_down use_dpop_nonce ratelimited"
            " request_timeout service_unavailable rate_limit_exceeded concurrent_refresh"
            # Facebook: busy, and its kinds of request limit.
            " oauth_exception:2 oauth_exception:4 oauth_exception:17"
            " oauth_exception:32 oauth_exception:341 oauth_exception:613"
        ),
        FailureKind.AMBIGUOUS: "server_error internal_error fatal_error internal_server_error",
    }
)

MAX_WORDS: Final = 8  # more is a sentence, and sentences are not codes

# Codes so general that the text beside them says more than they do.
_GENERAL: Final = frozenset({"invalid_request", "unauthorized_client", "oauth_exception"})

_NUMBERED: Final[Mapping[str, _Table]] = {
    # WeChat, WeCom, DingTalk.
    "errcode": _table(
        {
            FailureKind.REAUTH: "40014 40029 40030 40163 42001 42002 42003 42007",
            FailureKind.CLIENT_CONFIG: "40001 40013 40125 40164 41002 41004 48001 50001",
            FailureKind.REQUEST: "40002 40003 41001 41003 41008",
            FailureKind.USER_ACTION: "40226 50002",
            FailureKind.TRANSIENT: "-1 45009 45011 45047 90018",
        }
    ),
    # QQ Connect.
    "error": _table(
        {
            FailureKind.REAUTH: "100013 100014 100015 100016 100018 100019 100020",
            FailureKind.CLIENT_CONFIG: "100001 100002 100008 100009 100010 100011 100017",
            FailureKind.REQUEST: "100000 100003 100004 100005 100006 100007 100012",
            FailureKind.USER_ACTION: "100030",
        }
    ),
    # TikTok version 1 and Douyin; Weibo (21xxx); Baidu (110, 111).
    "error_code": _table(
        {
            FailureKind.REAUTH: (
                "10007 10008 10010 2190002 2190008 21325 21327 21330 21332 110 111"
            ),
            FailureKind.CLIENT_CONFIG: "10003 10006 10013 10014 21322 21324 21329",
            FailureKind.REQUEST: "10002 10004 10005 2100005 2100007 21323 21328",
            FailureKind.USER_ACTION: "2100009",
            FailureKind.TRANSIENT: "2100004 10022 10023 10024",
        }
    ),
    # TikTok for Business; Lark.
    "code": _table(
        {
            FailureKind.REAUTH: (
                "40102 40103 40105 40107 40110 40111"
                " 20003 20004 20026 20037 20064 20065 20073 99991668 99991677"
            ),
            FailureKind.CLIENT_CONFIG: "20002 20024 20048 20071 99991543",
            FailureKind.REQUEST: "40000 40001 40002 20027 20063 20067 20068 20070",
            FailureKind.TRANSIENT: "40100 40016 50000 50002 20050 20072 99991400",
        }
    ),
}

_BAD: Final = (
    r"invalid|bad|wrong|expired?|revoked?|not_?found|unknown|(?:re)?used?|reuse|incorrect|stale"
    r"|inactive|mismatch|rejected|consumed|redeemed|rotated"
)

_CODE_PATTERNS: Final = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (
            FailureKind.TRANSIENT,
            (
                r"rate_?limit|throttl|too_many|quota|temporar|unavailable|overload|maintenance"
                r"|try_again|time_?out|timed_out|server_busy|system_busy"
            ),
        ),
        (FailureKind.AMBIGUOUS, r"server_error|internal_error|system_error|unexpected_error"),
        (FailureKind.REAUTH, rf"(?=.*(?:refresh|access)_?token)(?=.*(?:^|_)(?:{_BAD})(?:_|$))"),
        (
            FailureKind.REAUTH,
            (
                r"^(?!.*(?:verifier|challenge|client|country|status|user_code))"
                rf"(?=.*(?:^|_)(?:auth|authorization)?code(?:_|$))(?=.*(?:^|_)(?:{_BAD})(?:_|$))"
            ),
        ),
        (FailureKind.CLIENT_CONFIG, r"redirect|client|consumer|(?:^|_)app(?:lication)?(?:_|$)"),
        (
            FailureKind.USER_DENIED,
            r"^(?=.*(?:user|consent|login|authori[sz]e))(?=.*(?:denied|declin|cancel|reject))",
        ),
        (
            FailureKind.REQUEST,
            r"scope|grant_type|response_type|param|argument|request|method|verifier|challenge",
        ),
        (
            FailureKind.USER_ACTION,
            (
                r"consent|login|interaction|mfa|two_factor|verified|verification|(?:^|_)user(?:_|$)"
                r"|account|password|locked|suspended|inactive|terms|subscription"
            ),
        ),
    )
)

_SAYS_THROTTLED: Final = re.compile(
    r"too many (?:\w+ ){0,2}(?:requests|attempts|calls|logins)|rate.?limit|throttl"
    r"|login rate exceeded|quota (?:is |was )?exceeded|limit (?:is |was )?reached"
)
_SAYS_BUSY: Final = re.compile(
    r"try again (?:later|in a|after)|temporar(?:y|ily)|service (?:is )?unavailable"
    r"|system (?:is )?busy|system error|unknown error|internal (?:server )?error|under maintenance"
)
_DEAD: Final = (
    r"invalid|expired|revoked|not (?:found|valid|active)|unknown|(?:already|been|was) used|reused"
    r"|incorrect|redeemed|consumed|does(?:n't| not) exist|no longer"
)
_SAYS_REFRESH_TOKEN_DEAD: Final = re.compile(
    rf"refresh[ _-]?token\b.{{0,60}}\b(?:{_DEAD})\b"
    rf"|\b(?:{_DEAD}|bad)\b.{{0,30}}\brefresh[ _-]?token\b"
)
_CODE: Final = (
    r"(?:(?:authori[sz]ation|auth|verification|matching|grant)[ _-]?code"
    r"|(?<!status )(?<!error )\bcode)\b(?![ _-](?:verifier|challenge))"
)
_SAYS_CODE_DEAD: Final = re.compile(
    rf"{_CODE}.{{0,60}}\b(?:{_DEAD})\b|\b(?:{_DEAD}|bad)\b.{{0,20}}{_CODE}"
    r"|invalid verification code"
)
_SAYS_CLIENT: Final = re.compile(
    r"client[ _-]?(?:secret|id|credentials|authentication)|redirect[ _-]?ur[il]"
    r"|app(?:lication)?[ _-]?(?:id|secret|key)|consumer key|invalid client"
)
_SAYS_DENIED: Final = re.compile(r"user (?:has )?(?:denied|declined|cancell?ed|rejected)")


def spaced(words: str) -> str:
    """``words`` with the blanks that camel case leaves out."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", words)


def normal_code(code: str) -> str:
    """``code`` in lower case with ``_`` between its words, however the vendor spells it."""
    words = re.sub(r"[^0-9A-Za-z:]+", "_", spaced(code)).strip("_").lower()
    # Graph's classes of errors share one space of numbers.
    return re.sub(r"^\w*exception:", "oauth_exception:", words)


def kind_of_number(number: str, place: str) -> FailureKind | None:
    """What ``number`` means in the field called ``place``."""
    return _NUMBERED.get(place, {}).get(number)


def kind_of_code(code: str) -> FailureKind | None:
    """What the word ``code`` means on its own; None for words nobody knows."""
    code = normal_code(code)
    if code.count("_") > MAX_WORDS:
        return None
    known = _EXACT.get(code)
    if known is not None:
        return known
    return next((kind for kind, pattern in _CODE_PATTERNS if pattern.search(code)), None)


def is_general(code: str) -> bool:
    """Whether the text beside ``code`` may say more than it."""
    return normal_code(code) in _GENERAL


def says_throttled(text: str) -> bool:
    """Whether ``text`` speaks of a request limit; services put that under any code at all."""
    return bool(_SAYS_THROTTLED.search(text))


def says_dead(text: str) -> bool:
    """Whether ``text`` says that a code or refresh token is not accepted."""
    return bool(_SAYS_REFRESH_TOKEN_DEAD.search(text) or _SAYS_CODE_DEAD.search(text))


def kind_of_text(texts: Iterable[str]) -> FailureKind | None:
    """What free text suggests, when no code is known; never ``REAUTH``."""
    text = " ".join(texts)
    for kind, pattern in (
        (FailureKind.TRANSIENT, _SAYS_BUSY),
        (FailureKind.CLIENT_CONFIG, _SAYS_CLIENT),
        (FailureKind.USER_DENIED, _SAYS_DENIED),
    ):
        if pattern.search(text):
            return kind
    return None
