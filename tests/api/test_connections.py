"""Connections over the API: the same shapes as the command line's, and what an edit costs."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from grantline.cli.views import app_view as cli_app_view
from grantline.cli.views import connection_view as cli_view
from grantline.oauth.app.settings import FlowType
from grantline.server.api.connections.models import (
    AppShown,
    ConnectionShown,
    app_view,
    connection_view,
)
from grantline.testing.authorization_server import Replace
from grantline.testing.authorization_server.exchange import Answer
from tests.api.conftest import Api, Inhabited
from tests.connections.world import app_settings

SECRET = "typed-client-secret-canary"


def new_connection(api: Api, **more: Any) -> dict[str, Any]:
    server = api.world.server
    return {
        "name": "google",
        "settings": {
            "client_id": server.client.client_id,
            "authorize_uri": server.authorize_uri,
            "token_uri": server.token_uri,
            "base_url": server.api_url,
        },
        "secrets": {"client_secret": server.client.client_secret},
        "scopes": ["profile", "orders"],
        **more,
    }


async def test_a_connection_is_created_as_a_draft_with_the_redirect_uri_to_register(
    api: Api,
) -> None:
    answer = await api.call("POST", "/connections", new_connection(api))

    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/connections/{made['id']}"
    assert answer.headers["etag"] == '"1"'
    assert made["state"] == "draft"
    assert made["hosts"] == ["127.0.0.1"]
    assert made["redirect_uri"].startswith(api.site.settings.public_url + "/oauth/callback/")
    assert made["next_step"] == f"POST /api/v1/connections/{made['id']}/authorize"
    assert await api.get(f"/connections/{made['id']}") == made
    assert await api.get("/connections/google") == made


async def test_a_client_is_registered_at_the_issuer_and_its_secret_never_shown(api: Api) -> None:
    server = api.world.server
    given = {"name": "signed up", "issuer": server.issuer, "client": "registered"}
    server.script("register", Replace(Answer.json({"client_id": "c", "client_secret": SECRET})))
    made = await api.post("/connections", {**given, "hosts": ["127.0.0.1"]}, status=201)

    (entry,) = server.journal.at("register")
    assert json.loads(entry.incoming.body)["redirect_uris"] == [made["redirect_uri"]]
    app = await api.get(f"/apps/{made['app']['id']}")
    assert (app["settings"]["client_id"], app["has_secret"]) == ("c", True)
    assert SECRET not in json.dumps([made, app])


async def test_a_document_that_nobody_could_read_is_refused(api: Api) -> None:
    given = {"name": "x", "issuer": api.world.server.issuer, "client": "document"}
    problem = await api.refused("POST", "/connections", given)

    assert problem["field"] == "client"


@pytest.mark.parametrize(
    "more", [{"settings": {"client_id": "typed"}}, {"secrets": {"client_secret": SECRET}}]
)
async def test_a_client_is_given_or_registered(api: Api, more: dict[str, Any]) -> None:
    given = {"name": "x", "issuer": api.world.server.issuer, "client": "registered", **more}
    problem = await api.refused("POST", "/connections", given)

    assert problem["field"] == "client"


async def test_the_shapes_are_those_of_the_command_line(api: Api) -> None:
    found = await api.world.authorized()

    shown = await api.get("/connections/demo")
    ours = connection_view(found, api.site.settings)
    theirs = cli_view(found)
    of_the_face = {"next_step", "redirect_uri"}
    assert set(shown) == set(ConnectionShown.model_fields) == set(theirs)
    assert {name: ours[name] for name in set(ours) - of_the_face} == {
        name: theirs[name] for name in set(theirs) - of_the_face
    }
    assert set(AppShown.model_fields) == set(cli_app_view(found.app, ()))
    assert app_view(found.app, ("demo",)) == cli_app_view(found.app, ("demo",))


async def test_the_list_is_paged_searched_and_filtered(api: Api) -> None:
    for name in ("alpha", "beta", "gamma"):
        await api.world.draft(name)
    await api.world.authorized("delta")

    page = await api.get("/connections", params={"limit": 2, "offset": 1})
    assert [each["name"] for each in page["items"]] == ["beta", "delta"]
    assert page["total"] == 4
    assert [each["uses"] for each in page["items"]] == [0, 0]
    found = await api.get("/connections", params={"q": "AMM"})
    assert [each["name"] for each in found["items"]] == ["gamma"]
    drafts = await api.get("/connections", params={"show": "draft"})
    assert drafts["total"] == 3
    assert (await api.get("/connections", params={"show": "needs_attention"}))["total"] == 0
    assert (await api.refused("GET", "/connections?show=odd"))["field"] == "show"


async def test_the_catalogue_fills_in_what_is_left_out(api: Api) -> None:
    given = {"name": "gh", "provider": "github", "settings": {"client_id": "x"}}
    given["secrets"] = {"client_secret": SECRET}

    made = await api.post("/connections", given, status=201)

    entry = await api.get("/providers/github")
    assert made["provider"] == "github"
    assert made["scopes"] == entry["default_scopes"]
    assert made["hosts"] == sorted(entry["hosts"])
    app = await api.get(f"/apps/{made['app']['id']}")
    assert app["settings"]["token_uri"] == entry["settings"]["token_uri"]
    assert app["has_secret"] is True


async def test_an_issuer_fills_in_the_endpoints_and_what_is_given_wins(api: Api) -> None:
    server = api.world.server
    given = new_connection(api, issuer=server.issuer)
    given["settings"] = {"client_id": "x", "token_name": "Token"}

    made = await api.post("/connections", given, status=201)

    settings = (await api.get(f"/apps/{made['app']['name']}"))["settings"]
    assert settings["token_uri"] == server.token_uri
    assert settings["token_name"] == "Token"


async def test_an_app_that_is_here_serves_a_second_account(api: Api) -> None:
    await api.world.draft()

    made = await api.post("/connections", {"name": "second", "app": "demo"}, status=201)
    problem = await api.refused(
        "POST", "/connections", {"name": "third", "app": "demo", "settings": {"client_id": "x"}}
    )

    assert made["app"]["name"] == "demo"
    assert problem["code"] == "invalid_input"
    assert problem["field"] == "app"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"settings": {}}, "client_id"),
        ({"settings": {"client_id": "x", "client_idd": "y"}}, "client_idd"),
        ({"settings": {"client_id": "x", "pkce": "S512"}}, "pkce"),
        ({"settings": {"client_id": "x", "token_uri": 5}}, "token_uri"),
        ({"settings": {"client_id": "x"}}, "Token URI"),
        ({"scopes": ["two words"]}, "Scopes"),
        ({"name": ""}, "Connection name"),
        ({"flow": "magic"}, "flow"),
        ({"title": "x"}, "title"),
        ({"scopes": "profile"}, "scopes"),
        ({"settings": {"client_id": "\ud800"}}, "settings"),
        ({"settings": {"client_id": "x", "custom_headers": [["X-Key", "•••"]]}}, "settings"),
        ({"secrets": {"client_secret": 5}}, "secrets.client_secret"),
    ],
)
async def test_a_wrong_value_is_refused_by_the_name_of_its_field(
    inhabited: Inhabited, change: dict[str, Any], field: str
) -> None:
    api = inhabited.api
    problem = await api.refused("POST", "/connections", {**new_connection(api), **change})

    assert problem["code"] == "invalid_input"
    assert problem["status"] == 400
    assert problem["field"] == field


async def test_an_edit_names_what_it_costs_and_follows_the_version(api: Api) -> None:
    await api.world.authorized()

    edited = await api.call(
        "PATCH",
        "/connections/demo",
        {"scopes": ["profile", "orders", "extra"]},
        headers={"If-Match": '"1"'},
    )

    assert edited.status_code == 200, edited.text
    assert edited.headers["etag"] == '"2"'
    assert edited.json()["needs"] == "consent"
    assert edited.json()["because"] == ["scopes"]
    assert edited.json()["state"] == "authorized"
    for late in ({"headers": {"If-Match": '"1"'}}, {"body": {"name": "late", "version": 1}}):
        problem = await api.refused(
            "PATCH", "/connections/demo", late.pop("body", {"name": "late"}), **late
        )
        assert problem["code"] == "connection_changed"
        assert problem["status"] == 409
    again = await api.call("PATCH", "/connections/demo", {"name": "now", "version": 2})
    assert again.json()["needs"] == "nothing"


@pytest.mark.parametrize("tag", ["x", '"0"', '"-1"', 'W/"1"', '"99999999999999999999"', '"²"'])
async def test_an_if_match_that_is_no_version_is_refused(inhabited: Inhabited, tag: str) -> None:
    api = inhabited.api
    headers = {"If-Match": tag.encode()}
    problem = await api.refused("PATCH", "/connections/demo", {"name": "x"}, headers=headers)
    assert problem["field"] == "If-Match"


async def test_two_versions_in_one_edit_are_refused(api: Api) -> None:
    await api.world.draft()
    body, headers = {"name": "x", "version": 2}, {"If-Match": '"1"'}
    problem = await api.refused("PATCH", "/connections/demo", body, headers=headers)
    assert problem["field"] == "version"


async def test_another_token_uri_wants_the_secret_again(api: Api) -> None:
    await api.world.authorized()
    change = {"settings": {"token_uri": "https://elsewhere.example/token"}}

    problem = await api.refused("PATCH", "/connections/demo", change)
    change["secrets"] = {"client_secret": SECRET}
    edited = await api.call("PATCH", "/connections/demo", change)

    assert problem["field"] == "Client secret"
    assert edited.json()["needs"] == "reauthorization"
    assert edited.json()["state"] == "draft"


async def test_the_price_of_an_edit_is_told_before_it_is_made(api: Api) -> None:
    await api.world.authorized()
    await api.post("/connections", {"name": "second", "app": "demo"}, status=201)
    before = await api.get("/connections/demo")

    scopes = await api.post("/connections/demo/price", {"scopes": ["profile", "new"]})
    shared = await api.post("/connections/demo/price", {"settings": {"token_name": "Token"}})
    change = {"settings": {"client_id": "x"}, "secrets": {"client_secret": SECRET}}
    dear = await api.post("/connections/demo/price", change)
    problem = await api.refused("POST", "/connections/demo/price", {"hosts": ["not a host"]})

    assert (scopes["needs"], scopes["because"], scopes["also_changed"]) == (
        "consent",
        ["scopes"],
        [],
    )
    assert (shared["needs"], shared["also_changed"]) == ("nothing", ["second"])
    assert (dear["needs"], dear["secret_required"]) == ("reauthorization", True)
    assert problem["field"] == "Hosts"
    assert await api.get("/connections/demo") == before


async def test_kept_secrets_are_told_by_name_and_dropped_one_by_one(api: Api) -> None:
    await api.world.draft(flow=FlowType.PASSWORD, new={"username": "ada", "password": None})
    change = {"password": SECRET}
    edited = await api.call("PATCH", "/connections/demo", change)
    kept = await api.call("GET", "/connections/demo/secrets")
    await api.call("PATCH", "/connections/demo", {"remove_secrets": ["password"]})

    assert kept.json() == {"kept": ["client_secret", "username", "password"]}
    assert SECRET not in kept.text + edited.text
    assert (await api.get("/connections/demo/secrets"))["kept"] == ["client_secret", "username"]
    problem = await api.refused("PATCH", "/connections/demo", {"remove_secrets": ["passport"]})
    assert problem["field"] == "remove_secrets.0"


async def test_the_doctor_is_asked(api: Api) -> None:
    connection = await api.world.authorized()
    api.world.server.revoke_grants()
    api.world.clock.advance(timedelta(days=1))
    for _ in range(2):  # a dead grant is believed when it is seen twice
        await api.call("POST", f"/connections/{connection.id}/token")
        api.world.clock.advance(timedelta(hours=1))

    found = await api.get("/connections/demo/diagnosis")

    assert found["total"] == len(found["items"]) > 0
    assert found["items"][0]["title"]
    assert found["items"][0]["next_steps"]


async def test_the_doctor_asks_the_service_too(api: Api) -> None:
    await api.world.draft(base_url="https://10.0.0.1/api")

    known = await api.get("/connections/demo/diagnosis")
    found = await api.post("/connections/demo/doctor")

    assert known["items"] == []
    assert [(each["severity"], each["code"]) for each in found["items"]] == [
        ("error", "blocked"),
        ("warning", "clock_skew"),  # the service's clock goes on, and ours stands still
        ("warning", "not_authorized"),
    ]


async def test_a_connection_is_duplicated_verified_and_deleted(api: Api) -> None:
    await api.world.authorized()

    copy = await api.post("/connections/demo/duplicate", {"name": "second"}, status=201)
    works = await api.post("/connections/demo/verify")
    gone = await api.call("DELETE", "/connections/demo")

    assert copy["state"] == "draft"
    assert works["works"] is True
    assert works["connection"] == "demo"
    assert gone.json()["deleted"] == "demo"
    assert gone.json()["revoked"] is True
    assert (await api.refused("GET", "/connections/demo"))["code"] == "connection_not_found"


async def test_a_name_that_is_taken_is_a_conflict(api: Api) -> None:
    await api.world.draft()
    problem = await api.refused("POST", "/connections", new_connection(api, name="demo"))
    assert problem["code"] == "name_taken"
    assert problem["status"] == 409


async def test_apps_are_listed_edited_and_deleted(api: Api) -> None:
    await api.world.draft()
    await api.world.draft("other", flow=FlowType.CLIENT_CREDENTIALS)

    listed = await api.get("/apps")
    renamed = await api.call("PATCH", "/apps/other", {"name": "theirs", "version": 1})
    in_use = await api.refused("DELETE", "/apps/demo")
    await api.call("DELETE", "/connections/other")
    deleted = await api.call("DELETE", "/apps/theirs")

    assert [each["connections"] for each in listed["items"]] == [["demo"], ["other"]]
    assert renamed.json()["name"] == "theirs"
    assert renamed.json()["also_changed"] == ["other"]
    assert in_use["code"] == "app_in_use"
    assert deleted.status_code == 200
    assert (await api.refused("GET", "/apps/theirs"))["code"] == "app_not_found"


async def test_the_values_of_custom_headers_are_not_shown(api: Api) -> None:
    await api.world.draft(custom_headers=(("X-Canary", SECRET),))
    app = await api.call("GET", "/apps/demo")
    assert app.json()["settings"]["custom_headers"] == [["X-Canary", "•••"]]
    assert SECRET not in app.text


async def test_an_issuer_is_asked_for_its_metadata(api: Api) -> None:
    server = api.world.server
    found = await api.post("/discover", {"issuer": server.issuer})
    assert found["token_endpoint"] == app_settings(server).token_uri
    problem = await api.refused("POST", "/discover", {"issuer": "https://192.168.1.1"})
    assert problem["code"] == "egress_blocked"
    assert problem["rule"]


async def test_the_catalogue_is_listed(api: Api) -> None:
    found = await api.get("/providers", key=api.use)
    assert found["total"] == len(found["items"]) > 0
    assert (await api.refused("GET", "/providers/nobody"))["status"] == 404


async def test_how_many_modules_use_a_connection_at_once(api: Api) -> None:
    made = (await api.call("POST", "/connections", new_connection(api, at_once=2))).json()
    assert made["at_once"] == 2
    path = f"/connections/{made['id']}"
    edited = (await api.call("PATCH", path, {"at_once": 0})).json()
    assert (edited["at_once"], edited["needs"]) == (0, "nothing")
    assert (await api.call("PATCH", path, {"at_once": -1})).status_code in {400, 422}
