"""Commands and power over REST: what reaches the game, and what does not."""

import pytest

from sandbox.panel import Profile


async def test_a_command_reaches_the_console_trimmed_and_answers_204(make_scene):
    scene = await make_scene(running=True)
    reply = await scene.post(scene.path("/command"), {"command": "  say hello \n"})
    assert (reply.status, reply.text) == (204, "")
    assert scene.panel.commands_received(scene.server) == ["say hello"]


async def test_a_form_body_works_too(make_scene):
    scene = await make_scene(running=True)
    reply = await scene.call("POST", "/api/client" + scene.path("/command"), data={"command": "list"})
    assert reply.status == 204


async def test_inner_newlines_make_several_lines(make_scene):
    scene = await make_scene(running=True)
    socket = await scene.console()
    await scene.post(scene.path("/command"), {"command": "say a\nsay b"})
    await socket.until(lambda: {"say a", "say b"} <= set(socket.lines()))


async def test_a_command_to_an_offline_server_is_502(scene):
    reply = await scene.post(scene.path("/command"), {"command": "x"})
    text = "Server must be online in order to send commands."
    assert (reply.status, reply.error) == (502, {"code": "HttpException", "status": "502", "detail": text})
    assert scene.panel.commands_received(scene.server) == []


async def test_on_pelican_a_command_to_an_offline_server_is_204_all_the_same(make_scene):
    scene = await make_scene(Profile.PELICAN)
    assert (await scene.post(scene.path("/command"), {"command": "x"})).status == 204
    assert scene.panel.commands_received(scene.server) == []


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [("control.start", {"start"}), ("control.stop", {"stop", "kill"}), ("control.restart", {"restart"})],
)
async def test_each_signal_needs_its_permission(make_scene, permission, allowed):
    scene = await make_scene(permissions=[permission])
    for signal in ("start", "stop", "restart", "kill"):
        reply = await scene.post(scene.path("/power"), {"signal": signal})
        assert reply.status == (204 if signal in allowed else 403)
    assert set(scene.panel.signals_received(scene.server)) == allowed


async def test_power_answers_before_it_has_taken_effect(make_scene):
    scene = await make_scene(boot_seconds=0.2)
    assert (await scene.post(scene.path("/power"), {"signal": "start"})).status == 204
    assert scene.server.state != "running"
    await scene.panel.wait_for(lambda: scene.server.state == "running")


async def test_power_that_cannot_work_is_204_and_swallowed(make_scene):
    scene = await make_scene(running=True)
    assert (await scene.post(scene.path("/power"), {"signal": "start"})).status == 204
    await scene.panel.wait_for(lambda: any("server is running" in event.text for event in scene.panel.events))
    assert scene.server.state == "running"


async def test_a_revoked_key_is_401(scene):
    scene.panel.revoke_key(scene.key)
    assert (await scene.get()).status == 401
