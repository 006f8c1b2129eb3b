"""Remembers which linked servers are Minecraft, whenever a panel describes them anyway."""

import logging
from collections.abc import Iterable

from bot.panel.models import ListedServer
from bot.panel.models import Server as PanelServer
from bot.store.store import Store

_log = logging.getLogger(__name__)


async def learn_minecraft(store: Store, panel_id: int, described: Iterable[PanelServer | ListedServer]) -> None:
    """Store what a panel's descriptions say; a store that fails leaves it as it was, for nobody asked for this."""
    known = {server.uuid: server.is_minecraft for server in described if server.is_minecraft is not None}
    if not known:
        return
    try:
        await store.servers.learn_minecraft(panel_id, known)
    except Exception as error:  # noqa: BLE001  whatever a database raises
        _log.warning("Which servers of panel %s are Minecraft could not be stored: %r", panel_id, error)
