"""The 1.x client API: which route, which refusal wins, and what each route does."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from sandbox.panel import acting_1x, errors, faults, servers_1x, views
from sandbox.panel.errors import PanelError
from sandbox.panel.http import Answer, Call, html_answer, json_answer
from sandbox.panel.limits import Verdict
from sandbox.panel.registry import Registry
from sandbox.panel.world import Key, Server, User

TITLES = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    419: "Page Expired",
    429: "Too Many Requests",
    500: "Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
}
ServerAction = Callable[[Registry, Call, Server, User], Answer]


@dataclass(frozen=True)
class Route:
    """A route; exactly one of the two actions is set."""

    method: str
    pattern: re.Pattern[str]
    name: str
    on_server: ServerAction | None = None
    on_account: Callable[[Registry, Call, User], Answer] | None = None


def _account(registry: Registry, _call: Call, user: User) -> Answer:
    return json_answer(views.account(user, registry.facts))


def _permissions(registry: Registry, _call: Call, _user: User) -> Answer:
    return json_answer(views.permissions(registry.facts))


_SERVER = r"^/api/client/servers/(?P<server>[^/]+)"
ROUTES = (
    Route("GET", re.compile(r"^/api/client$"), "index", on_account=servers_1x.index),
    Route("GET", re.compile(r"^/api/client/account$"), "account", on_account=_account),
    Route("GET", re.compile(r"^/api/client/permissions$"), "permissions", on_account=_permissions),
    Route("GET", re.compile(_SERVER + "$"), "view", on_server=servers_1x.view),
    Route("GET", re.compile(_SERVER + "/resources$"), "resources", on_server=servers_1x.resources),
    Route("GET", re.compile(_SERVER + "/websocket$"), "websocket", on_server=servers_1x.websocket),
    Route("GET", re.compile(_SERVER + "/activity$"), "activity", on_server=servers_1x.activity),
    Route("POST", re.compile(_SERVER + "/command$"), "command", on_server=acting_1x.command),
    Route("POST", re.compile(_SERVER + "/power$"), "power", on_server=acting_1x.power),
)


class PanelOne:
    """Pterodactyl 1.x and Pelican."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def answer(self, call: Call) -> Answer:
        """The panel's answer to one request, errors included."""
        try:
            answer = self._answer(call)
        except PanelError as error:
            answer = self._refusal(call, error)
        return Answer(answer.status, answer.text, answer.content_type, {**call.rate_headers, **answer.headers})

    def _answer(self, call: Call) -> Answer:
        if len(call.path) > 1 and call.path.endswith("/"):
            # Apache's shipped .htaccess, before the panel sees anything.
            page = html_answer(301, "Moved Permanently")
            return Answer(301, page.text, page.content_type, {"Location": self._registry.url + call.path.rstrip("/")})
        if self._registry.maintenance:
            raise errors.maintenance()
        if not call.path.startswith("/api/"):
            return self._website(call)
        if call.path.startswith("/api/application/"):
            raise self._not_modelled(call)
        route, match = _route(call)
        if self._looks_like_browser(call) and call.method != "GET":
            raise errors.csrf()
        key = self._authenticated(call, route)
        return self._admitted(call, route, match.groupdict().get("server"), key)

    def _not_modelled(self, call: Call) -> PanelError:
        """What the application API says to those whom it has nothing to say to."""
        key = self._registry.key(call.headers.get("authorization", ""))
        if key is None:
            return errors.unauthenticated()
        return errors.unknown_route(call.path.lstrip("/")) if key.user.root_admin else errors.no_administrator()

    def _authenticated(self, call: Call, route: Route) -> Key:
        registry = self._registry
        key = registry.key(call.headers.get("authorization", ""))
        if key is None:
            raise errors.unauthenticated()
        call.user = key.user.username
        if call.json_is_broken():
            raise errors.malformed_json()
        gated = registry.require_two_factor and not key.user.two_factor and not registry.facts.pelican
        if gated and route.name != "account":
            raise errors.two_factor()
        if not key.admits(call.address):
            raise errors.ip_refused(call.address)
        return key

    def _admitted(self, call: Call, route: Route, identifier: str | None, key: Key) -> Answer:
        server = None if identifier is None else self._registry.server(identifier)
        if identifier is not None and server is None:
            raise errors.unknown_server()
        if key.application:
            raise errors.application_key()
        verdicts = [self._registry.general.hit(key.user.uuid)]
        _take(call, verdicts)
        if route.on_account is not None:
            return route.on_account(self._registry, call, key.user)
        if server is None or route.on_server is None:
            raise errors.unknown_route(call.path.lstrip("/"))
        if server.permissions(key.user) is None:
            raise errors.no_access()
        servers_1x.check_state(self._registry, route.name, server, key.user)
        if route.name == "websocket" and self._registry.websocket is not None:
            verdicts.append(self._registry.websocket.hit(server.uuid))
            _take(call, verdicts)
        return route.on_server(self._registry, call, server, key.user)

    def _looks_like_browser(self, call: Call) -> bool:
        if self._registry.facts.session_cookie in call.headers.get("cookie", ""):
            return True
        sender = call.headers.get("referer") or call.headers.get("origin") or ""
        host = urlsplit(sender).netloc
        own = {urlsplit(self._registry.url).netloc, urlsplit(self._registry.app_url).netloc}
        return host in own | {"localhost", "localhost:3000", "127.0.0.1", "127.0.0.1:8000", "[::1]"}

    def _website(self, call: Call) -> Answer:
        if call.method not in ("GET", "HEAD"):
            raise errors.csrf()
        if call.path == "/up" and self._registry.facts.pelican:
            return html_answer(200, "Application up")
        if call.path == "/auth/login":
            return Answer(200, faults.LOGIN_PAGE, "text/html", self._cookie())
        return self._to("/auth/login")

    def _to(self, path: str) -> Answer:
        page = html_answer(302, f"Redirecting to {path}")
        return Answer(302, page.text, page.content_type, {"Location": self._registry.url + path, **self._cookie()})

    def _cookie(self) -> dict[str, str]:
        return {"Set-Cookie": f"{self._registry.facts.session_cookie}=invented-session; path=/; httponly; samesite=lax"}

    def _refusal(self, call: Call, error: PanelError) -> Answer:
        if call.expects_json:
            headers = {"Cache-Control": "no-cache, private", **error.headers}
            return Answer(error.status, error.body(), headers=headers)
        if error.status == 401:
            return self._to("/auth/login")
        if error.status == 422 or error.display:
            return self._to("/")
        return html_answer(error.status, TITLES.get(error.status, "Error"), error.headers)


def _route(call: Call) -> tuple[Route, re.Match[str]]:
    supported: list[str] = []
    for route in ROUTES:
        match = route.pattern.match(call.path)
        if match is None:
            continue
        if route.method == call.method:
            return route, match
        supported.append("GET, HEAD" if route.method == "GET" else route.method)
    path = call.path.lstrip("/")
    if supported:
        raise errors.wrong_method(call.method, path, ", ".join(supported))
    raise errors.unknown_route(path)


def _take(call: Call, verdicts: list[Verdict]) -> None:
    """Show the limit with the fewest hits left; refuse when the newest hit was one too many."""
    call.rate_headers = min(verdicts, key=lambda verdict: verdict.remaining).headers()
    if not verdicts[-1].allowed:
        raise errors.throttled(verdicts[-1].headers())
