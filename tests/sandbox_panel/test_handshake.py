"""The ticket and the handshake of the console socket."""

import asyncio
import base64
import hashlib
import hmac
import json
import time

import aiohttp
import pytest

from sandbox.panel import PanelStandIn, Profile

UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(b"0123456789abcdef").decode(),
}


def decode(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


async def shake(scene, uuid=None, **headers):
    url = f"{scene.panel.node.url}/api/servers/{uuid or scene.server.uuid}/ws"
    sent = {**UPGRADE, "Origin": scene.panel.url, **headers}
    sent = {name: value for name, value in sent.items() if value}
    async with scene.http.get(url, headers=sent) as response:
        return response.status, "" if response.status == 101 else await response.text(), response.headers


@pytest.mark.parametrize(
    ("profile", "claims"),
    [
        (
            Profile.PTERO_1_11,
            [
                "iss",
                "aud",
                "jti",
                "iat",
                "nbf",
                "exp",
                "server_uuid",
                "permissions",
                "user_uuid",
                "user_id",
                "unique_id",
            ],
        ),
        (
            Profile.PTERO_1_12,
            ["iss", "aud", "jti", "iat", "nbf", "exp", "server_uuid", "permissions", "scope", "user_uuid", "unique_id"],
        ),
    ],
)
async def test_a_ticket_is_a_signed_token_with_the_claims_of_its_profile(make_scene, profile, claims):
    scene = await make_scene(profile)
    data = await scene.ticket()
    assert data["socket"] == scene.panel.node.url.replace("http", "ws") + f"/api/servers/{scene.server.uuid}/ws"
    head, payload, signature = data["token"].split(".")
    body = decode(payload)
    assert list(body) == claims
    user_and_server = f"{scene.bot.id}{scene.server.uuid}".encode()
    digest = hashlib.sha256 if profile is Profile.PTERO_1_12 else hashlib.md5
    assert body["jti"] == digest(user_and_server).hexdigest()
    assert decode(head) == {"typ": "JWT", "alg": "HS256", "jti": body["jti"]}
    assert (body["iss"], body["aud"]) == (scene.panel.url, [scene.panel.node.url])
    assert (body["exp"] - body["iat"], body["iat"] - body["nbf"]) == (600, 300)
    assert abs(body["iat"] - time.time()) < 5
    assert body["server_uuid"] == scene.server.uuid
    assert body["permissions"][0] == "websocket.connect"
    assert len(body["unique_id"]) == 16
    expected = hmac.new(scene.panel.node.tickets.secret.encode(), f"{head}.{payload}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64encode(expected).rstrip(b"=").decode() == signature


async def test_a_scaled_ticket_lives_scaled_whole_seconds(make_scene):
    scene = await make_scene(scale=0.01)
    body = decode((await scene.ticket())["token"].split(".")[1])
    assert body["exp"] - body["iat"] == 6


async def test_the_panels_own_origin_is_accepted_byte_for_byte(scene):
    status, _, headers = await shake(scene)
    assert status == 101
    assert headers["X-Request-Id"]
    for origin in ("", scene.panel.url + "/", scene.panel.url.upper(), scene.panel.node.url, "null"):
        status, body, headers = await shake(scene, Origin=origin)
        first, _, rest = body.partition("\n")
        assert (status, first) == (403, "Forbidden")
        assert json.loads(rest) == {
            "error": "An unexpected error was encountered while processing this request",
            "request_id": headers["X-Request-Id"],
        }


async def test_allowed_origins_widen_the_rule(scene):
    scene.panel.node.allowed_origins = ["https://other.example.test"]
    assert (await shake(scene, Origin="https://other.example.test"))[0] == 101
    assert (await shake(scene, Origin=""))[0] == 403
    scene.panel.node.allowed_origins = ["*"]
    assert (await shake(scene, Origin=""))[0] == 101


async def test_a_panel_that_believes_in_another_address_wants_that_origin(make_scene):
    scene = await make_scene(panel_options={"app_url": "https://panel.example.test"})
    assert (await shake(scene))[0] == 403
    assert (await shake(scene, Origin="https://panel.example.test"))[0] == 101
    assert decode((await scene.ticket())["token"].split(".")[1])["iss"] == "https://panel.example.test"


async def test_unknown_servers_and_short_ids_are_404(scene):
    for name in (scene.server.identifier, "00000000-0000-4000-8000-000000000000"):
        status, body, headers = await shake(scene, name, Origin="")
        assert (status, body) == (404, '{"error":"The requested resource does not exist on this instance."}')
        assert headers["X-Request-Id"]


async def test_a_plain_get_is_a_bad_request(scene):
    status, body, _ = await shake(scene, Upgrade="", Origin="")
    assert (status, body.strip()) == (400, "Bad Request")


async def test_the_31st_socket_is_refused_on_modern_wings_only(make_scene):
    for profile, status in ((Profile.PTERO_1_12, 400), (Profile.PTERO_1_11, 101)):
        scene = await make_scene(profile)
        await asyncio.gather(*(scene.open() for _ in range(30)))
        assert scene.panel.node.sockets(scene.server) == 30
        found, body, _ = await shake(scene)
        assert found == status
        if status == 400:
            assert body == '{"error":"Too many open websocket connections."}'
            other = scene.panel.add_server("Other", owner=scene.owner)
            assert (await shake(scene, other.uuid))[0] == 101


@pytest.mark.parametrize(("profile", "offered"), [(Profile.PTERO_1_11, False), (Profile.PTERO_1_12, True)])
async def test_compression_is_offered_by_modern_wings(make_scene, profile, offered):
    scene = await make_scene(profile)
    socket = await scene.open()
    assert bool(socket.ws.compress) is offered


async def test_a_suspended_server_is_closed_with_4409_by_modern_wings(make_scene):
    scene = await make_scene(Profile.PTERO_1_12)
    scene.server.suspend()
    socket = await scene.open()
    assert await socket.until_closed() == 4409
    old = await make_scene(Profile.PTERO_1_11)
    old.server.suspend()
    still = await old.open()
    await still.send("send stats")
    await still.until_event("jwt error", "jwt: no jwt present")


async def test_pings_are_answered(scene):
    socket = await scene.open()
    await socket.ws.ping()
    await socket.send("send stats")
    await socket.until_event("jwt error")


async def test_everything_ends_quickly_with_open_sockets_and_running_games():
    panel = PanelStandIn()
    await panel.start()
    server = panel.add_server("Busy", owner=panel.add_user("owner"), running=True, chatter=True)
    async with aiohttp.ClientSession() as http:
        ws = await http.ws_connect(f"{panel.node.url}/api/servers/{server.uuid}/ws", origin=panel.url)
        await asyncio.wait_for(panel.close(), 5)
        await ws.close()
