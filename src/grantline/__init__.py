"""Grantline keeps OAuth 2.0 connections and makes HTTP requests with them.

The names below are the public ones. Each is imported when it is first asked for, so that
``import grantline`` costs next to nothing, whichever part of it a program uses.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from grantline.version import __version__ as __version__

if TYPE_CHECKING:
    from grantline.calls.answers.response import NotJson, Response
    from grantline.calls.attempts.retry import RetryPolicy
    from grantline.calls.pagination import Pagination, PaginationType
    from grantline.calls.query import ArrayStyle
    from grantline.client.async_connection import AsyncConnection
    from grantline.client.async_connections import AsyncConnections
    from grantline.client.async_pending import AsyncPending
    from grantline.client.async_requester import AsyncRequester
    from grantline.client.async_scenarios import AsyncScenarios
    from grantline.client.connection import Connection
    from grantline.client.connections import Connections
    from grantline.client.pending import Pending
    from grantline.client.requester import Requester
    from grantline.client.scenario_result import ScenarioResult
    from grantline.client.scenarios import Scenarios
    from grantline.connections.connection import App
    from grantline.connections.connection import Connection as ConnectionStatus
    from grantline.connections.doctor.verify import Verification
    from grantline.connections.engine import Deleted
    from grantline.connections.manage import Edited
    from grantline.connections.requests.pages import ItemsPage
    from grantline.connections.settings import Settings
    from grantline.connections.state import State
    from grantline.errors import (
        AccountChanged,
        AppInUse,
        AppNotFound,
        AuthorizationDenied,
        AuthorizationServerError,
        CallbackRejected,
        ConfigurationError,
        ConnectionChanged,
        ConnectionNotFound,
        ConnectionUnusable,
        DiscoveryFailed,
        EgressBlocked,
        ExpressionFailed,
        GrantlineError,
        InvalidClient,
        InvalidGrant,
        InvalidInput,
        InvalidResponse,
        KeyInUse,
        KeyUnavailable,
        LimitExceeded,
        MailRefused,
        MalformedFile,
        ModuleFailed,
        NameTaken,
        NotAuthorized,
        NotFound,
        OutcomeUnknown,
        ProtocolError,
        Quarantined,
        RateLimited,
        ReauthorizationRequired,
        RefreshInProgress,
        RequestError,
        RunCancelled,
        RunFailed,
        ScenarioNotReady,
        SecretUnreadable,
        StoreBusy,
        TemporarilyUnavailable,
        TransportFailed,
        UnknownProvider,
        UpstreamError,
    )
    from grantline.messages import ClientCertificate
    from grantline.oauth.app.app_rules import (
        IdentityRules,
        Input,
        RevocationRules,
        RevokedToken,
        UpgradeRules,
    )
    from grantline.oauth.app.assertion_settings import AssertionSettings
    from grantline.oauth.app.request_choices import (
        ClientAuthentication,
        RequestMethod,
        TokenRequestFormat,
    )
    from grantline.oauth.app.response_rules import LifetimeUnit, ResponseRules
    from grantline.oauth.app.settings import NO_PKCE, AppSettings, FlowType, Pkce, TokenPlacement
    from grantline.scenarios.kept import KeptScenario, ScenarioSummary
    from grantline.scenarios.runs.run import RunState, ScenarioRun
    from grantline.secret import Secret


__all__ = [
    "NO_PKCE",
    "AccountChanged",
    "App",
    "AppInUse",
    "AppNotFound",
    "AppSettings",
    "ArrayStyle",
    "AssertionSettings",
    "AsyncConnection",
    "AsyncConnections",
    "AsyncPending",
    "AsyncRequester",
    "AsyncScenarios",
    "AuthorizationDenied",
    "AuthorizationServerError",
    "CallbackRejected",
    "ClientAuthentication",
    "ClientCertificate",
    "ConfigurationError",
    "Connection",
    "ConnectionChanged",
    "ConnectionNotFound",
    "ConnectionStatus",
    "ConnectionUnusable",
    "Connections",
    "Deleted",
    "DiscoveryFailed",
    "Edited",
    "EgressBlocked",
    "ExpressionFailed",
    "FlowType",
    "GrantlineError",
    "IdentityRules",
    "Input",
    "InvalidClient",
    "InvalidGrant",
    "InvalidInput",
    "InvalidResponse",
    "ItemsPage",
    "KeptScenario",
    "KeyInUse",
    "KeyUnavailable",
    "LifetimeUnit",
    "LimitExceeded",
    "MailRefused",
    "MalformedFile",
    "ModuleFailed",
    "NameTaken",
    "NotAuthorized",
    "NotFound",
    "NotJson",
    "OutcomeUnknown",
    "Pagination",
    "PaginationType",
    "Pending",
    "Pkce",
    "ProtocolError",
    "Quarantined",
    "RateLimited",
    "ReauthorizationRequired",
    "RefreshInProgress",
    "RequestError",
    "RequestMethod",
    "Requester",
    "Response",
    "ResponseRules",
    "RetryPolicy",
    "RevocationRules",
    "RevokedToken",
    "RunCancelled",
    "RunFailed",
    "RunState",
    "ScenarioNotReady",
    "ScenarioResult",
    "ScenarioRun",
    "ScenarioSummary",
    "Scenarios",
    "Secret",
    "SecretUnreadable",
    "Settings",
    "State",
    "StoreBusy",
    "TemporarilyUnavailable",
    "TokenPlacement",
    "TokenRequestFormat",
    "TransportFailed",
    "UnknownProvider",
    "UpgradeRules",
    "UpstreamError",
    "Verification",
]

# Where each name is found; those that are not listed are errors.
_HOMES = {
    "NO_PKCE": "grantline.oauth.app.settings",
    "App": "grantline.connections.connection",
    "AppSettings": "grantline.oauth.app.settings",
    "ArrayStyle": "grantline.calls.query",
    "AssertionSettings": "grantline.oauth.app.assertion_settings",
    "AsyncConnection": "grantline.client.async_connection",
    "AsyncConnections": "grantline.client.async_connections",
    "AsyncPending": "grantline.client.async_pending",
    "AsyncRequester": "grantline.client.async_requester",
    "AsyncScenarios": "grantline.client.async_scenarios",
    "ClientAuthentication": "grantline.oauth.app.request_choices",
    "ClientCertificate": "grantline.messages",
    "Connection": "grantline.client.connection",
    "ConnectionStatus": "grantline.client.connection",
    "Connections": "grantline.client.connections",
    "Deleted": "grantline.connections.engine",
    "Edited": "grantline.connections.manage",
    "FlowType": "grantline.oauth.app.settings",
    "IdentityRules": "grantline.oauth.app.app_rules",
    "Input": "grantline.oauth.app.app_rules",
    "ItemsPage": "grantline.connections.requests.pages",
    "KeptScenario": "grantline.scenarios.kept",
    "LifetimeUnit": "grantline.oauth.app.response_rules",
    "NotJson": "grantline.calls.answers.response",
    "Pagination": "grantline.calls.pagination",
    "PaginationType": "grantline.calls.pagination",
    "Pending": "grantline.client.pending",
    "Pkce": "grantline.oauth.app.settings",
    "RequestMethod": "grantline.oauth.app.request_choices",
    "Requester": "grantline.client.requester",
    "Response": "grantline.calls.answers.response",
    "ResponseRules": "grantline.oauth.app.response_rules",
    "RetryPolicy": "grantline.calls.attempts.retry",
    "RevocationRules": "grantline.oauth.app.app_rules",
    "RevokedToken": "grantline.oauth.app.app_rules",
    "RunState": "grantline.scenarios.runs.run",
    "ScenarioResult": "grantline.client.scenario_result",
    "ScenarioRun": "grantline.scenarios.runs.run",
    "ScenarioSummary": "grantline.scenarios.kept",
    "Scenarios": "grantline.client.scenarios",
    "Secret": "grantline.secret",
    "Settings": "grantline.connections.settings",
    "State": "grantline.connections.state",
    "TokenPlacement": "grantline.oauth.app.settings",
    "TokenRequestFormat": "grantline.oauth.app.request_choices",
    "UpgradeRules": "grantline.oauth.app.app_rules",
    "Verification": "grantline.connections.doctor.verify",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES.get(name, "grantline.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
