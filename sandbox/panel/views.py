"""How the 1.x panel shows servers, users and lists (`app/Transformers/Api/Client/**`)."""

import math
from typing import Any
from urllib.parse import urlencode

from sandbox.panel.profiles import Facts
from sandbox.panel.world import Allocation, Server, User, Variable, holds

AVATAR = "https://gravatar.com/avatar/00000000000000000000000000000000"
NULL_RESOURCE = {"object": "null_resource", "attributes": None}
PERMISSIONS: dict[str, tuple[str, ...]] = {
    "websocket": ("connect",),
    "control": ("console", "start", "stop", "restart"),
    "user": ("create", "read", "update", "delete"),
    "file": ("create", "read", "read-content", "update", "delete", "archive", "sftp"),
    "backup": ("create", "read", "delete", "download", "restore"),
    "allocation": ("read", "create", "update", "delete"),
    "startup": ("read", "update", "docker-image"),
    "database": ("create", "read", "update", "delete", "view_password"),
    "schedule": ("create", "read", "update", "delete"),
    "settings": ("rename", "reinstall"),
    "activity": ("read",),
}


def listed(kind: str, attributes: dict[str, Any]) -> dict[str, Any]:
    """One object in the panel's envelope."""
    return {"object": kind, "attributes": attributes}


def collection(items: list[dict[str, Any]]) -> dict[str, Any]:
    """A list in the panel's envelope."""
    return {"object": "list", "data": items}


def paginated(
    items: list[Any], *, page: int, per_page: int, url: str, query: dict[str, str], no_links: Any
) -> tuple[list[Any], dict[str, Any]]:
    """One page of ``items`` and its `meta`; ``no_links`` is what stands for "no neighbours"."""
    pages = max(1, math.ceil(len(items) / per_page))
    shown = items[(page - 1) * per_page : page * per_page]
    kept = {name: value for name, value in query.items() if name != "page"}
    links: dict[str, str] = {}
    if page > 1:
        links["previous"] = f"{url}?{urlencode({**kept, 'page': str(page - 1)})}"
    if page < pages:
        links["next"] = f"{url}?{urlencode({**kept, 'page': str(page + 1)})}"
    pagination = {
        "total": len(items),
        "count": len(shown),
        "per_page": per_page,
        "current_page": page,
        "total_pages": pages,
        "links": links or no_links,
    }
    return shown, {"pagination": pagination}


def server(
    item: Server, user: User, facts: Facts, include: set[str], users: dict[str, User], *, serv_form: bool = False
) -> dict[str, Any]:
    """A server with its attributes, as in the list (`ServerTransformer`)."""
    granted = item.permissions(user) or []
    attributes: dict[str, Any] = {"server_owner": item.owner is user, "identifier": item.identifier}
    if facts.serv_identifiers:
        attributes["identifier"] = item.serv_identifier if serv_form else item.identifier
        attributes["__deprecated_uuid_short"] = item.identifier
        attributes["server_identifier"] = item.serv_identifier
    limits = item.limits
    sftp: dict[str, Any] = {"ip": "127.0.0.1", "port": 2022}
    shown_limits: dict[str, Any] = {
        "memory": limits.memory,
        "swap": limits.swap,
        "disk": limits.disk,
        "io": limits.io,
        "cpu": limits.cpu,
        "threads": limits.threads,
        "oom_disabled": True,
    }
    if facts.pelican:
        sftp["alias"] = None
        shown_limits["oom_killer"] = False
    attributes |= {
        "internal_id": item.id,
        "uuid": item.uuid,
        "name": item.name,
        "node": item.node.name,
        "is_node_under_maintenance": item.node.maintenance,
        "sftp_details": sftp,
        "description": item.description,
        "limits": shown_limits,
        "invocation": _invocation(item, granted),
        "docker_image": item.docker_image,
        "egg_features": None if item.egg_features is None else list(item.egg_features),
        "feature_limits": dict(item.feature_limits),
        "status": item.status,
        "is_suspended": item.status == "suspended",
        "is_installing": item.status in ("installing", "install_failed"),
        "is_transferring": item.transferring,
        "relationships": _relationships(item, granted, facts, include, users),
    }
    return listed("server", attributes)


def _invocation(item: Server, granted: list[str]) -> str:
    line = item.startup
    readable = holds(granted, "startup.read")
    for variable in item.variables:
        value = variable.value if readable and variable.viewable else "[hidden]"
        line = line.replace("{{" + variable.env + "}}", value)
    return line


def _relationships(
    item: Server, granted: list[str], facts: Facts, include: set[str], users: dict[str, User]
) -> dict[str, Any]:
    full = holds(granted, "allocation.read")
    allocations = [_allocation(each, full=full) for each in item.allocations if full or each.default]
    variables: dict[str, Any] = dict(NULL_RESOURCE)
    if holds(granted, "startup.read"):
        variables = collection([_variable(each, facts) for each in item.variables if each.viewable])
    relations: dict[str, Any] = {"allocations": collection(allocations), "variables": variables}
    if "egg" in include:
        relations["egg"] = listed("egg", {"uuid": "6d1f0f52-70ab-4e0c-a4f3-2b9a1c77e5d0", "name": "Paper"})
    if "subusers" in include:
        if holds(granted, "user.read"):
            people = [_subuser(users[key], names) for key, names in item.subusers.items() if key in users]
            relations["subusers"] = collection(people)
        else:
            relations["subusers"] = dict(NULL_RESOURCE)
    return relations


def _allocation(item: Allocation, *, full: bool) -> dict[str, Any]:
    return listed(
        "allocation",
        {
            "id": item.id,
            "ip": item.ip,
            "ip_alias": item.alias,
            "port": item.port,
            "notes": item.notes if full else None,
            "is_default": item.default,
        },
    )


def _variable(item: Variable, facts: Facts) -> dict[str, Any]:
    return listed(
        "egg_variable",
        {
            "name": item.name,
            "description": item.description,
            "env_variable": item.env,
            "default_value": item.default,
            "server_value": item.value,
            "is_editable": item.editable,
            "rules": item.rules if not facts.pelican else "|".join(item.rules.split("|")),
        },
    )


def _subuser(user: User, permissions: list[str]) -> dict[str, Any]:
    return listed(
        "server_subuser",
        {
            "uuid": user.uuid,
            "username": user.username,
            "email": user.email,
            "image": AVATAR,
            "2fa_enabled": user.two_factor,
            "created_at": user.created_at.isoformat(),
            "permissions": list(permissions),
        },
    )


def account(user: User, facts: Facts) -> dict[str, Any]:
    """The caller (`AccountController`); Pelican shows other fields."""
    if facts.pelican:
        return listed(
            "user",
            {
                "uuid": user.uuid,
                "username": user.username,
                "email": user.email,
                "language": "en",
                "image": AVATAR,
                "admin": user.root_admin,
                "root_admin": user.root_admin,
                "2fa_enabled": user.two_factor,
                "created_at": user.created_at.isoformat(),
                "updated_at": user.created_at.isoformat(),
            },
        )
    return listed(
        "user",
        {
            "id": user.id,
            "admin": user.root_admin,
            "username": user.username,
            "email": user.email,
            "first_name": user.username.capitalize(),
            "last_name": "User",
            "language": "en",
        },
    )


def permissions(facts: Facts) -> dict[str, Any]:
    """All permission names: grouped with texts, on Pelican a flat list."""
    if facts.pelican:
        flat = [f"{group}.{name}" for group, names in PERMISSIONS.items() for name in names]
        return listed("system_permissions", {"permissions": flat})
    grouped = {
        group: {
            "description": f"Permissions that control {group}.",
            "keys": {name: f"Allows a user to {name} ({group})." for name in names},
        }
        for group, names in PERMISSIONS.items()
    }
    return listed("system_permissions", {"permissions": grouped})


def activity(entry: dict[str, Any], people: dict[str, User], *, with_actor: bool) -> dict[str, Any]:
    """One entry of the activity log."""
    attributes = {name: value for name, value in entry.items() if name != "actor"}
    if with_actor:
        actor = people.get(str(entry["actor"]))
        attributes["relationships"] = {
            "actor": dict(NULL_RESOURCE)
            if actor is None
            else listed(
                "user",
                {
                    "uuid": actor.uuid,
                    "username": actor.username,
                    "email": actor.email,
                    "image": AVATAR,
                    "2fa_enabled": actor.two_factor,
                    "created_at": actor.created_at.isoformat(),
                },
            )
        }
    return listed("activity_log", attributes)
