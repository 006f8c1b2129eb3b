"""What the reading routes of the 1.x client API show once the caller is let in."""

from typing import Any

from sandbox.panel import errors, views
from sandbox.panel.errors import PanelError, WingsError, WingsUnreachableError
from sandbox.panel.http import Answer, Call, json_answer
from sandbox.panel.registry import Registry
from sandbox.panel.world import Server, User

CACHE_SECONDS = 20.0
FILTERS = ("uuid", "name", "description", "external_id", "*")


# -- states ----------------------------------------------------------------------------------------------------


def conflict(registry: Registry, server: Server) -> str | None:
    """Why the server cannot be used now, in the order of `Server::validateCurrentState`."""
    unfinished = {"installing", "install_failed"} | ({"reinstall_failed"} if registry.facts.pelican else set[str]())
    if server.status == "suspended":
        return "suspended"
    if server.node.maintenance:
        return "maintenance"
    if server.status in unfinished:
        return "installing"
    if server.status == "restoring_backup":
        return "restoring"
    return "transferring" if server.transferring else None


def check_state(registry: Registry, route: str, server: Server, user: User) -> None:
    """Raise the 409 that `AuthenticateServerAccess` raises."""
    reason = conflict(registry, server)
    if reason is None or route == "view":
        return
    passable = registry.facts.pelican or reason not in ("suspended", "maintenance")
    if route == "websocket" and user.root_admin and passable:
        return
    raise errors.conflict(reason)


# -- reading ---------------------------------------------------------------------------------------------------


def index(registry: Registry, call: Call, user: User) -> Answer:
    """GET /api/client."""
    found = [server for server in _of_type(registry, call.query.get("type"), user) if _filtered(call, server)]
    page = _number(call.query.get("page"), 1)
    per_page = min(_number(call.query.get("per_page"), registry.facts.page_size), 100)
    shown, meta = views.paginated(
        found, page=page, per_page=per_page, url=registry.app_url + "/api/client", query=call.query, no_links={}
    )
    include = _include(call)
    data = [_view(registry, server, user, include) for server in shown]
    return json_answer({**views.collection(data), "meta": meta})


def _view(registry: Registry, server: Server, user: User, include: set[str]) -> dict[str, Any]:
    serv_form = registry.use_server_identifiers
    return views.server(server, user, registry.facts, include, registry.users, serv_form=serv_form)


def _of_type(registry: Registry, kind: str | None, user: User) -> list[Server]:
    servers = list(registry.servers.values())
    own = [server for server in servers if server.owner is user or user.uuid in server.subusers]
    if kind in ("admin", "admin-all"):
        if not user.root_admin:
            return []
        return servers if kind == "admin-all" else [server for server in servers if server not in own]
    return [server for server in own if server.owner is user] if kind == "owner" else own


def _filtered(call: Call, server: Server) -> bool:
    for name, wanted in call.query.items():
        if not name.startswith("filter["):
            continue
        field = name[len("filter[") : -1]
        if field not in FILTERS:
            raise PanelError(
                400,
                "InvalidFilterQuery",
                f"Requested filter(s) `{field}` are not allowed. Allowed filter(s) are `{', '.join(FILTERS)}`.",
            )
        if not _matches(server, field, wanted.lower()):
            return False
    return True


def _matches(server: Server, field: str, wanted: str) -> bool:
    if field != "*":
        return wanted in str(getattr(server, field) or "").lower()
    if ":" in wanted or wanted.replace(".", "").isdigit():
        addresses = [(f"{each.ip}:{each.port}", f":{each.port}") for each in server.allocations]
        return any(text.startswith(wanted) for pair in addresses for text in pair)
    external = (server.external_id or "").lower()
    return wanted in server.name.lower() or server.uuid.startswith(wanted) or wanted == external


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdigit() and int(text) > 0 else default


def _include(call: Call) -> set[str]:
    return {name.strip() for name in call.query.get("include", "").split(",")}


def view(registry: Registry, call: Call, server: Server, user: User) -> Answer:
    """GET /servers/{id}."""
    body = _view(registry, server, user, _include(call))
    body["meta"] = {"is_server_owner": server.owner is user, "user_permissions": server.permissions(user)}
    return json_answer(body)


def resources(registry: Registry, call: Call, server: Server, user: User) -> Answer:
    """GET /resources: what Wings says, kept for 20 s; errors are not kept, except Pelican's "missing"."""
    del user
    now = registry.clock.elapsed()
    until, kept = registry.resources.get(server.uuid, (0.0, {}))
    if now >= until:
        kept = _measured(registry, call, server)
        registry.resources[server.uuid] = (now + CACHE_SECONDS, kept)
    return json_answer(views.listed("stats", kept))


def _measured(registry: Registry, call: Call, server: Server) -> dict[str, Any]:
    state = server.runtime.state
    try:
        server.node.reach(server, call.wings)
    except (WingsUnreachableError, WingsError) as error:
        if registry.facts.pelican:
            zeros = dict.fromkeys(
                ("memory_bytes", "cpu_absolute", "disk_bytes", "network_rx_bytes", "network_tx_bytes", "uptime"), 0
            )
            return {"current_state": "missing", "is_suspended": False, "resources": zeros}
        if isinstance(error, WingsError):
            raise errors.daemon_failed(504, error) from error
        raise errors.daemon_down() from error
    usage = server.runtime.meter.current(state)
    network = usage["network"]
    return {
        "current_state": state,
        "is_suspended": False,
        "resources": {
            "memory_bytes": usage["memory_bytes"],
            "cpu_absolute": usage["cpu_absolute"],
            "disk_bytes": usage["disk_bytes"],
            "network_rx_bytes": network["rx_bytes"],
            "network_tx_bytes": network["tx_bytes"],
            "uptime": usage["uptime"],
        },
    }


def websocket(registry: Registry, call: Call, server: Server, user: User) -> Answer:
    """GET /websocket: a ticket and the node's address. Wings is not asked."""
    del call
    if not server.can(user, "websocket.connect"):
        raise errors.no_websocket()
    if server.transferring and not server.can(user, "admin.websocket.transfer"):
        raise PanelError(403, "HttpForbiddenException", "You do not have permission to view server transfer logs.")
    node = server.node
    token = node.tickets.mint(
        user, server, issuer=registry.app_url, audience=node.url, lifetime=registry.token_lifetime
    )
    registry.tickets[server.uuid] = registry.tickets.get(server.uuid, 0) + 1
    server.runtime.note("ticket", user.username)
    socket = f"{node.url.replace('http', 'ws', 1)}/api/servers/{server.uuid}/ws"
    return json_answer({"data": {"token": token, "socket": socket}})


def activity(registry: Registry, call: Call, server: Server, user: User) -> Answer:
    """GET /activity."""
    if not server.can(user, "activity.read"):
        raise errors.forbidden()
    entries = list(registry.activity.get(server.uuid, []))
    if call.query.get("sort") == "-timestamp":
        entries.reverse()
    wanted = call.query.get("filter[event]")
    entries = [entry for entry in entries if wanted is None or wanted in entry["event"]]
    shown, meta = views.paginated(
        entries,
        page=_number(call.query.get("page"), 1),
        per_page=min(_number(call.query.get("per_page"), 25), 100),
        url=f"{registry.app_url}{call.path}",
        query=call.query,
        no_links={},
    )
    with_actor = "actor" in _include(call)
    data = [views.activity(entry, registry.users, with_actor=with_actor) for entry in shown]
    return json_answer({**views.collection(data), "meta": meta})
