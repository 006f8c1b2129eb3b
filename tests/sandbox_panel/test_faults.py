"""Things that go wrong on demand."""

import asyncio
import json

import aiohttp
import pytest

from sandbox.panel import Fault, SocketClose, SocketTrouble, faults


async def test_a_cloudflare_challenge_strikes_once_and_then_the_panel_answers(scene):
    fault = scene.panel.faults.add(Fault(faults.cloudflare()))
    reply = await scene.get()
    assert (reply.status, reply.headers["Server"], reply.headers["cf-mitigated"]) == (403, "cloudflare", "challenge")
    assert reply.text.startswith("<!DOCTYPE html><html><head><title>Just a moment...</title>")
    assert reply.headers["Content-Type"].startswith("text/html")
    assert fault.used == 1
    assert (await scene.get()).status == 200
    assert scene.panel.requests[0].status == 403


async def test_a_fault_without_end_strikes_until_removed(scene):
    fault = scene.panel.faults.add(Fault(faults.gateway(504), times=None))
    for _ in range(3):
        reply = await scene.get()
        assert (reply.status, "nginx" in reply.text) == (504, True)
    scene.panel.faults.remove(fault)
    assert (await scene.get()).status == 200


async def test_faults_strike_only_what_they_are_meant_for(scene):
    other = scene.panel.add_server("Other", owner=scene.bot)
    scene.panel.faults.add(Fault(faults.gateway(), method="POST", path="/power$", server=other.identifier, times=None))
    assert (await scene.get(scene.path(server=other))).status == 200
    assert (await scene.post(scene.path("/power"), {"signal": "start"})).status == 204
    assert (await scene.post(scene.path("/power", other), {"signal": "start"})).status == 502


@pytest.mark.parametrize(
    ("effect", "status", "location"),
    [
        (faults.redirect(301, "https://panel.example.test{path}"), 301, "https://panel.example.test/api/client"),
        (faults.redirect(302), 302, "https://elsewhere.example.test/api/client"),
        (faults.login_page(), 302, "{url}/auth/login"),
    ],
)
async def test_redirects_name_their_location(scene, effect, status, location):
    scene.panel.faults.add(Fault(effect))
    reply = await scene.get()
    assert (reply.status, reply.headers["Location"]) == (status, location.format(url=scene.panel.url))


async def test_answers_can_be_cut_emptied_or_replaced(scene):
    for effect in (faults.Truncate(25), faults.Empty(), faults.front_page(), faults.not_json()):
        scene.panel.faults.add(Fault(effect))
    whole = scene.panel.faults
    reply = await scene.get()
    assert reply.status == 200
    whole.clear()
    whole.add(Fault(faults.Truncate(25)))
    cut = await scene.get()
    assert (cut.status, len(cut.text)) == (200, 25)
    with pytest.raises(ValueError, match="char"):
        json.loads(cut.text)
    whole.add(Fault(faults.Empty()))
    assert (await scene.get()).text == ""
    whole.add(Fault(faults.front_page()))
    page = await scene.get()
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=UTF-8")
    whole.add(Fault(faults.not_json()))
    assert (await scene.get()).headers["Content-Type"] == "application/json"


async def test_an_empty_answer_to_a_command_comes_after_it_was_done(make_scene):
    scene = await make_scene(running=True)
    scene.panel.faults.add(Fault(faults.Empty(), path="/command"))
    assert (await scene.post(scene.path("/command"), {"command": "say x"})).status == 200
    assert scene.panel.commands_received(scene.server) == ["say x"]


async def test_debug_errors_are_long_and_name_files(scene):
    scene.panel.faults.add(Fault(faults.debug_error()))
    reply = await scene.get()
    assert reply.status == 500
    assert reply.error["detail"].startswith("SQLSTATE")
    assert set(reply.error) == {"code", "status", "detail", "source", "meta"}
    assert len(reply.text) > 4000


async def test_any_error_of_the_panel_can_be_had(scene):
    effect = faults.Fail(429, "TooManyRequestsHttpException", "Only 2 backups.", headers={"Retry-After": "3"})
    scene.panel.faults.add(Fault(effect))
    reply = await scene.get()
    assert (reply.status, reply.error["detail"], reply.headers["Retry-After"]) == (429, "Only 2 backups.", "3")


async def test_a_slow_answer_comes_late_but_what_was_asked_happens_at_once(make_scene):
    scene = await make_scene(running=True)
    scene.panel.faults.add(Fault(faults.Slow(30), path="/command"))
    asking = asyncio.create_task(scene.post(scene.path("/command"), {"command": "say x"}))
    await scene.panel.wait_for(lambda: scene.panel.commands_received(scene.server) == ["say x"])
    assert not asking.done()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


@pytest.mark.parametrize(("after", "received"), [(False, []), (True, ["say x"])])
async def test_a_connection_can_break_before_or_after_the_action(make_scene, after, received):
    scene = await make_scene(running=True)
    scene.panel.faults.add(Fault(faults.Reset(after_action=after), path="/command"))
    with pytest.raises(aiohttp.ClientConnectionError):
        await scene.post(scene.path("/command"), {"command": "say x"})
    assert scene.panel.commands_received(scene.server) == received


async def test_optional_attributes_can_be_missing(scene):
    scene.panel.faults.add(Fault(faults.Omit(("node", "relationships", "status", "limits"))))
    [server] = (await scene.get()).json["data"]
    assert not {"node", "relationships", "status", "limits"} & set(server["attributes"])
    assert server["attributes"]["name"] == "Paper Survival"


@pytest.mark.parametrize(
    ("trouble", "status"),
    [(SocketTrouble.TOO_MANY, 400), (SocketTrouble.FORBIDDEN, 403), (SocketTrouble.HTML_GATEWAY, 502)],
)
async def test_a_handshake_can_be_refused(scene, trouble, status):
    scene.panel.faults.add(Fault(trouble))
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await scene.open()
    assert refused.value.status == status
    await scene.console()
    assert scene.panel.node.handshakes == [status, 101]


async def test_a_socket_can_end_at_once_or_at_auth(scene):
    scene.panel.faults.add(Fault(SocketTrouble.ABRUPT_CLOSE))
    assert await (await scene.open()).until_closed() == 1006
    for code in (4409, 1001, 1009):
        scene.panel.faults.add(Fault(SocketClose(code, "reason")))
        assert await (await scene.open()).until_closed() == code
    scene.panel.faults.add(Fault(SocketClose(4409, "server is suspended", at_auth=True)))
    socket = await scene.open()
    await socket.send("send stats")
    await socket.until_event("jwt error")
    await socket.send("auth", (await scene.ticket())["token"])
    assert await socket.until_closed() == 4409


async def test_a_socket_can_be_mute(scene):
    scene.panel.faults.add(Fault(SocketTrouble.MUTE))
    socket = await scene.open()
    await socket.send("auth", (await scene.ticket())["token"])
    await socket.ws.ping()
    other = await scene.console()
    await other.until_event("stats")
    assert socket.raw == []
    assert socket.closed_with is None


@pytest.mark.parametrize(
    ("trouble", "states"),
    [
        (None, ["running", "stopping", "offline"]),
        (SocketTrouble.NO_STATUS, []),
        (SocketTrouble.NO_STOPPING, ["running", "offline"]),
        (SocketTrouble.DOUBLE_STOPPING, ["running", "stopping", "stopping", "offline"]),
    ],
)
async def test_states_can_be_lost_or_doubled(make_scene, trouble, states):
    scene = await make_scene(running=True)
    if trouble is not None:
        scene.panel.faults.add(Fault(trouble))
    socket = await scene.console()
    await scene.post(scene.path("/power"), {"signal": "stop"})
    await socket.until(lambda: any(json.loads(args[0])["state"] == "offline" for args in socket.of("stats")))
    assert socket.states() == states


async def test_every_event_can_become_a_jwt_error(make_scene):
    scene = await make_scene(running=True)
    scene.panel.faults.add(Fault(SocketTrouble.JWT_FLOOD))
    socket = await scene.console()
    scene.server.flood(20)
    await socket.until_event("jwt error", "jwt: exp claim is invalid", count=20)
    assert socket.lines() == []


@pytest.mark.parametrize(
    ("trouble", "marker"),
    [
        (SocketTrouble.UNKNOWN_EVENTS, '{"event":"moon phase","args":["full"]}\n'),
        (SocketTrouble.NULL_ARGS, '{"event":"stats","args":null}\n'),
        (SocketTrouble.BROKEN_FRAMES, "not json\n"),
    ],
)
async def test_odd_frames_can_come_between_the_others(make_scene, trouble, marker):
    scene = await make_scene(running=True)
    scene.panel.faults.add(Fault(trouble))
    socket = await scene.console()
    scene.server.emit("a line")
    await socket.until(lambda: marker in socket.raw)
    assert "a line" in socket.lines()
