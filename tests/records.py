"""Records to put into a store: valid, and the same every time but for what a test says."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from grantline.store.records.audit import Event, TranscriptLine
from grantline.store.records.connections import (
    AppRecord,
    ConnectionRecord,
    Health,
    PendingAuthorization,
    TokenColumns,
)
from grantline.store.records.credentials import CredentialRecord
from grantline.store.records.keys import KeyRecord
from grantline.store.records.people import ApiKey, Session, User
from grantline.store.records.renewal import RefreshAttempt
from grantline.store.records.requests import RunRecord, SavedRequestRecord
from grantline.store.records.scenarios import ListedScenario, ScenarioRecord

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
AUTHORIZED = Health(state="authorized")
_numbers = count(1)


def _with(plain: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {**plain, **changes}


def an_app(**changes: Any) -> AppRecord:
    plain = {
        "id": "app_1",
        "workspace": "home",
        "owner": "ada",
        "name": "Mail",
        "provider": "",
        "settings": {"client_id": "c1", "scopes": ["a", "b"], "title": "Gr\u00fc\u00df \u0000"},
        "sealed_secrets": "v1.sealed",
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return AppRecord(**_with(plain, changes))


def a_connection(**changes: Any) -> ConnectionRecord:
    plain = {
        "id": "con_1",
        "workspace": "home",
        "owner": "ada",
        "app_id": "app_1",
        "name": "My mail",
        "flow": "authorization_code",
        "scopes": ("read", "write"),
        "hosts": ("api.example.com",),
        "inputs": {"shop": "acme"},
        "sealed_secrets": None,
        "health": Health(state="draft", explanation="Nobody has consented yet."),
        "tokens": None,
        "generation": 0,
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return ConnectionRecord(**_with(plain, changes))


def tokens(mark: str = "t1", **changes: Any) -> TokenColumns:
    plain = {
        "sealed_tokens": f"v1.{mark}",
        "expires_at": NOW + HOUR,
        "refresh_expires_at": None,
        "has_refresh_token": True,
        "granted_scopes": ("read",),
    }
    return TokenColumns(**_with(plain, changes))


def an_attempt(**changes: Any) -> RefreshAttempt:
    plain = {
        "id": "att_1",
        "workspace": "home",
        "connection_id": "con_1",
        "generation": 1,
        "token_hash": "ab" * 32,
        "lease_number": 1,
        "started_at": NOW,
        "deadline": NOW + timedelta(seconds=20),
    }
    return RefreshAttempt(**_with(plain, changes))


def a_pending(**changes: Any) -> PendingAuthorization:
    plain = {
        "state_hash": "5f" * 32,
        "workspace": "home",
        "owner": "ada",
        "connection_id": "con_1",
        "binding_hash": "b1" * 32,
        "redirect_uri": "http://127.0.0.1:8400/oauth/callback/abc",
        "context": "abc",
        "sealed_verifier": "v1.verifier",
        "scopes": ("read",),
        "created_at": NOW,
        "expires_at": NOW + timedelta(minutes=10),
    }
    return PendingAuthorization(**_with(plain, changes))


def an_event(**changes: Any) -> Event:
    plain = {
        "id": f"evt_{next(_numbers):06}",
        "workspace": "home",
        "at": NOW,
        "actor": "ada",
        "kind": "test",
        "subject": "con_1",
        "data": {"n": 1},
    }
    return Event(**_with(plain, changes))


def a_key(**changes: Any) -> KeyRecord:
    plain = {
        "fingerprint": "00000000000000aa",
        "check": "check",
        "primary": True,
        "created_at": NOW,
    }
    return KeyRecord(**_with(plain, changes))


def a_user(**changes: Any) -> User:
    plain = {
        "id": "usr_1",
        "workspace": "home",
        "name": "ada",
        "password_hash": "$argon2id$stand-in",
        "role": "owner",
        "created_at": NOW,
    }
    return User(**_with(plain, changes))


def a_session(**changes: Any) -> Session:
    plain = {
        "token_hash": "5e" * 32,
        "user_id": "usr_1",
        "workspace": "home",
        "created_at": NOW,
        "seen_at": NOW,
        "expires_at": NOW + HOUR,
    }
    return Session(**_with(plain, changes))


def an_api_key(**changes: Any) -> ApiKey:
    plain = {
        "id": "key_1",
        "workspace": "home",
        "owner": "usr_1",
        "name": "Nightly export",
        "key_hash": "4e" * 32,
        "scope": "use",
        "created_at": NOW,
    }
    return ApiKey(**_with(plain, changes))


def a_credential(**changes: Any) -> CredentialRecord:
    plain = {
        "id": "crd_1",
        "workspace": "home",
        "owner": "ada",
        "name": "Weather key",
        "kind": "key",
        "details": {"key_name": "X-Api-Key"},
        "hosts": ("api.example.com", "*.example.org"),
        "sealed_secrets": "v1.secrets",
        "expires_at": None,
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return CredentialRecord(**_with(plain, changes))


def a_request(**changes: Any) -> SavedRequestRecord:
    plain = {
        "id": "req_1",
        "workspace": "home",
        "owner": "ada",
        "name": "List my mail",
        "connection_id": "con_1",
        "method": "GET",
        "url": "https://api.example.com/mail",
        "sealed_spec": "v1.spec",
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return SavedRequestRecord(**_with(plain, changes))


def a_run(**changes: Any) -> RunRecord:
    plain = {
        "id": "run_1",
        "workspace": "home",
        "owner": "ada",
        "at": NOW,
        "request_id": "req_1",
        "connection_id": "con_1",
        "method": "GET",
        "url": "https://api.example.com/mail",
        "status": 200,
        "error_code": "",
        "duration": timedelta(milliseconds=120),
        "attempts": 1,
        "size_bytes": 2048,
    }
    return RunRecord(**_with(plain, changes))


def a_line(**changes: Any) -> TranscriptLine:
    plain = {
        "id": "lin_1",
        "workspace": "home",
        "connection_id": "con_1",
        "at": NOW,
        "step": "refresh",
        "sealed_exchange": "v1.exchange",
    }
    return TranscriptLine(**_with(plain, changes))


def a_scenario(**changes: Any) -> ScenarioRecord:
    plain = {
        "id": "scn_1",
        "workspace": "home",
        "owner": "ada",
        "name": "Nightly copy",
        "is_active": False,
        "trigger_kind": "manual",
        "cron": "",
        "time_zone": "",
        "at_once": 1,
        "modules": 3,
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
        "hook_digest": f"digest of {changes.get('id', 'scn_1')}",
        "sealed_hook": "v1.hook",
        "sealed_definition": "v1.definition",
    }
    return ScenarioRecord(**_with(plain, changes))


def as_listed(scenario: ScenarioRecord) -> ListedScenario:
    names = (each.name for each in fields(ListedScenario))
    return ListedScenario(**{name: getattr(scenario, name) for name in names})
