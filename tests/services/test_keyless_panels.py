"""Panels whose keys were deleted because the bot was thrown out: said wherever a key is needed, until there is one."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.errors import BotError
from bot.store.values import Departure
from bot.terms import PowerState, Signal


async def test_a_guild_whose_keys_were_deleted_is_told_so_wherever_one_is_needed(place, admin):
    place.server("Castle")
    connected = await place.connect(admin)
    castle = await place.link(admin, "Castle")
    await place.services.relays.add(admin, server=castle, channel_id=5)
    neighbour = replace(admin, guild_id=901)
    await place.connect(neighbour)
    left = Departure(datetime.now(UTC))
    await place.store.departures.put(admin.guild_id, left)
    keys = await place.store.panels.keys(admin.guild_id)
    assert await place.store.departures.delete_keys(admin.guild_id, left, replace(left, keys_deleted=True))
    place.services.panels.key_deleted(keys[connected.panel.id], connected.panel, [castle])
    asked = len(place.panel.requests)

    (row,) = await place.services.servers.overview(admin)
    assert "/panel replace-key" in row.note
    needs_a_key = [
        lambda: place.status(admin, castle),
        lambda: place.follow(admin, castle, Signal.START),
        lambda: place.last_lines(admin, castle, 5),
        lambda: place.services.panels.find_server(connected.panel, "another"),
        lambda: place.link(admin, "another"),
    ]
    for attempt in needs_a_key:
        with pytest.raises(BotError, match="key was deleted when I was removed from this Discord server"):
            await attempt()
    assert [choice.name for choice in await place.services.panels.link_choices(admin, None, "")] == []
    assert len(place.panel.requests) == asked
    assert (await place.services.panels.find(neighbour, None)).has_key

    panel = await place.services.panels.find(admin, None)
    assert not panel.has_key
    await place.services.panels.replace_key(admin, panel, place.panel.add_key(place.user))
    assert (await place.status(admin, castle)).state is PowerState.OFFLINE
    assert (await place.services.panels.find(admin, None)).has_key


async def test_a_panel_without_a_key_can_be_removed(place, admin):
    connected = await place.connect(admin)
    left = Departure(datetime.now(UTC))
    await place.store.departures.put(admin.guild_id, left)
    assert await place.store.departures.delete_keys(admin.guild_id, left, left)
    assert await place.services.panels.remove(admin, await place.services.panels.find(admin, None)) == 0
    assert await place.store.panels.get(admin.guild_id, connected.panel.id) is None
