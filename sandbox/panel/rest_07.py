"""The client API of panel 0.7 with the Node.js daemon 0.6: fewer routes, other error texts, no console."""

import json
import re
from typing import Any

from sandbox.panel import views
from sandbox.panel.errors import LEGACY_GENERIC, WingsError, WingsUnreachableError
from sandbox.panel.http import Answer, Call, html_answer, json_answer
from sandbox.panel.limits import Verdict
from sandbox.panel.registry import Registry
from sandbox.panel.world import Key, Server, User

MIB = 1024 * 1024
SIGNALS = ("start", "stop", "restart", "kill")
STATES = {"offline": "off", "running": "on", "starting": "starting", "stopping": "stopping"}
ALIASES = {
    "control.console": ("send-command",),
    "control.start": ("power-start",),
    "control.stop": ("power-stop", "power-kill"),
    "control.restart": ("power-restart",),
}
_SERVER = re.compile(r"^/api/client/servers/(?P<server>[^/]+)(?:/(?P<what>utilization|command|power))?$")
_METHODS = {None: "GET", "utilization": "GET", "command": "POST", "power": "POST"}


class LegacyError(Exception):
    """A refusal of the old panel; the detail is nearly always the same text."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = LEGACY_GENERIC,
        *,
        headers: dict[str, str] | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.headers = headers or {}
        entry: dict[str, Any] = {"code": code, "status": str(status), "detail": detail}
        if field is not None:
            entry = {"code": code, "detail": detail, "source": {"field": field}}
        self.body = json.dumps({"errors": [entry]})


def legacy_permissions(names: list[str]) -> list[str]:
    """0.7 names for 1.x ones, so that one test can be run on every profile; 0.7 names stay."""
    return [alias for name in names for alias in ALIASES.get(name, (name,))]


class PanelZero:
    """Pterodactyl 0.7.19."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def answer(self, call: Call) -> Answer:
        """The panel's answer to one request, errors included."""
        try:
            answer = self._answer(call)
        except LegacyError as error:
            if call.expects_json:
                answer = Answer(error.status, error.body, headers=error.headers)
            elif error.status == 422:
                answer = Answer(302, "", "text/html", {"Location": self._registry.url + "/"})
            else:
                answer = html_answer(error.status, "Error", error.headers)
        return Answer(answer.status, answer.text, answer.content_type, {**call.rate_headers, **answer.headers})

    def _answer(self, call: Call) -> Answer:
        if len(call.path) > 1 and call.path.endswith("/"):
            return Answer(301, "", "text/html", {"Location": self._registry.url + call.path.rstrip("/")})
        if self._registry.maintenance:
            raise LegacyError(503, "HttpException")
        if not call.path.startswith("/api/"):
            return Answer(302, "", "text/html", {"Location": self._registry.url + "/auth/login"})
        match = _SERVER.match(call.path)
        if call.path != "/api/client" and match is None:
            raise LegacyError(404, "NotFoundHttpException")
        what = match["what"] if match is not None else None
        if call.method != _METHODS[what]:
            raise LegacyError(405, "MethodNotAllowedHttpException", headers={"Allow": _METHODS[what]})
        self._take(call, [self._registry.general.hit(call.address)])
        key = self._authenticated(call)
        if match is None:
            return self._index(call, key.user)
        return self._on_server(call, self._server(match["server"], key.user), key.user, what)

    def _take(self, call: Call, verdicts: list[Verdict]) -> None:
        call.rate_headers = min(verdicts, key=lambda verdict: verdict.remaining).headers()
        if not verdicts[-1].allowed:
            raise LegacyError(429, "ThrottleRequestsException", headers=verdicts[-1].headers())

    def _authenticated(self, call: Call) -> Key:
        header = call.headers.get("authorization", "")
        if not header.lower().startswith("bearer "):
            raise LegacyError(401, "HttpException", headers={"WWW-Authenticate": "Bearer"})
        key = self._registry.key(header)
        if key is None or key.application or not key.admits(call.address):
            raise LegacyError(403, "AccessDeniedHttpException")
        call.user = key.user.username
        return key

    def _server(self, identifier: str, user: User) -> Server:
        server = self._registry.server(identifier) if len(identifier) == 8 else None
        if server is None or server.permissions(user) is None:
            raise LegacyError(404, "NotFoundHttpException")
        return server

    def _index(self, call: Call, user: User) -> Answer:
        servers = list(self._registry.servers.values())
        own = [server for server in servers if server.owner is user]
        shared = [server for server in servers if server in own or user.uuid in server.subusers]
        kind = call.query.get("filter", "subuser-of")
        found = own if kind == "owner" else shared
        if kind in ("all", "admin") and user.root_admin:
            found = servers
        number = call.query.get("page", "1")
        page = int(number) if number.isdigit() and int(number) > 0 else 1
        shown, meta = views.paginated(
            found,
            page=page,
            per_page=self._registry.facts.page_size,
            url=self._registry.app_url + "/api/client",
            query=call.query,
            no_links=[],
        )
        return json_answer({**views.collection([_shown(server, user) for server in shown]), "meta": meta})

    def _on_server(self, call: Call, server: Server, user: User, what: str | None) -> Answer:
        if what is None:
            return json_answer(_shown(server, user))
        if what == "utilization":
            general = self._registry.general
            left = general.limit - general.used(call.address)
            verdict = self._registry.utilization.hit(user.uuid)
            if verdict.remaining < left or not verdict.allowed:
                self._take(call, [verdict])
            return self._utilization(call, server)
        if what == "command":
            return self._command(call, server, user)
        return self._power(call, server, user)

    def _utilization(self, call: Call, server: Server) -> Answer:
        _reach_uncaught(call, server)
        return json_answer(views.listed("stats", _usage(server)))

    def _command(self, call: Call, server: Server, user: User) -> Answer:
        if not server.can(user, "send-command"):
            raise LegacyError(403, "AccessDeniedHttpException")
        text = _required(call, "command")
        try:
            server.node.reach(server, call.wings)
            if server.status == "suspended":
                raise WingsError(403, "suspended")
        except WingsUnreachableError as error:
            raise _daemon("E_CONN_REFUSED") from error
        except WingsError as error:
            if error.status == 412:
                raise LegacyError(412, "PreconditionFailedHttpException") from error
            raise _daemon(str(error.status)) from error
        if not server.runtime.process_runs:
            raise LegacyError(412, "PreconditionFailedHttpException")
        if text == server.spec.stop_command:
            server.runtime.commands.append(text)
            server.runtime.power.accept("stop")
        else:
            server.runtime.command(text)
        return Answer(204)

    def _power(self, call: Call, server: Server, user: User) -> Answer:
        signal = call.inputs().get("signal")
        if not server.can(user, f"power-{signal}"):
            raise LegacyError(403, "AccessDeniedHttpException")
        action = _required(call, "signal")
        if action not in SIGNALS:
            raise LegacyError(422, "in", "The selected signal is invalid.", field="signal")
        _reach_uncaught(call, server)
        server.runtime.power.accept(action)
        return Answer(204)


def _reach_uncaught(call: Call, server: Server) -> None:
    """Failures that the old panel forgot to catch: always 500."""
    try:
        server.node.reach(server, call.wings)
    except WingsUnreachableError as error:
        raise LegacyError(500, "ConnectException") from error
    except WingsError as error:
        raise LegacyError(500, "ServerException" if error.status >= 500 else "ClientException") from error
    if server.status == "suspended":
        raise LegacyError(500, "ClientException")


def _daemon(code: str) -> LegacyError:
    return LegacyError(
        504,
        "DaemonConnectionException",
        "There was an exception while attempting to communicate with the daemon resulting in a "
        f"HTTP/{code} response code. This exception has been logged.",
    )


def _required(call: Call, name: str) -> str:
    value = call.inputs().get(name)
    if value is None:
        raise LegacyError(422, "required", f"The {name} field is required.", field=name)
    if not isinstance(value, str):
        raise LegacyError(422, "string", f"The {name} must be a string.", field=name)
    return value


def _shown(server: Server, user: User) -> dict[str, Any]:
    limits = server.limits
    return views.listed(
        "server",
        {
            "server_owner": server.owner is user,
            "identifier": server.identifier,
            "uuid": server.uuid,
            "name": server.name,
            "description": server.description,
            "limits": {
                "memory": limits.memory,
                "swap": limits.swap,
                "disk": limits.disk,
                "io": limits.io,
                "cpu": limits.cpu,
            },
            "feature_limits": {name: server.feature_limits.get(name) for name in ("databases", "allocations")},
        },
    )


def _usage(server: Server) -> dict[str, Any]:
    """MiB for memory, MB (10^6) for disk, percent of one core; everything 0 while off, disk included."""
    runtime = server.runtime
    state = runtime.state
    usage = runtime.meter.current(state)
    off = state == "offline"
    cpu = usage["cpu_absolute"]
    return {
        "state": STATES[state],
        "memory": {"current": round(usage["memory_bytes"] / MIB), "limit": server.limits.memory},
        "cpu": {
            "current": cpu,
            "cores": [] if off else [round(cpu / 4, 3)] * 4,
            "limit": server.limits.cpu,
        },
        "disk": {"current": 0 if off else round(usage["disk_bytes"] / 1_000_000), "limit": server.limits.disk},
    }
