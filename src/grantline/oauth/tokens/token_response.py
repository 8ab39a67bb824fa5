"""The tokens in a token endpoint's answer (RFC 6749 sections 5.1 and 5.2).

An answer is judged by its content, and an error sign beats a token sign. What is odd but usable
becomes a warning. What is unusable becomes an error that still carries a rotated refresh token
(``Failure.rotated``), because the server has already forgotten the old one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self

from grantline.errors import InvalidResponse
from grantline.messages import HttpResponse
from grantline.oauth.answers.body import REPLACEMENT, Body, Notation, looks_like_page, parse_body
from grantline.oauth.answers.error_answer import (
    failure_from_status,
    printable,
    redirect_failure,
    refusal,
)
from grantline.oauth.answers.error_sign import error_sign
from grantline.oauth.answers.failure import Failure, FailureKind
from grantline.oauth.app.response_rules import ResponseRules
from grantline.oauth.app.settings import AppSettings
from grantline.oauth.grant import GrantType
from grantline.oauth.token_set import TokenSet, Warn, merge_refreshed
from grantline.oauth.tokens.envelope import envelope_sign, says_success
from grantline.oauth.tokens.expiry import access_token_expiry, refresh_token_expiry
from grantline.oauth.tokens.same_identity import changed_claim
from grantline.oauth.tokens.scope import is_reduced, split_scope
from grantline.oauth.tokens.token_fields import TokenFields
from grantline.secret import Secret

BEARER: Final = "Bearer"
DPOP: Final = "DPoP"

# Names that services give to plain bearer tokens: Slack, eBay, and what old drafts called them.
_BEARER_ALIASES: Final = frozenset(
    {"bearer", "bot", "user", "user access token", "application access token", "app", "oauth"}
    | {"oauth2", "token", "access_token", "access token", "bearer token", "bearertoken", "jwt"}
)
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")
_EXPIRING_SOON: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked of the token endpoint; the answer means nothing without it.

    Attributes:
        grant: What was presented.
        scope: The scopes asked for; empty when the request named none.
        scope_separator: What separates scopes in this service's answers, besides blanks.
        rules: Where the service puts things.
        token_type: The type that the request makes the server give: Bearer or DPoP.
        held: The token set that is being refreshed.
    """

    grant: GrantType
    scope: tuple[str, ...] = ()
    scope_separator: str = " "
    rules: ResponseRules = field(default_factory=ResponseRules)
    token_type: str = BEARER
    held: TokenSet | None = None

    @classmethod
    def of(
        cls,
        settings: AppSettings,
        grant: GrantType,
        *,
        scope: tuple[str, ...] = (),
        held: TokenSet | None = None,
    ) -> Self:
        """What an app with ``settings`` asks when it presents ``grant``."""
        return cls(
            grant=grant,
            scope=scope,
            scope_separator=settings.scope_separator,
            rules=settings.response,
            token_type=DPOP if settings.use_dpop else BEARER,
            held=held,
        )


def parse_token_response(response: HttpResponse, asked: Asked, *, now: datetime) -> TokenSet:
    """The tokens that ``response`` grants.

    With ``asked.held`` this is what to store after the refresh: a refresh token that was not
    renewed is kept (RFC 6749 section 6). A missing scope means "as asked" (section 5.1).

    Raises:
        AuthorizationServerError: The server refused (section 5.2).
        TemporarilyUnavailable: Asking again may help.
        OutcomeUnknown: The code may be spent, and the answer is no use.
        InvalidResponse: The answer is no token response; ``check`` says why.
    """
    moved = redirect_failure(response)
    if moved is not None:
        raise moved.as_error()
    try:
        body = parse_body(response)
    except InvalidResponse as error:
        raise _unreadable(response, asked, error.check, now).as_error() from None
    read = TokenFields.of(body.fields, asked.rules)
    if asked.held is not None and not read.fields:
        # One of several tokens is renewed by itself, and its answer has no others around it.
        read = TokenFields.of(body.fields, replace(asked.rules, token_path=""))
    answer = _Answer(response, body, read, asked)
    answer.refuse_error(now)
    return answer.tokens(now)


def _unreadable(response: HttpResponse, asked: Asked, check: str, now: datetime) -> Failure:
    if response.status >= 400:
        return failure_from_status(response, grant=asked.grant, now=now)
    if looks_like_page(response) and not asked.grant.is_single_use:
        # A maintenance page in front of the endpoint: the request did not reach it.
        return Failure(
            kind=FailureKind.TRANSIENT, error=check, status=response.status, may_retry=True
        )
    return Failure(kind=FailureKind.BAD_RESPONSE, error=check, status=response.status)


@dataclass(frozen=True, slots=True)
class _Answer:
    """One readable answer, while it is judged."""

    response: HttpResponse
    body: Body
    read: TokenFields
    asked: Asked

    def refuse_error(self, now: datetime) -> None:
        status, has_token = self.response.status, bool(self.read.access_token)
        sign = envelope_sign(self.read.root, self.asked.rules)
        if sign is None and not says_success(self.read.root, self.asked.rules):
            sign = error_sign(self.read.root, status=status, has_token=has_token)
            if sign is None and self.read.fields is not self.read.root:
                sign = error_sign(self.read.fields, status=status, has_token=has_token)
        if sign is not None:
            failure = refusal(self.response, self.body, sign, grant=self.asked.grant, now=now)
            raise replace(failure, rotated=self._rotated()).as_error()
        if status >= 400:
            raise failure_from_status(self.response, grant=self.asked.grant, now=now).as_error()
        if self.body.notation is Notation.JSONP:
            # A wrapper that runs as a script in any page is no place for a token.
            raise self._failed("not_json")

    def tokens(self, now: datetime) -> TokenSet:
        try:
            self.body.refuse_conflicts(self.read.single_names())
        except InvalidResponse as error:
            raise self._failed(error.check) from None
        warnings = list(self.body.warnings)
        kept = self._kept(now)
        if kept is not None:
            return kept
        access_token = self._access_token()
        refresh_token = self._refresh_token(warnings)
        token_type = self._token_type(warnings)
        rules, held = self.asked.rules, self.asked.held
        expiry = access_token_expiry(
            self.read.find,
            now=now,
            lifetime_name=rules.expires_in,
            date_name=rules.expires_at,
            unit=rules.lifetime_unit,
            default=rules.default_lifetime,
        )
        refresh_expiry = refresh_token_expiry(
            self.read.find,
            now=now,
            lifetime_name=rules.refresh_expires_in,
            unit=rules.lifetime_unit,
            default=rules.default_refresh_lifetime if refresh_token else None,
        )
        id_token = self.read.find("id_token")
        tokens = TokenSet(
            access_token=access_token,
            token_type=token_type,
            refresh_token=refresh_token,
            id_token=Secret(id_token) if isinstance(id_token, str) and id_token else None,
            expires_at=expiry.at,
            refresh_expires_at=refresh_expiry.at,
            scope=split_scope(self.read.scope, self.asked.scope_separator),
            extra=self.read.remainder(frozenset(expiry.names + refresh_expiry.names)),
            secondary=self._secondary(now),
        )
        self._refuse_other_identity(tokens)
        warnings.extend(expiry.warnings)
        if is_reduced(tokens.scope, self.asked.scope or (held and held.scope) or ()):
            warnings.append(Warn.SCOPE_REDUCED)
        if held is not None:
            tokens = merge_refreshed(held, tokens)
        warnings.extend(self._refresh_warnings(tokens, now))
        scope = tokens.scope if tokens.scope is not None else self.asked.scope or None
        return replace(tokens, scope=scope, warnings=tuple(dict.fromkeys(warnings)))

    def _kept(self, now: datetime) -> TokenSet | None:
        """The tokens that a refresh without any in its answer leaves in force."""
        held, rules = self.asked.held, self.asked.rules
        if held is None or not rules.keeps_token or self.read.access_token:
            return None
        expiry = access_token_expiry(
            self.read.find,
            now=now,
            lifetime_name=rules.expires_in,
            date_name=rules.expires_at,
            unit=rules.lifetime_unit,
            default=rules.default_lifetime,
        )
        return replace(held, expires_at=expiry.at, warnings=())

    def _access_token(self) -> Secret:
        value = self.read.access_token
        if not value or (isinstance(value, str) and not value.strip()):
            raise self._failed("missing_access_token")
        if not isinstance(value, str):
            raise self._failed("bad_access_token")
        self._refuse_undecodable(value)
        # RFC 6749 appendix A.12: printable ASCII. A line break would write headers of its own.
        if _CONTROLS.search(value):
            raise self._failed("bad_access_token", FailureKind.SECURITY)
        if not value.isascii():
            raise self._failed("bad_access_token")
        return Secret(value)

    def _refresh_token(self, warnings: list[Warn]) -> Secret | None:
        value = _refresh_token_text(self.read.refresh_token)
        if not value:
            return None
        if value != self.read.refresh_token:
            warnings.append(Warn.REFRESH_TOKEN_COERCED)
        self._refuse_undecodable(value)
        return Secret(value)

    def _refuse_undecodable(self, value: str) -> None:
        if Warn.NON_UTF8 in self.body.warnings and REPLACEMENT in value:
            raise self._failed("undecodable_token")

    def _token_type(self, warnings: list[Warn]) -> str:
        """The normal form of ``token_type``, compared without case (RFC 6749 section 5.1)."""
        value = self.read.find("token_type")
        if value is not None and not isinstance(value, str):
            warnings.append(Warn.BAD_TOKEN_TYPE)
            value = None
        name = (value or BEARER).strip().lower()
        given = DPOP if name == "dpop" else BEARER if name in _BEARER_ALIASES or not name else ""
        if given == BEARER and self.asked.token_type == DPOP:
            # RFC 9449 section 5: we sent a proof, so an unbound token is a step down.
            raise self._failed("dpop_downgrade", FailureKind.SECURITY)
        if given != self.asked.token_type:
            raise self._failed(printable(str(value)), FailureKind.UNSUPPORTED_TOKEN_TYPE)
        return given

    def _secondary(self, now: datetime) -> TokenSet | None:
        """The second token set; whatever is wrong with it must not lose the first."""
        if not self.asked.rules.secondary_path:
            return None
        rules = replace(
            ResponseRules(lifetime_unit=self.asked.rules.lifetime_unit),
            token_path=self.asked.rules.secondary_path,
        )
        held = self.asked.held.secondary if self.asked.held else None
        asked = replace(self.asked, rules=rules, scope=(), held=held)
        read = TokenFields.of(self.read.root, rules)
        try:
            tokens = _Answer(self.response, self.body, read, asked).tokens(now)
        except InvalidResponse:
            return None
        return replace(tokens, extra={})

    def _refuse_other_identity(self, tokens: TokenSet) -> None:
        held = self.asked.held
        if held is None or held.id_token is None or tokens.id_token is None:
            return
        changed = changed_claim(held.id_token, tokens.id_token)
        if changed:
            raise self._failed(f"id_token_{changed}_changed", FailureKind.SECURITY)

    def _refresh_warnings(self, tokens: TokenSet, now: datetime) -> list[Warn]:
        asked, end = self.asked, tokens.refresh_expires_at
        if tokens.refresh_token is None:
            expected = asked.grant.gives_refresh_token
            by_refresh_token = asked.rules.refresh_with == "refresh_token"
            return [Warn.NO_REFRESH_TOKEN] if expected and by_refresh_token else []
        # A refresh token that each refresh renews is never about to end for good.
        kept = asked.held is not None and asked.held.refresh_token == tokens.refresh_token
        if kept and end is not None and end - now <= _EXPIRING_SOON:
            return [Warn.REFRESH_EXPIRING_SOON]
        return []

    def _failed(self, error: str, kind: FailureKind = FailureKind.BAD_RESPONSE) -> Exception:
        failure = Failure(
            kind=kind, error=error, status=self.response.status, rotated=self._rotated()
        )
        return failure.as_error()

    def _rotated(self) -> Secret | None:
        """The refresh token of an answer that is no use otherwise, when it is a new one."""
        value = _refresh_token_text(self.read.refresh_token)
        doubted = "refresh_token" in self.body.conflicts
        if not value or doubted or not 200 <= self.response.status < 300:
            return None
        rotated, held = Secret(value), self.asked.held
        return None if held is not None and held.refresh_token == rotated else rotated


def _refresh_token_text(value: Any) -> str:
    """``value`` as a refresh token, some services send numbers; empty when it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not value:
        return ""
    return str(value) if str(value).strip() else ""
