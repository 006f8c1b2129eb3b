"""The 0.7 dialect."""

import pytest

from sandbox.panel import Fault, Profile, faults

TEXT = "An error was encountered while processing this request."


@pytest.fixture
def make_old(make_scene):
    async def make(**options):
        return await make_scene(Profile.PTERO_0_7, **options)

    return make


def plain(code, status):
    return {"code": code, "status": str(status), "detail": TEXT}


async def test_servers_have_few_attributes_and_lists_pages_of_15(make_old):
    scene = await make_old()
    for number in range(16):
        scene.panel.add_server(f"Server {number}", owner=scene.owner)
    body = (await scene.get(key=scene.panel.add_key(scene.owner))).json
    assert list(body["data"][0]["attributes"]) == [
        "server_owner",
        "identifier",
        "uuid",
        "name",
        "description",
        "limits",
        "feature_limits",
    ]
    assert body["data"][0]["attributes"]["feature_limits"] == {"databases": 0, "allocations": 2}
    assert body["meta"]["pagination"] == {
        "total": 17,
        "count": 15,
        "per_page": 15,
        "current_page": 1,
        "total_pages": 2,
        "links": {"next": f"{scene.panel.url}/api/client?page=2"},
    }
    assert (await scene.get()).json["meta"]["pagination"]["links"] == []
    assert "meta" not in (await scene.get(scene.path())).json


async def test_only_short_ids_resolve_and_there_is_nothing_of_1x(make_old):
    scene = await make_old()
    assert (await scene.get(scene.path())).status == 200
    for path in (
        f"/servers/{scene.server.uuid}",
        scene.path("/resources"),
        scene.path("/websocket"),
        "/account",
        "/permissions",
    ):
        reply = await scene.get(path)
        assert (reply.status, reply.error) == (404, plain("NotFoundHttpException", 404))


async def test_key_errors_differ_from_1x(make_old):
    scene = await make_old()
    missing = await scene.get(headers={"Authorization": ""})
    assert (missing.status, missing.error) == (401, plain("HttpException", 401))
    assert missing.headers["WWW-Authenticate"] == "Bearer"
    wrong = await scene.get(key="x" * 48)
    assert (wrong.status, wrong.error) == (403, plain("AccessDeniedHttpException", 403))


async def test_utilization_is_in_mib_and_mb_and_all_zero_while_off(make_old):
    scene = await make_old()
    off = (await scene.get(scene.path("/utilization"))).json
    assert off == {
        "object": "stats",
        "attributes": {
            "state": "off",
            "memory": {"current": 0, "limit": 4096},
            "cpu": {"current": 0, "cores": [], "limit": 200},
            "disk": {"current": 0, "limit": 10240},
        },
    }
    await scene.post(scene.path("/power"), {"signal": "start"})
    await scene.panel.wait_for(lambda: scene.server.state == "running")
    on = (await scene.get(scene.path("/utilization"))).json["attributes"]
    assert on["state"] == "on"
    assert 0 < on["memory"]["current"] < 4096
    assert on["disk"]["current"] == 2147
    assert len(on["cpu"]["cores"]) == 4


async def test_a_command_to_an_offline_server_is_412(make_old):
    scene = await make_old()
    reply = await scene.post(scene.path("/command"), {"command": "x"})
    assert (reply.status, reply.error) == (412, plain("PreconditionFailedHttpException", 412))


async def test_commands_and_power_reach_the_game_and_stop_is_a_stop(make_old):
    scene = await make_old(running=True)
    assert (await scene.post(scene.path("/command"), {"command": "say hi"})).status == 204
    assert (await scene.post(scene.path("/command"), {"command": "stop"})).status == 204
    await scene.panel.wait_for(lambda: scene.server.state == "offline")
    assert scene.panel.commands_received(scene.server) == ["say hi", "stop"]
    assert scene.panel.signals_received(scene.server) == ["stop"]


async def test_killing_has_its_own_permission(make_old):
    scene = await make_old(permissions=["power-stop"], running=True)
    for signal, status in (("start", 403), ("kill", 403), ("stop", 204)):
        assert (await scene.post(scene.path("/power"), {"signal": signal})).status == status
    reply = await scene.post(scene.path("/command"), {"command": "x"})
    assert (reply.status, reply.error) == (403, plain("AccessDeniedHttpException", 403))


async def test_validation_has_its_own_shape(make_old):
    scene = await make_old()
    reply = await scene.post(scene.path("/command"), {})
    expected = {"code": "required", "detail": "The command field is required.", "source": {"field": "command"}}
    assert (reply.status, reply.error) == (422, expected)
    owner = scene.panel.add_key(scene.owner)
    assert (await scene.post(scene.path("/power"), {"signal": "explode"}, key=owner)).status == 422


async def test_a_daemon_that_is_down_is_504_on_commands_and_500_elsewhere(make_old):
    scene = await make_old(running=True)
    scene.panel.node.down()
    reply = await scene.post(scene.path("/command"), {"command": "x"})
    assert (reply.status, reply.error["code"]) == (504, "DaemonConnectionException")
    assert "HTTP/E_CONN_REFUSED response code" in reply.error["detail"]
    for reply in (
        await scene.post(scene.path("/power"), {"signal": "start"}),
        await scene.get(scene.path("/utilization")),
    ):
        assert (reply.status, reply.error) == (500, plain("ConnectException", 500))
    await scene.panel.node.up()
    scene.panel.faults.add(Fault(faults.WingsFails(500)))
    assert (await scene.get(scene.path("/utilization"))).error["code"] == "ServerException"


async def test_power_on_a_suspended_server_is_500(make_old):
    scene = await make_old()
    scene.server.suspend()
    reply = await scene.post(scene.path("/power"), {"signal": "start"})
    assert (reply.status, reply.error) == (500, plain("ClientException", 500))


async def test_utilization_is_limited_to_15_a_minute_over_all_servers(make_old):
    scene = await make_old()
    other = scene.panel.add_server("Other", owner=scene.bot)
    for number in range(15):
        reply = await scene.get(scene.path("/utilization", other if number % 2 else scene.server))
        assert (reply.status, reply.headers["X-RateLimit-Limit"]) == (200, "15")
    reply = await scene.get(scene.path("/utilization"))
    assert (reply.status, reply.error) == (429, plain("ThrottleRequestsException", 429))
    assert int(reply.headers["Retry-After"]) <= 60
    assert (await scene.get()).status == 200


async def test_sixty_requests_a_minute_and_address_good_key_or_not(make_old):
    scene = await make_old()
    for _ in range(59):
        await scene.get(headers={"Authorization": ""})
    assert (await scene.get()).headers["X-RateLimit-Remaining"] == "0"
    assert (await scene.get()).status == 429
    scene.panel.front.caller_ip = "198.51.100.9"
    assert (await scene.get()).status == 200


async def test_there_is_no_console(make_old):
    scene = await make_old()
    url = f"{scene.panel.node.url}/api/servers/{scene.server.uuid}/ws"
    async with scene.http.get(url, headers={"Origin": scene.panel.url}) as response:
        assert response.status == 404
