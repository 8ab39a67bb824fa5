"""Creating, looking at and changing connections."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from grantline.testing.authorization_server import FakeAuthorizationServer
from tests.cli.conftest import CommandLine, Create


def test_an_empty_list_teaches_the_next_step(cli: CommandLine) -> None:
    ran = cli.ok("connection", "list")

    assert ran.out == ""
    assert "grantline demo" in ran.err
    assert "back it up" in ran.err  # the key that was just made is said aloud


def test_create_fills_the_endpoints_from_the_issuer(
    create: Create, cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    ran = create("--scope", "orders")

    assert "Created “orders”." in ran.out
    assert "http://127.0.0.1/oauth/callback/" in ran.out
    assert "grantline connection authorize orders" in ran.out
    shown = json.loads(cli.ok("connection", "show", "orders", "--format", "json").out)
    assert shown["state"] == "draft"
    assert shown["settings"]["token_uri"] == server.token_uri
    assert shown["settings"]["client_authentication"] == "client_secret_basic"


def test_create_gets_the_first_token_of_a_flow_that_needs_no_person(
    machine: None, cli: CommandLine
) -> None:
    shown = json.loads(cli.ok("connection", "show", "orders", "--format", "json").out)

    assert shown["state"] == "authorized"
    assert shown["granted_scopes"] == ["orders"]
    assert shown["next_step"] == ""


def test_a_draft_asks_for_no_token(
    create: Create, cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    create("--flow", "client-credentials", "--draft")

    assert server.journal.count("token") == 0
    assert "Connected “orders”." in cli.ok("connection", "authorize", "orders").out


def test_a_second_account_reuses_the_app(create: Create, cli: CommandLine) -> None:
    create()

    cli.ok("connection", "create", "orders-2", "--app", "orders", "--host", "127.0.0.1")

    [app] = json.loads(cli.ok("app", "list", "--format", "json").out)
    assert app["connections"] == ["orders", "orders-2"]


def test_an_app_that_is_reused_takes_no_settings(create: Create, cli: CommandLine) -> None:
    create()

    ran = cli.run("connection", "create", "b", "--app", "orders", "--token-name", "Token")

    assert ran.status == 2
    assert "grantline app edit orders" in ran.err


def test_a_catalogue_entry_fills_in_the_service(cli: CommandLine) -> None:
    made = ("connection", "create", "hub", "--provider", "github", "--client-id", "a")

    ran = cli.ok(*made, "--token-name", "token")

    assert "Register it at https://github.com/settings/developers." in ran.out
    shown = json.loads(cli.ok("connection", "show", "hub", "--format", "json").out)
    assert shown["provider"] == "github"
    assert shown["scopes"] == ["read:user"]
    assert "api.github.com" in shown["hosts"]
    assert shown["settings"]["scope_separator"] == ","
    assert shown["settings"]["token_name"] == "token"


def test_create_needs_a_client_id(cli: CommandLine) -> None:
    ran = cli.run("connection", "create", "x", "--token-uri", "https://auth.example/token")

    assert ran.status == 2
    assert "--client-id" in ran.err


def test_a_name_that_is_taken_is_refused_and_leaves_nothing_behind(
    create: Create, cli: CommandLine
) -> None:
    create()

    ran = cli.run(
        *("connection", "create", "orders", "--client-id", "x", "--app-name", "other"),
        *("--authorize-uri", "https://auth.example/a", "--token-uri", "https://auth.example/t"),
    )

    assert ran.status == 2
    assert "There is a connection named “orders” already." in ran.err
    assert [app["name"] for app in json.loads(cli.ok("app", "list", "--format", "json").out)] == [
        "orders"
    ]


def test_a_name_can_be_used_again_after_its_connection_was_deleted(
    create: Create, cli: CommandLine
) -> None:
    create()
    gone = cli.ok("connection", "delete", "orders", "--yes")
    create()

    assert "hint: Or delete it with: grantline app delete orders" in gone.err
    apps = json.loads(cli.ok("app", "list", "--format", "json").out)
    assert {app["name"]: app["connections"] for app in apps} == {
        "orders": [],
        "orders 2": ["orders"],
    }


EVERY_SETTING = {
    "--token-name Zoho-oauthtoken": ("token_name", "Zoho-oauthtoken"),
    "--scope-separator comma": ("scope_separator", ","),
    "--authorize-parameter access_type=offline": (
        "authorize_parameters",
        [["access_type", "offline"]],
    ),
    "--token-parameter audience=a=b": ("token_parameters", [["audience", "a=b"]]),
    "--refresh-parameter x=": ("refresh_parameters", [["x", ""]]),
    "--expired-status 403": ("expired_statuses", [403]),
    "--pkce plain": ("pkce", "plain"),
    "--no-expect-iss": ("expect_iss", False),
    "--dpop": ("use_dpop", True),
    "--query-name oauth_token": ("query_name", "oauth_token"),
    "--resource https://api.example/": ("resources", ["https://api.example/"]),
    "--parameter-name client_id=client_key": ("parameter_names", [["client_id", "client_key"]]),
    "--parameter-name token.redirect_uri=": ("parameter_names", [["token.redirect_uri", ""]]),
    "--authorize-in-fragment": ("authorize_in_fragment", True),
    "--response-type code": ("response_type", "code"),
    "--token-request-method PUT": ("token_request_method", "PUT"),
    "--refresh-request-method GET": ("refresh_request_method", "GET"),
    "--refresh-request-format json": ("refresh_request_format", "json"),
    "--header-name X-Token": ("header_name", "X-Token"),
    "--api-parameter v=2": ("api_parameters", [["v", "2"]]),
    "--renewal-margin 30s": ("renewal_margin", 30),
    "--refresh-idle-lifetime 720h": ("refresh_idle_lifetime", 2_592_000),
}


@pytest.mark.parametrize("option", EVERY_SETTING)
def test_every_setting_can_be_given(option: str, create: Create, cli: CommandLine) -> None:
    create(*option.split(" "))

    settings = json.loads(cli.ok("app", "show", "orders", "--format", "json").out)["settings"]
    name, expected = EVERY_SETTING[option]
    assert settings[name] == expected


def test_rules_for_odd_answers_can_be_given(create: Create, cli: CommandLine) -> None:
    create("--response-rule", "token_path=authed_user", "--response-rule", "default_lifetime=3600")

    settings = json.loads(cli.ok("app", "show", "orders", "--format", "json").out)["settings"]
    assert settings["response"]["token_path"] == "authed_user"
    assert settings["response"]["default_lifetime"] == 3600


@pytest.mark.parametrize(
    ("option", "name", "expected"),
    [
        ("--identity-rule", "identity", {"url": "/me", "label": ["email"]}),
        ("--revocation-rule", "revocation", {"method": "DELETE", "as_api_request": True}),
        ("--upgrade-rule", "upgrade", {"uri": "https://a.example/upgrade"}),
    ],
)
def test_rules_of_a_service_can_be_given(
    create: Create, cli: CommandLine, option: str, name: str, expected: dict[str, Any]
) -> None:
    words = [
        f"{key}={value if isinstance(value, str) else json.dumps(value)}"
        for key, value in expected.items()
    ]
    create(*(part for word in words for part in (option, word)))

    settings = json.loads(cli.ok("app", "show", "orders", "--format", "json").out)["settings"]
    assert settings[name].items() >= expected.items()


def test_a_service_account_file_fills_client_key_and_token_uri(
    cli: CommandLine, tmp_path: Path
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    account = {
        "client_email": "robot@project.example",
        "private_key": key.decode(),
        "private_key_id": "k1",
        "token_uri": "https://oauth2.example/token",
    }
    path = tmp_path / "account.json"
    path.write_text(json.dumps(account))

    options = ("--service-account-file", str(path), "--assertion-subject", "ann@example.com")
    ran = cli.ok("connection", "create", "robot", *options, "--draft", "--format", "json")

    assert json.loads(ran.out)["flow"] == "jwt-bearer"
    app = json.loads(cli.ok("app", "show", "robot", "--format", "json").out)
    assert app["has_secret"]
    assert app["settings"]["client_id"] == "robot@project.example"
    assert app["settings"]["assertion"]["key_id"] == "k1"
    assert app["settings"]["assertion"]["subject"] == "ann@example.com"
    assert key.decode().splitlines()[1] not in "".join(cli.said)


DANGERS = {
    "--flow implicit": "implicit is a legacy flow",
    "--flow password --username ann": "password is a legacy flow",
    "--pkce plain": "PKCE plain",
    "--pkce off": "without PKCE",
    "--token-placement query": "logs",
    "--host *.example.com": "every host under example.com",
}


@pytest.mark.parametrize("choice", DANGERS)
def test_a_dangerous_choice_says_what_it_costs_and_proceeds(
    choice: str, create: Create, cli: CommandLine
) -> None:
    cli.monkeypatch.setenv("GRANTLINE_PASSWORD", "demo-password-for-tests-only")

    ran = create("--draft", *choice.split(" "))

    warnings = [line for line in ran.err.splitlines() if line.startswith("warning: ")]
    assert [line for line in warnings if DANGERS[choice] in line]


def test_edit_changes_what_is_given_and_says_that_nothing_else_is_needed(
    machine: None, cli: CommandLine
) -> None:
    ran = cli.ok("connection", "edit", "orders", "--token-name", "Token", "--add-host", "b.example")

    assert "Nothing else is needed." in ran.out
    shown = json.loads(cli.ok("connection", "show", "orders", "--format", "json").out)
    assert shown["hosts"] == ["127.0.0.1", "b.example"]
    assert shown["scopes"] == ["orders"]
    assert shown["state"] == "authorized"


def test_more_scopes_need_consent_and_keep_the_old_token(machine: None, cli: CommandLine) -> None:
    ran = cli.ok("connection", "edit", "orders", "--add-scope", "admin", "--format", "json")

    edited = json.loads(ran.out)
    assert edited["needs"] == "consent"
    assert edited["scopes"] == ["orders", "admin"]
    assert edited["state"] == "authorized"


def test_another_token_uri_needs_the_secret_again(
    machine: None, cli: CommandLine, secret_file: str
) -> None:
    elsewhere = ("connection", "edit", "orders", "--token-uri", "https://auth.example/token")

    refused = cli.run(*elsewhere)
    ran = cli.ok(*elsewhere, "--client-secret-file", secret_file, "--yes")

    assert refused.status == 2
    assert "--client-secret-file" in refused.err
    assert "must be authorized again" in ran.out
    assert "Token URI" in ran.out


def test_an_edit_that_ends_the_authorization_is_asked_about_first(
    machine: None, cli: CommandLine, secret_file: str
) -> None:
    ran = cli.run(
        *("connection", "edit", "orders", "--token-uri", "https://auth.example/token"),
        *("--client-secret-file", secret_file),
    )

    assert ran.status == 2
    assert "ends the authorization of “orders”" in ran.err
    shown = json.loads(cli.ok("connection", "show", "orders", "--format", "json").out)
    assert shown["state"] == "authorized"


def test_an_edit_names_the_connections_that_follow(machine: None, cli: CommandLine) -> None:
    cli.ok("connection", "duplicate", "orders", "orders-2")

    ran = cli.ok("connection", "edit", "orders", "--token-name", "Token")

    assert "these follow: orders-2" in ran.out


def test_an_edit_without_changes_says_so(machine: None, cli: CommandLine) -> None:
    assert cli.run("connection", "edit", "orders").status == 2


def test_a_scope_that_is_not_there_cannot_be_removed(machine: None, cli: CommandLine) -> None:
    ran = cli.run("connection", "edit", "orders", "--remove-scope", "admin")

    assert ran.status == 2
    assert "They are: orders." in ran.err


def test_rename_keeps_the_token(machine: None, cli: CommandLine) -> None:
    cli.ok("connection", "rename", "orders", "sales")

    shown = json.loads(cli.ok("connection", "show", "sales", "--format", "json").out)
    assert shown["state"] == "authorized"
    assert cli.run("connection", "show", "orders").status == 4


def test_a_draft_that_was_edited_is_still_to_be_authorized(
    create: Create, cli: CommandLine
) -> None:
    create()

    for change in ("--add-scope", "--token-name"):
        ran = cli.ok("connection", "edit", "orders", change, "more")
        assert "It is not authorized.\nNext step: grantline connection authorize" in ran.out


def test_a_duplicate_is_a_draft_without_tokens(machine: None, cli: CommandLine) -> None:
    ran = cli.ok("connection", "duplicate", "orders", "orders-2", "--format", "json")

    assert json.loads(ran.out)["state"] == "draft"


def test_delete_asks_first_and_needs_a_flag_where_nobody_can_be_asked(
    machine: None, cli: CommandLine
) -> None:
    ran = cli.run("connection", "delete", "orders")

    assert ran.status == 2
    assert "--yes" in ran.err
    cli.ok("connection", "show", "orders")


def test_scenarios_that_use_a_connection_are_named_before_it_is_deleted(
    machine: None, cli: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "nightly.yaml"
    asks = "{id: 1, make_request: {connection: orders, url: /me}}"
    file.write_text(f"grantline: 1\nname: Nightly\nmodules:\n- {asks}\n", encoding="utf-8")
    cli.ok("scenario", "import", str(file))

    assert json.loads(cli.ok("connection", "show", "orders", "--format", "json").out)["uses"] == 1
    assert "Nightly" in cli.ok("connection", "show", "orders").out
    gone = cli.ok("connection", "delete", "orders", "--yes")
    assert "1 scenario refers to it, and will fail: Nightly." in gone.err


def test_delete_revokes_at_the_service(
    machine: None, cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    ran = cli.ok("connection", "delete", "orders", "--yes")

    assert ran.out == "Deleted “orders”.\nThe service revoked the tokens.\n"
    assert server.journal.count("revoke") == 1
    assert cli.run("connection", "show", "orders").status == 4


def test_history_and_verify_speak_of_the_connection(machine: None, cli: CommandLine) -> None:
    assert cli.ok("connection", "verify", "orders").out.startswith("orders   works: ")
    events = json.loads(cli.ok("connection", "history", "orders", "--format", "json").out)

    assert [each["kind"] for each in events] == ["connection.authorized", "connection.created"]
    assert "connection.authorized" in cli.ok("connection", "history", "orders").out


def test_verify_says_when_a_connection_does_not_work(create: Create, cli: CommandLine) -> None:
    create("--scope", "orders")

    ran = cli.run("connection", "verify", "orders", "--format", "json")

    assert ran.status == 5
    assert json.loads(ran.out)["works"] is False


def test_an_app_in_use_is_not_deleted(machine: None, cli: CommandLine) -> None:
    assert cli.run("app", "delete", "orders", "--yes").status == 5

    cli.ok("connection", "delete", "orders", "--yes")
    cli.ok("app", "delete", "orders", "--yes")
    assert json.loads(cli.ok("app", "list", "--format", "json").out) == []


def test_an_app_edit_reaches_its_connections(machine: None, cli: CommandLine) -> None:
    ran = cli.ok("app", "edit", "orders", "--new-name", "shop", "--base-url", "https://api.example")

    assert "These connections use it: orders." in ran.out
    assert json.loads(cli.ok("app", "show", "shop", "--format", "json").out)["name"] == "shop"


def test_an_app_is_compared_with_its_issuer_and_left_alone(
    create: Create, cli: CommandLine
) -> None:
    create()
    assert "says the same" in cli.ok("app", "check", "orders").out
    elsewhere = "https://elsewhere.example/authorize"
    cli.ok("app", "edit", "orders", "--authorize-uri", elsewhere)

    ran = cli.ok("app", "check", "orders")

    assert elsewhere in ran.out
    assert "app edit orders --authorize-uri" in ran.err
    shown = json.loads(cli.ok("app", "show", "orders", "--format", "json").out)
    assert shown["settings"]["authorize_uri"] == elsewhere
    assert set(json.loads(cli.ok("app", "check", "orders", "--format", "json").out)) == {
        "authorize_uri"
    }


def test_how_many_modules_use_it_at_once_is_said(machine: None, cli: CommandLine) -> None:
    edited = cli.ok("connection", "edit", "orders", "--at-once", "2", "--format", "json")
    assert json.loads(edited.out)["at_once"] == 2
    assert "2 modules" in cli.ok("connection", "show", "orders").out
