"""The console as the `websockets` library sees it: another implementation of the protocol than the stand-in's own."""

import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from sandbox.panel import Profile


def message(event, *args):
    return json.dumps({"event": event, "args": list(args)})


@pytest.mark.parametrize("profile", [Profile.PTERO_1_11, Profile.PTERO_1_12])
@pytest.mark.parametrize("compression", ["deflate", None])
async def test_a_session_from_auth_to_close(make_scene, profile, compression):
    scene = await make_scene(profile, running=True)
    data = await scene.ticket()
    async with connect(data["socket"], origin=scene.panel.url, compression=compression, proxy=None) as ws:
        await ws.send(message("auth", data["token"]))
        assert json.loads(await ws.recv()) == {"event": "auth success"}
        assert json.loads(await ws.recv()) == {"event": "status", "args": ["running"]}
        await (await ws.ping())
        long_line = "long " * 2000
        scene.server.emit(long_line)
        assert json.loads(await ws.recv()) == {"event": "console output", "args": [long_line]}
        await ws.send(message("send command", "say " + "y" * 3000))
        await scene.panel.wait_for(lambda: scene.panel.commands_received(scene.server))
    await scene.panel.wait_for(lambda: scene.panel.node.sockets(scene.server) == 0)


async def test_a_refused_handshake_carries_its_body(scene):
    data = await scene.ticket()
    with pytest.raises(InvalidStatus) as refused:
        async with connect(data["socket"], proxy=None):
            pass
    assert refused.value.response.status_code == 403
    assert refused.value.response.body.startswith(b"Forbidden\n{")


async def test_abrupt_ends_have_no_close_frame_and_others_do(scene):
    data = await scene.ticket()
    async with connect(data["socket"], origin=scene.panel.url, proxy=None) as ws:
        scene.panel.node.drop_sockets(scene.server)
        with pytest.raises(ConnectionClosedError) as closed:
            await ws.recv()
    assert closed.value.rcvd is None
    scene.server.suspend()
    async with connect(data["socket"], origin=scene.panel.url, proxy=None) as ws:
        with pytest.raises(ConnectionClosedError) as closed:
            await ws.recv()
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4409, "server is suspended")
