"""What a socket may before, with and without a good ticket."""

import asyncio
import time

import pytest

from sandbox.panel import Profile, jwt

EXPIRED = "jwt: exp claim is invalid"
DENIED = "jwt: created too far in past (denylist)"


def tail(args):
    head, _, text = args[0].partition("]: ")
    assert head.startswith("Error Event [")
    return text


async def test_nothing_goes_before_auth(make_scene):
    scene = await make_scene(running=True)
    socket = await scene.open()
    await socket.send("send command", "say x")
    await socket.send("set state", "stop")
    await socket.until_event("jwt error", "jwt: no jwt present", count=2)
    scene.server.emit("a line")
    assert scene.panel.commands_received(scene.server) == []
    assert socket.events() == ["jwt error", "jwt error"]


async def test_the_first_auth_to_an_offline_server_gives_status_and_stats_and_later_ones_neither(scene):
    token = (await scene.ticket())["token"]
    socket = await scene.open()
    await socket.send("auth", token)
    await socket.until_event("stats")
    assert socket.raw[0] == '{"event":"auth success"}\n'
    assert socket.raw[1] == '{"event":"status","args":["offline"]}\n'
    assert socket.raw[2] == (
        '{"event":"stats","args":["{\\"memory_bytes\\":0,\\"memory_limit_bytes\\":0,\\"cpu_absolute\\":0,\\"network\\":'
        '{\\"rx_bytes\\":0,\\"tx_bytes\\":0},\\"uptime\\":0,\\"state\\":\\"offline\\",\\"disk_bytes\\":2147480064}"]}\n'
    )
    await socket.send("auth", token)
    await socket.until_event("auth success", count=2)
    await socket.send("send stats", None)
    await socket.until_event("stats", count=2)
    assert socket.events() == ["auth success", "status", "stats", "auth success", "stats"]


async def test_the_first_auth_to_a_running_server_gives_status_only(make_scene):
    scene = await make_scene(running=True, permissions=[])
    socket = await scene.console()
    await socket.until_event("status", "running")
    assert socket.events()[:2] == ["auth success", "status"]


async def test_a_ticket_opens_several_sockets(scene):
    token = (await scene.ticket())["token"]
    for _ in range(3):
        socket = await scene.open()
        await socket.send("auth", token)
        await socket.until_event("auth success")
    assert scene.panel.node.authenticated(scene.server) == 3


async def test_a_forged_ticket_is_a_daemon_error(scene):
    token = (await scene.ticket())["token"]
    for wrong in ("nonsense", token[:-3] + "abc", jwt.sign({"exp": 2**31}, "other", jti="x"), ""):
        socket = await scene.open()
        await socket.send("auth", wrong)
        await socket.until_event("daemon error")
        assert tail(socket.of("daemon error")[0]) == "an unexpected error was encountered while handling this request"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"exp": 1_700_000_000}, EXPIRED),
        ({"iat": None}, DENIED),
        ({"iat": 1_700_000_000}, DENIED),
        ({"permissions": ["control.console"]}, "jwt: missing connect permission"),
        ({"scope": ""}, "jwt: missing connect permission"),
        ({"server_uuid": "00000000-0000-4000-8000-000000000000"}, "jwt: server uuid mismatch"),
        ({"exp": 1_700_000_000, "iat": None, "permissions": []}, EXPIRED),
    ],
)
async def test_bad_claims_are_jwt_errors(scene, change, text):
    secret = scene.panel.node.tickets.secret
    claims = {**jwt.read((await scene.ticket())["token"], secret), "unique_id": "forged", **change}
    socket = await scene.open()
    await socket.send("auth", jwt.sign(claims, secret, jti="x"))
    await socket.until_event("jwt error")
    assert tail(socket.of("jwt error")[0]) == text
    assert not socket.of("auth success")


async def test_wings_1_11_wants_no_scope_and_takes_another_servers_ticket_only_seemingly(make_scene):
    scene = await make_scene(Profile.PTERO_1_11)
    secret = scene.panel.node.tickets.secret
    claims = jwt.read((await scene.ticket())["token"], secret)
    claims["server_uuid"] = "00000000-0000-4000-8000-000000000000"
    socket = await scene.open()
    await socket.send("auth", jwt.sign(claims, secret, jti="x"))
    await socket.until_event("jwt error", "jwt: server uuid mismatch")
    assert socket.events()[0] == "auth success"


async def test_an_old_panel_with_new_wings_gives_tickets_that_lack_their_scope(scene):
    scene.panel.node.tickets.scope = False
    socket = await scene.open()
    await socket.send("auth", (await scene.ticket())["token"])
    await socket.until_event("jwt error")
    assert tail(socket.of("jwt error")[0]) == "jwt: missing connect permission"


async def test_a_node_whose_clock_is_ahead_refuses_fresh_tickets(scene):
    scene.panel.node.tickets.skew = 3600
    socket = await scene.open()
    await socket.send("auth", (await scene.ticket())["token"])
    await socket.until_event("jwt error")
    assert tail(socket.of("jwt error")[0]) == EXPIRED


async def test_expiry_is_announced_and_then_replaces_every_event(make_scene):
    """A ticket of 200 s, scaled to two; warnings come in the last 60 s, every 30 s."""
    scene = await make_scene(scale=0.01, boot_seconds=1, permissions=[])
    scene.panel.token_lifetime = 200
    socket = await scene.console()
    await socket.until_event("token expiring")
    assert len(socket.of("jwt error")) == 0
    await socket.until_event("jwt error", EXPIRED)
    scene.server.emit("lost line")
    await socket.until_event("jwt error", EXPIRED, count=3)
    assert "lost line" not in socket.lines()
    await socket.send("send stats")
    await socket.send("auth", (await scene.ticket())["token"])
    await socket.until_event("auth success", count=2)
    scene.server.emit("seen line")
    await socket.until(lambda: "seen line" in socket.lines())
    assert len(socket.of("status")) == 1
    assert 1 <= socket.events()[: socket.events().index("jwt error")].count("token expiring") <= 3


async def test_tickets_can_expire_without_warning_while_their_claim_says_otherwise(scene):
    socket = await scene.console()
    scene.panel.expire_tokens()
    scene.server.emit("lost")
    await socket.until_event("jwt error", EXPIRED)
    await socket.send("auth", (await scene.ticket())["token"])
    await socket.until_event("auth success", count=2)


async def test_a_revoked_user_of_wings_1_11_keeps_the_socket_and_hears_only_errors(make_scene):
    scene = await make_scene(Profile.PTERO_1_11)
    socket = await scene.console()
    scene.server.revoke(scene.bot)
    scene.server.emit("secret line")
    await socket.until_event("jwt error", DENIED)
    assert socket.lines() == []
    assert (await scene.get(scene.path("/websocket"))).status == 404


async def test_modern_wings_cut_all_sockets_of_a_server_when_a_user_is_revoked(scene):
    token = (await scene.ticket())["token"]
    socket = await scene.console()
    owners = await scene.console(scene.panel.add_key(scene.owner))
    scene.server.revoke(scene.bot)
    assert await socket.until_closed() == 1006
    assert await owners.until_closed() == 1006
    again = await scene.open()
    await again.send("auth", token)
    await again.until_event("jwt error")
    assert tail(again.of("jwt error")[0]) == DENIED


async def test_changed_permissions_need_a_new_ticket_of_a_later_second(make_scene):
    scene = await make_scene(scale=0.1)
    token = (await scene.ticket())["token"]
    scene.server.set_permissions(scene.bot, ["control.console"])
    changed = time.time()
    socket = await scene.open()
    await socket.send("auth", token)
    await socket.until_event("jwt error")
    await scene.panel.wait_for(lambda: time.time() > changed + 0.1)
    await socket.send("auth", (await scene.ticket())["token"])
    await socket.until_event("auth success")


async def test_a_deadline_for_auth_can_be_set(make_scene):
    scene = await make_scene(scale=0.01)
    scene.panel.node.auth_deadline = 30
    late = await scene.open()
    early = await scene.console()
    assert await late.until_closed() is not None
    assert scene.panel.node.sockets(scene.server) == 1
    assert early.closed_with is None


async def test_an_auth_split_into_several_arguments_is_joined(scene):
    token = (await scene.ticket())["token"]
    socket = await scene.open()
    await socket.send("auth", token[:20], None, token[20:])
    await socket.until_event("auth success")


async def test_what_cannot_be_read_is_ignored(scene):
    socket = await scene.open()
    for text in ("not json", "[]", '{"event":"send stats","args":[1]}', '{"event":"send stats","args":"x"}'):
        await socket.ws.send_str(text)
    await socket.ws.send_bytes(b"binary")
    await socket.send("nonsense")
    await socket.until_event("jwt error")
    await asyncio.sleep(0)
    assert len(socket.raw) == 1
