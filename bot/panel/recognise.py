"""Which dialect a panel speaks and whose key it is, told from its answers without asking anybody.

Sources: panel and Pelican `app/Http/Controllers/Api/Client/{Client,Account}Controller.php`;
0.7 `routes/api-client.php`.
"""

from typing import Any, cast

from bot.errors import NotAPanel, PanelBroken, RequestInvalid
from bot.panel.asked import Asked, Operation
from bot.panel.models import PanelIdentity
from bot.panel.requests import Requests, no_list
from bot.panel.wire import LONGEST_NAME, cut
from bot.terms import PanelKind


async def identify(requests: Requests, url: str) -> PanelIdentity:
    """Find out a panel's kind and the key's user; raises KeyRefused, NotAPanel and the like where there is none."""
    # One entry tells enough; 0.7 does not know `per_page` and sends a whole page all the same.
    servers = servers_of(await requests.read(Asked(Operation.LIST, "/api/client", None, query={"per_page": "1"})))
    if servers is None:
        raise no_list()
    if servers and is_0_7(servers[0]):
        return PanelIdentity(url=url, kind=PanelKind.PTERODACTYL_0_7)
    try:
        permissions = await requests.read(Asked(Operation.PERMISSIONS, "/api/client/permissions", None))
    except NotAPanel:
        if not servers:  # only 0.7 has the list but not this route
            return PanelIdentity(url=url, kind=PanelKind.PTERODACTYL_0_7)
        permissions = {}
    account = await _account(requests)
    user = attributes_of(account)
    kind = PanelKind.PELICAN if is_pelican_account(account) else kind_by_permissions(permissions)
    name = user.get("username")
    return PanelIdentity(
        url=url,
        kind=kind or PanelKind.PTERODACTYL,
        username=cut(name, LONGEST_NAME) if isinstance(name, str) else None,
        is_admin=user.get("admin") is True or user.get("root_admin") is True,
    )


async def _account(requests: Requests) -> dict[str, Any]:
    try:
        return await requests.read(Asked(Operation.ACCOUNT, "/api/client/account", None))
    except (NotAPanel, PanelBroken, RequestInvalid):
        return {}  # the list has proved the key; the name is only nice to have


def servers_of(answer: dict[str, Any]) -> list[Any] | None:
    """Return the entries of a server list; None if the answer is no list."""
    data = answer.get("data")
    return cast("list[Any]", data) if isinstance(data, list) else None


def is_0_7(entry: object) -> bool:
    """Tell whether a list entry is a 0.7 server: those have neither node nor backups nor relationships."""
    attributes = attributes_of(entry)
    features = attributes.get("feature_limits")
    backups = isinstance(features, dict) and "backups" in features
    return bool(attributes) and not backups and not attributes.keys() & {"node", "relationships", "sftp_details"}


def kind_by_permissions(answer: dict[str, Any]) -> PanelKind | None:
    """Tell Pelican (a flat list) from Pterodactyl (groups) by `/permissions`; None if it is neither."""
    permissions = attributes_of(answer).get("permissions")
    if isinstance(permissions, list):
        return PanelKind.PELICAN
    return PanelKind.PTERODACTYL if isinstance(permissions, dict) else None


def is_pelican_account(account: dict[str, Any]) -> bool:
    """Tell Pelican by `/account`, which only there names `root_admin`."""
    return "root_admin" in attributes_of(account)


def attributes_of(entry: object) -> dict[str, Any]:
    """Return an object's `attributes`, or an empty mapping."""
    attributes = cast("dict[str, Any]", entry).get("attributes") if isinstance(entry, dict) else None
    return cast("dict[str, Any]", attributes) if isinstance(attributes, dict) else {}


def total_pages(answer: dict[str, Any]) -> int:
    """Return how many pages a list has, 1 if it does not say."""
    meta = answer.get("meta")
    pagination = cast("dict[str, Any]", meta).get("pagination") if isinstance(meta, dict) else None
    pages = cast("dict[str, Any]", pagination).get("total_pages") if isinstance(pagination, dict) else None
    return pages if isinstance(pages, int) else 1
