"""Error bodies of panel 1.x, and which refusal wins when several apply."""

import pytest

from sandbox.panel import Profile, faults
from sandbox.panel.faults import Fault, WingsFails


def error(code, status, detail, **more):
    return {"code": code, "status": str(status), "detail": detail, **more}


async def test_a_missing_or_unknown_key_is_401(scene):
    expected = error("AuthenticationException", 401, "Unauthenticated.")
    for authorization in ("", "Bearer ptlc_nope", "Basic abc"):
        reply = await scene.get(headers={"Authorization": authorization})
        assert (reply.status, reply.error) == (401, expected)
        assert "X-RateLimit-Limit" not in reply.headers


async def test_errors_are_pretty_printed_and_successes_compact(scene):
    assert "\n    " in (await scene.get("/servers/00000000")).text
    assert "\n" not in (await scene.get()).text


async def test_a_key_used_from_elsewhere_is_told_its_address(scene):
    key = scene.panel.add_key(scene.bot, allowed_ips=("198.51.100.0/24",))
    reply = await scene.get(key=key)
    text = "This IP address (127.0.0.1) does not have permission to access the API using these credentials."
    assert (reply.status, reply.error) == (403, error("AccessDeniedHttpException", 403, text))
    scene.panel.front.caller_ip = "198.51.100.7"
    assert (await scene.get(key=key)).status == 200


async def test_an_application_key_is_refused_after_the_server_was_looked_up(scene):
    key = scene.panel.add_key(scene.bot, application=True)
    assert key.startswith("ptla_")
    reply = await scene.get(key=key)
    text = "You are attempting to use an application API key on an endpoint that requires a client API key."
    assert (reply.status, reply.error) == (403, error("AccessDeniedHttpException", 403, text))
    assert (await scene.get("/servers/00000000", key=key)).status == 404


async def test_an_unknown_server_and_one_without_access_differ_in_their_texts(scene):
    other = scene.panel.add_server("Other", owner=scene.owner)
    unknown = await scene.get("/servers/00000000")
    closed = await scene.get(scene.path(server=other))
    assert (unknown.status, unknown.error) == (
        404,
        error("NotFoundHttpException", 404, "The requested resource could not be found on the server."),
    )
    assert (closed.status, closed.error) == (
        404,
        error("NotFoundHttpException", 404, "The requested resource does not exist on this server."),
    )
    assert "X-RateLimit-Limit" not in unknown.headers
    assert "X-RateLimit-Limit" in closed.headers


async def test_unknown_routes_and_wrong_methods_say_so(scene):
    reply = await scene.get("/nope")
    text = "The route api/client/nope could not be found."
    assert (reply.status, reply.error) == (404, error("NotFoundHttpException", 404, text))
    reply = await scene.get(scene.path("/power"))
    route = f"api/client/servers/{scene.server.identifier}/power"
    text = f"The GET method is not supported for route {route}. Supported methods: POST."
    assert (reply.status, reply.error) == (405, error("MethodNotAllowedHttpException", 405, text))


async def test_a_body_that_is_not_the_json_it_says_is_400_after_the_key(scene):
    options = {"data": b'{"command": ', "headers": {"Content-Type": "application/json"}}
    reply = await scene.call("POST", "/api/client" + scene.path("/command"), **options)
    text = "The JSON data passed in the request appears to be malformed: Syntax error"
    assert (reply.status, reply.error) == (400, error("BadRequestHttpException", 400, text))
    assert (await scene.call("POST", "/api/client" + scene.path("/command"), key="x", **options)).status == 401


async def test_two_factor_is_demanded_everywhere_but_on_account(scene):
    scene.panel.registry.require_two_factor = True
    reply = await scene.get()
    assert (reply.status, reply.error["code"]) == (400, "TwoFactorAuthRequiredException")
    assert (await scene.get("/account")).status == 200


async def test_maintenance_of_the_panel_wins_over_everything(scene):
    scene.panel.registry.maintenance = True
    reply = await scene.get(key="wrong")
    assert (reply.status, reply.error) == (503, error("HttpException", 503, "Service Unavailable"))


async def test_permission_is_checked_before_validation(make_scene):
    scene = await make_scene(permissions=[])
    reply = await scene.post(scene.path("/command"), {})
    assert (reply.status, reply.error) == (403, error("AccessDeniedHttpException", 403, "This action is unauthorized."))
    assert (await scene.post(scene.path("/power"), {"signal": "explode"})).status == 403
    key = scene.panel.add_key(scene.owner)
    reply = await scene.post(scene.path("/power"), {"signal": "explode"}, key=key)
    meta = {"source_field": "signal", "rule": "in"}
    assert (reply.status, reply.error) == (
        422,
        error("ValidationException", 422, "The selected signal is invalid.", meta=meta),
    )


async def test_pelican_authorises_an_unknown_signal_as_connecting(make_scene):
    scene = await make_scene(Profile.PELICAN, permissions=[])
    assert (await scene.post(scene.path("/power"), {"signal": "explode"})).status == 422


@pytest.mark.parametrize("body", [{}, {"command": ""}, {"command": "  \n "}, {"command": None}])
async def test_a_blank_command_is_422(scene, body):
    reply = await scene.post(scene.path("/command"), body)
    meta = {"source_field": "command", "rule": "required"}
    assert (reply.status, reply.error) == (
        422,
        error("ValidationException", 422, "The command field is required.", meta=meta),
    )


async def test_state_is_checked_before_permission(make_scene):
    scene = await make_scene(permissions=[])
    scene.server.suspend()
    assert (await scene.post(scene.path("/command"), {})).status == 409


async def test_no_connect_permission_costs_websocket_quota(scene):
    scene.server.subusers[scene.bot.uuid].remove("websocket.connect")
    reply = await scene.get(scene.path("/websocket"))
    text = "You do not have permission to connect to this server's websocket."
    assert (reply.status, reply.error) == (403, error("HttpForbiddenException", 403, text))
    assert reply.headers["X-RateLimit-Limit"] == "5"
    assert reply.headers["X-RateLimit-Remaining"] == "4"


@pytest.mark.parametrize(
    ("effect", "path", "status", "code", "part"),
    [
        (WingsFails(None), "/power", 504, "DaemonConnectionException", "Could not establish a connection"),
        (WingsFails(500), "/power", 500, "DaemonConnectionException", "(code: 500) (request_id: "),
        (
            WingsFails(403, "You are not authorized to access this endpoint."),
            "/power",
            403,
            "DaemonConnectionException",
            "remote host: You are not authorized to access this endpoint.. (request id: ",
        ),
        (WingsFails(502), "/power", 502, "DaemonConnectionException", "(code: 502)"),
        (WingsFails(502), "/command", 502, "HttpException", "Server must be online in order to send commands."),
        (WingsFails(500), "/command", 500, "DaemonConnectionException", "(code: 500)"),
        (WingsFails(404, "gone"), "/resources", 504, "DaemonConnectionException", "(code: 404) (request_id: "),
    ],
)
async def test_failures_of_wings_surface_as_the_panel_reports_them(scene, effect, path, status, code, part):
    scene.panel.faults.add(Fault(effect, path=path))
    body = {"signal": "start", "command": "x"}
    reply = await (scene.get(scene.path(path)) if path == "/resources" else scene.post(scene.path(path), body))
    assert (reply.status, reply.error["code"], reply.error["status"]) == (status, code, str(status))
    assert part in reply.error["detail"]


async def test_a_node_that_is_down_gives_504_on_pterodactyl(scene):
    scene.panel.node.down()
    expected = error(
        "DaemonConnectionException",
        504,
        "Could not establish a connection to the machine running this server. Please try again.",
    )
    for reply in (
        await scene.post(scene.path("/power"), {"signal": "start"}),
        await scene.post(scene.path("/command"), {"command": "x"}),
        await scene.get(scene.path("/resources")),
    ):
        assert (reply.status, reply.error) == (504, expected)
    assert (await scene.get(scene.path("/websocket"))).status == 200
    await scene.panel.node.up()
    assert (await scene.post(scene.path("/power"), {"signal": "start"})).status == 204


async def test_a_node_that_is_down_gives_missing_or_500_on_pelican(make_scene):
    scene = await make_scene(Profile.PELICAN)
    scene.panel.node.down()
    usage = await scene.get(scene.path("/resources"))
    assert (usage.status, usage.json["attributes"]["current_state"]) == (200, "missing")
    assert set(usage.json["attributes"]["resources"].values()) == {0}
    reply = await scene.post(scene.path("/power"), {"signal": "start"})
    text = "An unexpected error was encountered while processing this request, please try again."
    assert (reply.status, reply.error) == (500, error("ConnectionException", 500, text))
    assert (await scene.post(scene.path("/command"), {"command": "x"})).error["code"] == "ConnectionException"
    await scene.panel.node.up()
    scene.panel.faults.add(Fault(faults.WingsFails(500)))
    reply = await scene.post(scene.path("/power"), {"signal": "start"})
    assert (reply.status, reply.error["code"]) == (500, "RequestException")
