"""What proxies, nodes and empty answers say is not taken for the panel's own words."""

import pytest

from bot.errors import NotAPanel, PanelUnreachable, RateLimited
from bot.panel.asked import Answer

from .conftest import Reply
from .test_refusals import ROUTES, do

HAPROXY = "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>"
NGINX = (
    "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n<center><h1>503 Service "
    "Temporarily Unavailable</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
APACHE = (
    '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>503 Service Unavailable</title>\n</head>'
    "<body>\n<h1>Service Unavailable</h1>\n<p>The server is temporarily unable to service your request due to "
    "maintenance downtime or capacity problems.</p>\n</body></html>"
)
CLOUDFLARE = (
    "<!DOCTYPE html><html><head><title>panel.example.test | 503: Service Temporarily Unavailable</title></head>"
    "<body>Error 503 Ray ID: 0000</body></html>"
)
PROXIES = {
    "haproxy": (HAPROXY, "text/html"),
    "nginx": (NGINX, "text/html"),
    "apache": (APACHE, "text/html"),
    "cloudflare": (CLOUDFLARE, "text/html"),
    "traefik": ("no available server\n", "text/plain"),
    "envoy": ("upstream connect error or disconnect/reset before headers. reset reason: overflow", "text/plain"),
    "caddy": ("", ""),
    "a gateway that speaks JSON": ('{"error":"Service Unavailable"}', "application/json"),
    "another one": ('{"message":"no Route matched"}', "application/json"),
}
LARAVEL = (
    '<!DOCTYPE html><html lang="en"><head><title>Service Unavailable</title><style>body {font-family: Nunito}</style>'
    '</head><body class="antialiased"><div>503</div><div>Service Unavailable</div></body></html>'
)
OWN = {"errors": [{"code": "HttpException", "status": "503", "detail": "Service Unavailable"}]}


@pytest.mark.parametrize("operation", ["list", "resources", "start"])
@pytest.mark.parametrize("proxy", PROXIES)
async def test_a_proxys_503_is_no_maintenance_mode(panel, client_for, operation, proxy):
    method, path = ROUTES[operation]
    body, content_type = PROXIES[proxy]
    panel.on(path, Reply(503, body, content_type=content_type), method=method)
    with pytest.raises(PanelUnreachable, match="cannot reach it") as failed:
        await do(client_for(), operation)
    assert "maintenance" not in str(failed.value)
    assert len(panel.asked(path, method)) == (1 if method == "POST" else 3)


@pytest.mark.parametrize("body", [OWN, LARAVEL])
async def test_the_panels_own_503_is_maintenance_mode(panel, client_for, body):
    method, path = ROUTES["list"]
    panel.on(path, Reply(503, body, content_type="application/json" if body is OWN else "text/html"), method=method)
    with pytest.raises(PanelUnreachable, match="maintenance mode"):
        await do(client_for(), "list")


async def test_a_proxys_429_is_not_said_to_be_the_panels(panel, client_for):
    method, path = ROUTES["server"]
    page = "<html><head><title>429 Too Many Requests</title></head><body>nginx</body></html>"
    panel.on(path, Reply(429, page, {"Retry-After": "20"}, content_type="text/html"), method=method)
    with pytest.raises(RateLimited, match="in front of the panel") as limited:
        await do(client_for(), "server")
    assert limited.value.retry_after == 20


@pytest.mark.parametrize("status", [409, 412, 422])
async def test_a_refusal_in_html_says_nothing_of_the_server(panel, client_for, status):
    method, path = ROUTES["command"]
    panel.on(path, Reply(status, "<html>no</html>", content_type="text/html"), method=method)
    with pytest.raises(NotAPanel, match="in its place"):
        await do(client_for(), "command")


@pytest.mark.parametrize("operation", ["start", "kill", "command"])
@pytest.mark.parametrize("status", [200, 202, 204])
@pytest.mark.parametrize("content_type", ["text/html", "text/plain", "application/json", ""])
@pytest.mark.parametrize("body", ["", "\r\n", "\ufeff"])
async def test_an_empty_answer_is_never_judged_by_its_type(panel, client_for, operation, status, content_type, body):
    """It was carried out: told to have failed, a person would do it again."""
    method, path = ROUTES[operation]
    panel.on(path, Reply(status, "" if status == 204 else body, content_type=content_type), method=method)
    await do(client_for(), operation)
    assert len(panel.asked(path, method)) == 1


def test_the_type_of_nothing_is_nothing():
    assert not Answer(401, {"Content-Type": "text/html"}, "").is_web_page
    assert Answer(401, {"Content-Type": "text/html"}, "x").is_web_page


GATES = [
    "https://team.cloudflareaccess.com/cdn-cgi/access/login/panel.example.test?kid=1&redirect_url=%2Fapi%2Fclient",
    "https://auth.example.test/?rd=https%3A%2F%2Fpanel.example.test%2Fapi%2Fclient&rm=GET",
    "https://auth.example.test/?rd=https://panel.example.test/api/client",
    "https://panel.example.test/outpost.goauthentik.io/start?rd=%2Fapi",
    "https://id.example.test/realms/main/protocol/openid-connect/auth?client_id=x",
    "/oauth2/start?rd=%2Fapi%2Fclient",
    "https://accounts.google.com/o/oauth2/v2/auth?client_id=x",
    "https://login.microsoftonline.com/common/oauth2/authorize",
]


@pytest.mark.parametrize("location", GATES)
async def test_a_log_in_in_front_of_the_panel_is_no_new_address(panel, client_for, location):
    """Connecting the panel by the address of the log-in would help nobody."""
    panel.on("/api/client", Reply(302, "", {"Location": location}, content_type="text/html"))
    with pytest.raises(NotAPanel, match="log in first") as refused:
        await do(client_for(), "list")
    assert "it really has" not in str(refused.value)


@pytest.mark.parametrize(
    "location", ["https://panel.example.test/api/client", "https://oauth2.example.test/api/client"]
)
async def test_a_panel_that_moved_is_named_with_its_new_address(panel, client_for, location):
    panel.on("/api/client", Reply(301, "", {"Location": location}, content_type="text/html"))
    with pytest.raises(NotAPanel, match="it really has"):
        await do(client_for(), "list")


WINGS = [
    (403, "You are not authorized to access this endpoint."),
    (401, "The required authorization heads were not present in the request."),
]


@pytest.mark.parametrize(("status", "words"), WINGS)
@pytest.mark.parametrize("named", ["https://panel.example.test", "", "javascript:alert(1)"])
async def test_a_nodes_address_is_named_as_such(panel, client_for, status, words, named):
    headers = {"Access-Control-Allow-Origin": named} if named else {}
    panel.on("/api/client", Reply(status, {"error": words}, headers))
    with pytest.raises(NotAPanel, match="address of a node") as refused:
        await do(client_for(), "recognise")
    assert ("panel.example.test" in str(refused.value)) == named.startswith("https")
    assert ("use that one" in str(refused.value)) == named.startswith("https")
    assert "javascript" not in str(refused.value)


async def test_what_wings_says_to_the_panel_is_not_taken_for_a_nodes_address(panel, client_for):
    """A panel repeats it, in an error of its own."""
    method, path = ROUTES["start"]
    detail = f"An error occurred on the remote host: {WINGS[0][1]}. (request id: 0c9e)"
    error = {"errors": [{"code": "DaemonConnectionException", "status": "403", "detail": detail}]}
    panel.on(path, Reply(403, error), method=method)
    with pytest.raises(Exception, match="does not accept the panel's credentials"):
        await do(client_for(), "start")
