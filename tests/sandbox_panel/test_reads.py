"""What the reading routes of panel 1.x show, to whom."""

import base64
import uuid

import pytest

from sandbox.panel import Profile

ATTRIBUTES = [
    "server_owner",
    "identifier",
    "internal_id",
    "uuid",
    "name",
    "node",
    "is_node_under_maintenance",
    "sftp_details",
    "description",
    "limits",
    "invocation",
    "docker_image",
    "egg_features",
    "feature_limits",
    "status",
    "is_suspended",
    "is_installing",
    "is_transferring",
    "relationships",
]


async def test_the_list_has_the_shape_of_the_real_one(make_scene):
    scene = await make_scene(Profile.PTERO_1_11)
    body = (await scene.get()).json
    [server] = body["data"]
    assert (body["object"], server["object"], "meta" in server) == ("list", "server", False)
    assert list(server["attributes"]) == ATTRIBUTES
    assert server["attributes"]["limits"] == {
        "memory": 4096,
        "swap": 0,
        "disk": 10240,
        "io": 500,
        "cpu": 200,
        "threads": None,
        "oom_disabled": True,
    }
    assert server["attributes"]["relationships"]["variables"] == {"object": "null_resource", "attributes": None}
    [allocation] = server["attributes"]["relationships"]["allocations"]["data"]
    assert allocation["attributes"]["notes"] is None
    assert body["meta"] == {
        "pagination": {"total": 1, "count": 1, "per_page": 50, "current_page": 1, "total_pages": 1, "links": {}}
    }


async def test_a_list_without_servers_is_an_empty_page(scene):
    key = scene.panel.add_key(scene.panel.add_user("nobody"))
    assert (await scene.get(key=key)).json == {
        "object": "list",
        "data": [],
        "meta": {
            "pagination": {"total": 0, "count": 0, "per_page": 50, "current_page": 1, "total_pages": 1, "links": {}}
        },
    }


async def test_pages_link_to_their_neighbours(scene):
    for number in range(60):
        scene.panel.add_server(f"Server {number}", owner=scene.owner)
    key = scene.panel.add_key(scene.owner)
    first = (await scene.get(key=key)).json["meta"]["pagination"]
    assert first == {
        "total": 61,
        "count": 50,
        "per_page": 50,
        "current_page": 1,
        "total_pages": 2,
        "links": {"next": f"{scene.panel.url}/api/client?page=2"},
    }
    second = (await scene.get("?page=2", key=key)).json
    assert len(second["data"]) == 11
    assert second["meta"]["pagination"]["links"] == {"previous": f"{scene.panel.url}/api/client?page=1"}
    middle = (await scene.get("?per_page=20&page=2", key=key)).json["meta"]["pagination"]
    assert middle["links"] == {
        "previous": f"{scene.panel.url}/api/client?per_page=20&page=1",
        "next": f"{scene.panel.url}/api/client?per_page=20&page=3",
    }
    assert (await scene.get("?per_page=1000", key=key)).json["meta"]["pagination"]["per_page"] == 100


async def test_types_select_servers_and_only_admins_see_foreign_ones(scene):
    scene.panel.add_server("Foreign", owner=scene.owner)
    admin = scene.panel.add_user("root", root_admin=True)
    scene.panel.add_server("Own", owner=admin)
    key = scene.panel.add_key(admin)

    async def names(query, key=None):
        return [each["attributes"]["name"] for each in (await scene.get(query, key=key)).json["data"]]

    assert await names("") == ["Paper Survival"]
    assert await names("?type=owner") == []
    assert await names("?type=admin") == await names("?type=admin-all") == []
    assert await names("", key) == ["Own"]
    assert await names("?type=admin", key) == ["Paper Survival", "Foreign"]
    assert await names("?type=admin-all", key) == ["Paper Survival", "Foreign", "Own"]
    assert (await scene.get(scene.path(), key=key)).status == 200


async def test_filters_match_parts_and_unknown_ones_are_400(scene):
    assert len((await scene.get("?filter[name]=surv")).json["data"]) == 1
    assert len((await scene.get("?filter[*]=creative")).json["data"]) == 0
    assert len((await scene.get("?filter[*]=:255")).json["data"]) == 1
    reply = await scene.get("?filter[node]=x")
    assert (reply.status, reply.error["code"]) == (400, "InvalidFilterQuery")


async def test_a_server_is_found_by_short_id_uuid_and_on_1_12_by_serv_id(make_scene):
    for profile, status in ((Profile.PTERO_1_12, 200), (Profile.PTERO_1_11, 404), (Profile.PELICAN, 404)):
        scene = await make_scene(profile)
        server = scene.server
        for name in (server.identifier, server.uuid):
            assert (await scene.get(f"/servers/{name}")).json["attributes"]["uuid"] == server.uuid
        encoded = base64.b32encode(uuid.UUID(server.uuid).bytes).decode().lower().rstrip("=")
        assert (await scene.get(f"/servers/serv_{encoded}")).status == status
        assert (await scene.get(f"/servers/{server.identifier.upper()}x")).status == 404
        shown = (await scene.get(scene.path())).json["attributes"]
        assert shown.get("server_identifier") == (f"serv_{encoded}" if status == 200 else None)


async def test_a_panel_may_show_the_new_ids_as_identifiers(scene):
    scene.panel.registry.use_server_identifiers = True
    [server] = (await scene.get()).json["data"]
    identifier = server["attributes"]["identifier"]
    assert identifier == server["attributes"]["server_identifier"] == scene.server.serv_identifier
    assert server["attributes"]["__deprecated_uuid_short"] == scene.server.identifier
    assert (await scene.get(f"/servers/{identifier}/resources")).status == 200


async def test_the_view_tells_owner_admin_and_subuser_what_they_may(scene):
    admin = scene.panel.add_user("root", root_admin=True)
    subuser = (await scene.get(scene.path())).json["meta"]
    assert subuser["is_server_owner"] is False
    assert subuser["user_permissions"][0] == "websocket.connect"
    assert "control.console" in subuser["user_permissions"]
    owner = (await scene.get(scene.path(), key=scene.panel.add_key(scene.owner))).json["meta"]
    assert owner == {"is_server_owner": True, "user_permissions": ["*"]}
    root = (await scene.get(scene.path(), key=scene.panel.add_key(admin))).json["meta"]
    assert root == {
        "is_server_owner": False,
        "user_permissions": ["*", "admin.websocket.errors", "admin.websocket.install", "admin.websocket.transfer"],
    }


async def test_hidden_values_show_only_where_they_may(scene):
    mine = (await scene.get(scene.path())).json["attributes"]
    assert "server.jar" not in mine["invocation"]
    owners = (await scene.get(scene.path() + "?include=egg,subusers", key=scene.panel.add_key(scene.owner))).json
    attributes = owners["attributes"]
    assert "-jar server.jar --rcon.password [hidden]" in attributes["invocation"]
    relations = attributes["relationships"]
    assert [each["attributes"]["env_variable"] for each in relations["variables"]["data"]] == ["SERVER_JARFILE"]
    assert [each["attributes"]["notes"] for each in relations["allocations"]["data"]] == [None, "rcon"]
    assert relations["egg"]["attributes"]["name"] == "Paper"
    assert relations["subusers"]["data"][0]["attributes"]["username"] == "botuser"


async def test_account_and_permissions_tell_the_kind_of_panel(make_scene):
    pterodactyl, pelican = await make_scene(Profile.PTERO_1_12), await make_scene(Profile.PELICAN)
    assert list((await pterodactyl.get("/account")).json["attributes"]) == [
        "id",
        "admin",
        "username",
        "email",
        "first_name",
        "last_name",
        "language",
    ]
    assert list((await pelican.get("/account")).json["attributes"]) == [
        "uuid",
        "username",
        "email",
        "language",
        "image",
        "admin",
        "root_admin",
        "2fa_enabled",
        "created_at",
        "updated_at",
    ]
    grouped = (await pterodactyl.get("/permissions")).json
    assert grouped["object"] == "system_permissions"
    assert set(grouped["attributes"]["permissions"]["control"]["keys"]) == {"console", "start", "stop", "restart"}
    assert "control.console" in (await pelican.get("/permissions")).json["attributes"]["permissions"]
    shown = (await pelican.get()).json["data"][0]["attributes"]
    assert shown["limits"]["oom_killer"] is False
    assert "alias" in shown["sftp_details"]


@pytest.mark.parametrize(
    ("profile", "prefix"), [(Profile.PTERO_1_12, "ptlc_"), (Profile.PELICAN, "pacc_"), (Profile.PTERO_0_7, "")]
)
async def test_keys_have_48_characters(make_scene, profile, prefix):
    scene = await make_scene(profile)
    assert len(scene.key) == 48
    assert scene.key.startswith(prefix)
    assert scene.key not in repr(scene.panel.registry.key(f"Bearer {scene.key}"))


async def test_resources_of_a_running_server(make_scene):
    scene = await make_scene(running=True)
    body = (await scene.get(scene.path("/resources"))).json
    attributes = body["attributes"]
    assert (body["object"], attributes["current_state"], attributes["is_suspended"]) == ("stats", "running", False)
    assert list(attributes["resources"]) == [
        "memory_bytes",
        "cpu_absolute",
        "disk_bytes",
        "network_rx_bytes",
        "network_tx_bytes",
        "uptime",
    ]
    assert 0 < attributes["resources"]["memory_bytes"] < 4096 * 1024 * 1024


async def test_resources_are_kept_for_20_seconds_even_when_the_state_has_changed(make_scene):
    scene = await make_scene(scale=0.05, stop_seconds=0.1, running=True)
    assert (await scene.get(scene.path("/resources"))).json["attributes"]["current_state"] == "running"
    await scene.post(scene.path("/power"), {"signal": "kill"})
    await scene.panel.wait_for(lambda: scene.server.state == "offline")
    reply = await scene.get(scene.path("/resources"))
    assert reply.json["attributes"]["current_state"] == "running"
    elapsed = scene.panel.clock.elapsed
    until = scene.panel.registry.resources[scene.server.uuid][0]
    assert 0 < until - elapsed() <= 20
    await scene.panel.wait_for(lambda: elapsed() >= until)
    usage = (await scene.get(scene.path("/resources"))).json["attributes"]
    assert usage["current_state"] == "offline"
    assert usage["resources"].pop("disk_bytes") > 0
    assert set(usage["resources"].values()) == {0}


async def test_activity_shows_what_was_done_by_api(make_scene):
    scene = await make_scene(running=True)
    await scene.post(scene.path("/command"), {"command": "say hello"})
    await scene.post(scene.path("/power"), {"signal": "restart"})
    body = (await scene.get(scene.path("/activity") + "?include=actor")).json
    first, second = (each["attributes"] for each in body["data"])
    assert (first["event"], first["properties"], first["is_api"]) == (
        "server:console.command",
        {"command": "say hello"},
        True,
    )
    assert second["event"] == "server:power.restart"
    assert first["relationships"]["actor"]["attributes"]["username"] == "botuser"


async def test_requests_are_recorded_without_the_key(scene):
    await scene.get("?page=1", headers={"User-Agent": "Tester/1"})
    [request] = scene.panel.requests
    assert (request.method, request.path, request.query, request.user, request.status) == (
        "GET",
        "/api/client",
        {"page": "1"},
        "botuser",
        200,
    )
    assert request.headers["user-agent"] == "Tester/1"
    assert request.headers["authorization"] == "(present)"
    assert "cookie" not in request.headers
    assert scene.key not in repr(request)
