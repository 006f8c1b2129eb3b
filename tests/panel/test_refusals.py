"""Every refusal of a panel becomes one typed error with one sentence."""

import asyncio
import dataclasses

import pytest

from bot.errors import (
    BusyReason,
    KeyRefused,
    NodeUnreachable,
    NotAPanel,
    NotSupported,
    OutcomeUnknown,
    PanelBroken,
    PanelUnreachable,
    PermissionMissing,
    RateLimited,
    RequestInvalid,
    ServerBusy,
    ServerNotFound,
    ServerOffline,
)
from bot.panel import sentences
from bot.terms import PanelKind, PowerState, Signal

from .conftest import allowed

ONE, PEL, OLD = PanelKind.PTERODACTYL, PanelKind.PELICAN, PanelKind.PTERODACTYL_0_7
GENERIC = "An error was encountered while processing this request."
UNEXPECTED = "An unexpected error was encountered while processing this request, please try again."
NODE_GONE = "Could not establish a connection to the machine running this server. Please try again."
NGINX = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
CHALLENGE = "<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>"


def wings(status: int) -> str:
    return f"There was an error while communicating with the machine. (code: {status}) (request_id: 0c9e5a2b)"


async def do(client, operation):
    match operation:
        case "list":
            return await client.list_servers()
        case "recognise":
            return await client.recognise()
        case "server":
            return await client.server("a1c4e7f0")
        case "resources":
            return await client.resources("a1c4e7f0")
        case "ticket":
            return await client.console_ticket("a1c4e7f0")
        case "command":
            return await client.send_command("a1c4e7f0", "say hi", known_state=PowerState.RUNNING, confirm=allowed)
        case _:
            return await client.send_signal("a1c4e7f0", Signal(operation), confirm=allowed)


ROUTES = {
    "list": ("GET", "/api/client"),
    "recognise": ("GET", "/api/client"),
    "server": ("GET", "/api/client/servers/a1c4e7f0"),
    "resources": ("GET", "/api/client/servers/a1c4e7f0/resources"),
    "ticket": ("GET", "/api/client/servers/a1c4e7f0/websocket"),
    "command": ("POST", "/api/client/servers/a1c4e7f0/command"),
    "start": ("POST", "/api/client/servers/a1c4e7f0/power"),
    "kill": ("POST", "/api/client/servers/a1c4e7f0/power"),
}

# (kind, operation, status, exception name, detail, expected error, words of the sentence)
PANEL_ERRORS = [
    (ONE, "list", 401, "AuthenticationException", "Unauthenticated.", KeyRefused, "does not accept this key"),
    (ONE, "list", 403, "AccessDeniedHttpException", "", KeyRefused, "does not accept this key"),
    (OLD, "list", 401, "HttpException", GENERIC, KeyRefused, "does not accept this key"),
    (OLD, "list", 403, "AccessDeniedHttpException", GENERIC, KeyRefused, "does not accept this key"),
    (
        ONE,
        "list",
        403,
        "AccessDeniedHttpException",
        "This IP address (198.51.100.7) does not have permission to access the API using these credentials.",
        KeyRefused,
        "certain IP addresses",
    ),
    (
        ONE,
        "list",
        403,
        "AccessDeniedHttpException",
        "You are attempting to use an application API key on an endpoint that requires a client API key.",
        KeyRefused,
        "application key",
    ),
    (ONE, "list", 400, "TwoFactorAuthRequiredException", "Two-factor …", KeyRefused, "two-factor"),
    (ONE, "list", 404, "NotFoundHttpException", "", NotAPanel, "no client API"),
    (ONE, "list", 503, "HttpException", "Service Unavailable", PanelUnreachable, "maintenance mode"),
    (ONE, "list", 500, "QueryException", UNEXPECTED, PanelBroken, "failed by itself"),
    (
        ONE,
        "start",
        403,
        "AccessDeniedHttpException",
        "This action is unauthorized.",
        PermissionMissing,
        "control.start",
    ),
    (ONE, "kill", 403, "AccessDeniedHttpException", "This action is unauthorized.", PermissionMissing, "control.stop"),
    (
        ONE,
        "command",
        403,
        "AccessDeniedHttpException",
        "This action is unauthorized.",
        PermissionMissing,
        "control.console",
    ),
    (
        ONE,
        "ticket",
        403,
        "HttpForbiddenException",
        "You do not have permission to connect to this server's websocket.",
        PermissionMissing,
        "websocket.connect",
    ),
    (
        ONE,
        "start",
        403,
        "DaemonConnectionException",
        "An error occurred on the remote host: You are not authorized to access this endpoint.. (request id: 0c9e)",
        NodeUnreachable,
        "does not accept the panel's credentials",
    ),
    (
        ONE,
        "server",
        404,
        "NotFoundHttpException",
        "The requested resource could not be found on the server.",
        ServerNotFound,
        "has no such server",
    ),
    (
        ONE,
        "server",
        404,
        "NotFoundHttpException",
        "The requested resource does not exist on this server.",
        ServerNotFound,
        "has no access to this server",
    ),
    (
        ONE,
        "server",
        404,
        "NotFoundHttpException",
        "No query results for model [Server].",
        ServerNotFound,
        "has no such server",
    ),
    (
        ONE,
        "resources",
        404,
        "NotFoundHttpException",
        "The route api/client/servers/a1c4e7f0/resources could not be found.",
        NotSupported,
        "version does not offer",
    ),
    (OLD, "server", 404, "NotFoundHttpException", GENERIC, ServerNotFound, "has no such server"),
    (OLD, "server", 500, "FatalThrowableError", GENERIC, ServerNotFound, "has no such server"),
    (ONE, "start", 405, "MethodNotAllowedHttpException", "The GET method …", NotAPanel, "changes requests"),
    (ONE, "start", 419, "HttpException", "CSRF token mismatch.", PanelBroken, "took the bot for a browser"),
    (ONE, "command", 400, "BadRequestHttpException", "The JSON data …", RequestInvalid, "did not accept"),
    (ONE, "command", 502, "HttpException", "Server must be online …", ServerOffline, "not running"),
    (ONE, "command", 502, "HttpException", GENERIC, ServerOffline, "not running"),
    (OLD, "command", 412, "PreconditionFailedHttpException", GENERIC, ServerOffline, "not running"),
    (ONE, "command", 500, "DaemonConnectionException", wings(500), NodeUnreachable, "has never run"),
    (ONE, "start", 502, "DaemonConnectionException", wings(502), NodeUnreachable, "does not answer"),
    (ONE, "start", 500, "DaemonConnectionException", wings(500), NodeUnreachable, "failure of its own"),
    (ONE, "start", 504, "DaemonConnectionException", NODE_GONE, NodeUnreachable, "does not answer"),
    (ONE, "resources", 504, "DaemonConnectionException", NODE_GONE, NodeUnreachable, "does not answer"),
    (ONE, "resources", 504, "DaemonConnectionException", wings(404), NodeUnreachable, "does not know this server"),
    (ONE, "resources", 504, "DaemonConnectionException", wings(403), NodeUnreachable, "credentials"),
    (PEL, "start", 500, "ConnectionException", UNEXPECTED, NodeUnreachable, "does not answer"),
    (PEL, "command", 500, "ConnectionException", UNEXPECTED, NodeUnreachable, "does not answer"),
    (PEL, "start", 500, "RequestException", UNEXPECTED, NodeUnreachable, "refused or failed"),
    (OLD, "start", 500, "ConnectException", GENERIC, NodeUnreachable, "does not answer"),
    (OLD, "start", 500, "ClientException", GENERIC, NodeUnreachable, "suspended"),
    (OLD, "start", 500, "ServerException", GENERIC, NodeUnreachable, "refused or failed"),
    (
        OLD,
        "command",
        504,
        "DaemonConnectionException",
        "There was an exception … resulting in a HTTP/E_CONN_REFUSED response code.",
        NodeUnreachable,
        "does not answer",
    ),
    (ONE, "start", 418, "HttpException", "", PanelBroken, "makes no sense"),
]


@pytest.mark.parametrize(
    ("kind", "operation", "status", "code", "detail", "expected", "words"),
    PANEL_ERRORS,
    ids=[f"{row[0].value}-{row[1]}-{row[2]}-{row[3]}-{row[6]}" for row in PANEL_ERRORS],
)
async def test_a_panel_error_becomes_its_sentence(
    panel, client_for, kit, refusal, kind, operation, status, code, detail, expected, words
):
    method, path = ROUTES[operation]
    panel.on(path, kit.reply(status, kit.error(status, code, detail)), method=method)
    caught = await refusal(do(client_for(kind), operation))
    assert type(caught) is expected
    assert words in str(caught)


@pytest.mark.parametrize(
    ("detail", "reason"),
    [
        ("This server is currently suspended and the functionality requested is unavailable.", BusyReason.SUSPENDED),
        (
            "The node of this server is currently under maintenance and the functionality requested is unavailable.",
            BusyReason.MAINTENANCE,
        ),
        ("This server is currently restoring from a backup, please try again later.", BusyReason.RESTORING),
        (
            "This server is currently being transferred to a new machine, please try again later.",
            BusyReason.TRANSFERRING,
        ),
    ],
)
async def test_a_conflict_says_which_state_the_server_is_in(panel, client, kit, refusal, detail, reason):
    panel.on(
        f"{kit.server}/power",
        kit.reply(409, kit.error(409, "ServerStateConflictException", detail)),
        method="POST",
    )
    caught = await refusal(client.send_signal("a1c4e7f0", Signal.START, confirm=allowed))
    assert isinstance(caught, ServerBusy)
    assert caught.reason is reason
    assert len(panel.seen) == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("server_suspended", BusyReason.SUSPENDED),
        ("server_maintenance", BusyReason.MAINTENANCE),
        ("server_installing", BusyReason.INSTALLING),
        ("server_install_failed", BusyReason.INSTALL_FAILED),
        ("server_restoring", BusyReason.RESTORING),
        ("server_transferring", BusyReason.TRANSFERRING),
        ("server", BusyReason.UNKNOWN),
    ],
)
async def test_a_conflict_without_a_telling_text_is_settled_by_looking_at_the_server(
    panel, client, kit, refusal, recorded, name, reason
):
    """A translated or empty detail costs one more read; if that knows nothing either, the state stays unknown."""
    panel.on(f"{kit.server}/resources", kit.reply(409, kit.error(409, "ServerStateConflictException", "…")))
    panel.on(kit.server, recorded("ptero-1.11", name))
    caught = await refusal(client.resources("a1c4e7f0"))
    assert isinstance(caught, ServerBusy)
    assert caught.reason is reason
    assert len(panel.asked(kit.server)) == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("server_installing", BusyReason.INSTALLING),
        ("server_install_failed", BusyReason.INSTALL_FAILED),
        (None, BusyReason.NOT_INSTALLED),
    ],
)
async def test_a_failed_installation_is_told_from_one_that_goes_on(panel, client, kit, refusal, recorded, name, reason):
    """The panel says the same of both where it refuses; only the server itself tells."""
    text = "This server has not yet completed its installation process, please try again later."
    panel.on(f"{kit.server}/resources", kit.reply(409, kit.error(409, "ServerStateConflictException", text)))
    if name is not None:
        panel.on(kit.server, recorded("ptero-1.11", name))
    caught = await refusal(client.resources("a1c4e7f0"))
    assert isinstance(caught, ServerBusy) and caught.reason is reason


def test_each_state_that_forbids_everything_has_a_sentence_of_its_own():
    assert len({str(sentences.busy(reason)) for reason in BusyReason}) == len(BusyReason)


@pytest.mark.parametrize(("list_status", "expected"), [(403, KeyRefused), (200, PermissionMissing)])
async def test_a_wordless_403_about_a_server_is_settled_by_asking_for_the_list(
    panel, client_for, kit, refusal, list_status, expected
):
    """0.7 says the same for a wrong key and for a missing permission; the list needs only the key."""
    denied = kit.reply(403, kit.error(403, "AccessDeniedHttpException", GENERIC))
    panel.on(f"{kit.server}/power", denied, method="POST")
    panel.on("/api/client", denied if list_status == 403 else kit.reply(200, {"object": "list", "data": []}))
    caught = await refusal(client_for(OLD).send_signal("a1c4e7f0", Signal.KILL, confirm=allowed))
    assert type(caught) is expected
    if expected is PermissionMissing:
        assert "power-kill" in str(caught)
    assert len(panel.asked(method="POST")) == 1


@pytest.mark.parametrize("exists", [True, False])
async def test_a_wordless_404_tells_a_missing_route_from_a_missing_server(
    panel, client_for, kit, refusal, recorded, exists
):
    """`utilization` came with 0.7.7; before, and for a deleted server, the answer is the same 404."""
    missing = kit.reply(404, kit.error(404, "NotFoundHttpException", GENERIC))
    panel.on(f"{kit.server}/utilization", missing)
    panel.on(kit.server, recorded("ptero-0.7", "server") if exists else missing)
    caught = await refusal(client_for(OLD).resources("a1c4e7f0"))
    assert type(caught) is (NotSupported if exists else ServerNotFound)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"meta": {"source_field": "command", "rule": "required"}}, "this command"),
        ({"meta": {"source_field": "signal", "rule": "in"}}, "power signal"),
        ({"source": {"field": "command"}}, "this command"),
        ({"meta": {"source_field": "weird"}}, "did not accept"),
        ({"meta": None, "source": [1]}, "did not accept"),
    ],
)
async def test_invalid_input_is_named_without_repeating_the_panels_text(panel, client, kit, refusal, body, words):
    reply = kit.reply(422, kit.error(422, "ValidationException", "planted-debug @everyone", **body))
    panel.on(f"{kit.server}/command", reply, method="POST")
    caught = await refusal(client.send_command("a1c4e7f0", "say hi", confirm=allowed))
    assert isinstance(caught, RequestInvalid)
    assert words in str(caught)


async def test_a_0_7_fallback_body_is_understood(panel, client_for, kit, refusal):
    panel.on("/api/client", kit.reply(401, {"error": "Unauthenticated."}))
    assert isinstance(await refusal(client_for(OLD).list_servers()), KeyRefused)


async def test_a_debug_mode_body_is_judged_by_its_code_and_never_shown(panel, client, kit, refusal, caplog):
    trace = [{"file": "/planted-debug.php", "line": n, "function": "f" * 50} for n in range(3000)]
    body = kit.error(
        404,
        "NotFoundHttpException",
        f"No query results for model [Server]. {kit.key} " + "x" * 100_000,
        source={"line": 391, "file": "/vendor/planted-debug.php"},
        meta={"trace": trace, "previous": []},
    )
    panel.on(kit.server, kit.reply(404, body))
    assert isinstance(await refusal(client.server("a1c4e7f0")), ServerNotFound)
    assert max(len(record.getMessage()) for record in caplog.records if record.name.startswith("bot")) < 400


# (operation, reply fields, expected error, words)
STRANGERS = [
    ("list", {"status": 302, "headers": {"Location": "https://p.example.test/auth/login"}}, NotAPanel, "login page"),
    ("list", {"status": 302, "headers": {"Location": "/auth/login"}}, NotAPanel, "login page"),
    (
        "start",
        {"status": 301, "headers": {"Location": "https://P.Example.test:443/api/client/servers/a1c4e7f0/power"}},
        NotAPanel,
        "redirects to https\\://p.example.test:",
    ),
    ("list", {"status": 301, "headers": {"Location": "http://_a_.example"}}, NotAPanel, "to http\\://\\_a\\_.example:"),
    ("start", {"status": 308, "headers": {"Location": "/elsewhere"}}, NotAPanel, "redirects elsewhere"),
    ("start", {"status": 307, "headers": {}}, NotAPanel, "redirects elsewhere"),
    ("list", {"status": 301, "headers": {"Location": "https://<@1>/x"}}, NotAPanel, "redirects elsewhere"),
    ("list", {"status": 403, "body": CHALLENGE, "headers": {"cf-mitigated": "challenge"}}, NotAPanel, "Cloudflare"),
    ("start", {"status": 503, "body": CHALLENGE}, NotAPanel, "Cloudflare"),
    ("list", {"status": 403, "body": "<html>denied</html>"}, NotAPanel, "firewall"),
    (
        "list",
        {"status": 401, "body": "<html></html>", "headers": {"WWW-Authenticate": 'Basic realm="x"'}},
        NotAPanel,
        "password",
    ),
    ("list", {"status": 404, "body": "<html>nginx</html>"}, NotAPanel, "no panel at this address"),
    ("server", {"status": 404, "body": "<html>nginx</html>"}, NotAPanel, "no panel at this address"),
    ("list", {"status": 400, "body": "<html>plain HTTP request was sent to HTTPS port"}, NotAPanel, "https://"),
    ("list", {"status": 200, "body": "<!DOCTYPE html><html>Panel</html>"}, NotAPanel, "web page"),
    ("start", {"status": 200, "body": "<!DOCTYPE html><html>Panel</html>"}, NotAPanel, "web page"),
    ("list", {"status": 200, "body": {"hello": "world"}}, NotAPanel, "not a panel's API"),
    ("list", {"status": 200, "body": "[1, 2]"}, NotAPanel, "web page"),
    ("list", {"status": 502, "body": NGINX}, PanelUnreachable, "cannot reach it"),
    ("command", {"status": 502, "body": NGINX}, PanelUnreachable, "cannot reach it"),
    ("list", {"status": 504, "body": NGINX}, PanelUnreachable, "too long"),
    ("start", {"status": 504, "body": NGINX}, OutcomeUnknown, "may or may not"),
    ("start", {"status": 524, "body": NGINX}, OutcomeUnknown, "may or may not"),
    ("list", {"status": 521, "body": NGINX}, PanelUnreachable, "cannot reach it"),
    ("list", {"status": 500, "body": "<html>Whoops</html>"}, PanelBroken, "failed by itself"),
    ("list", {"status": 200, "body": ""}, PanelBroken, "empty answer"),
    ("list", {"status": 200, "body": '{"object":"list","data":[{"obj'}, PanelBroken, "broke off"),
    ("server", {"status": 200, "body": {"object": "server"}}, PanelBroken, "lacks what its API promises"),
    ("resources", {"status": 200, "body": {"attributes": 3}}, PanelBroken, "lacks what its API promises"),
]


@pytest.mark.parametrize(
    ("operation", "reply", "expected", "words"), STRANGERS, ids=[f"{s[0]}-{s[1]['status']}-{s[3]}" for s in STRANGERS]
)
async def test_what_no_panel_wrote_is_told_apart(panel, client, kit, refusal, operation, reply, expected, words):
    method, path = ROUTES[operation]
    is_json = not isinstance(reply.get("body", ""), str) or not reply.get("body", "").startswith("<")
    kind = "application/json" if is_json else "text/html"
    panel.on(path, kit.reply(**reply, content_type=kind), method=method)
    caught = await refusal(do(client, operation))
    assert isinstance(caught, expected)
    assert words in str(caught)
    if method == "POST":
        assert len(panel.asked(method="POST")) == 1


async def test_an_answer_labelled_as_html_but_holding_json_is_read(panel, client, kit, recorded):
    panel.on(kit.server, kit.reply(200, recorded("ptero-1.11", "server"), content_type="text/html"))
    assert (await client.server("a1c4e7f0")).name == "Creative Hub"


async def test_a_rate_limit_says_how_long_to_wait(panel, client, kit, refusal):
    body = kit.error(429, "ThrottleRequestsException", "Too Many Attempts.")
    panel.on("/api/client", kit.reply(429, body, headers={"Retry-After": "37", "X-RateLimit-Limit": "256"}))
    caught = await refusal(client.list_servers())
    assert isinstance(caught, RateLimited)
    assert caught.retry_after == 37
    assert "37 seconds" in str(caught)


async def test_an_action_that_is_never_answered_has_an_unknown_outcome(panel, client_for, kit, refusal):
    never = asyncio.Event()
    panel.on(f"{kit.server}/power", kit.reply(204, after=never), method="POST")
    impatient = client_for(ONE, timing=dataclasses.replace(kit.quick, total=0.2))
    try:
        caught = await refusal(impatient.send_signal("a1c4e7f0", Signal.START, confirm=allowed))
    finally:
        never.set()
    assert isinstance(caught, OutcomeUnknown)
    assert len(panel.seen) == 1


async def test_an_action_whose_connection_breaks_after_sending_has_an_unknown_outcome(panel, client, kit, refusal):
    panel.on(f"{kit.server}/command", kit.reply(cut=True), method="POST")
    assert isinstance(await refusal(client.send_command("a1c4e7f0", "say hi", confirm=allowed)), OutcomeUnknown)
    assert len(panel.seen) == 1


async def test_a_read_that_is_never_answered_says_so(panel, client_for, kit, refusal):
    never = asyncio.Event()
    panel.on("/api/client", kit.reply(200, {}, after=never))
    impatient = client_for(ONE, timing=dataclasses.replace(kit.quick, total=0.2))
    try:
        caught = await refusal(impatient.list_servers())
    finally:
        never.set()
    assert type(caught) is PanelUnreachable
    assert "did not answer" in str(caught)
    assert len(panel.seen) == 1
