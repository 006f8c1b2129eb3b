"""Lists of entries that have several lines each: one can see where the next begins, whatever is in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.services import AccessRow, RelayRow
from bot.store.values import Grant, Relay
from bot.terms import Action
from cogs._render import pages
from tests.cogs.fakes import panel

ENTRIES = st.lists(st.text("ab \n", max_size=60).map(lambda text: f"#{text}#"), min_size=1, max_size=60)


@given(ENTRIES, st.integers(1, 60))
def test_entries_are_apart_and_each_page_fits(entries, times):
    entries = [entry * times for entry in entries]
    embeds = pages("Title", entries)
    assert all(len(embed.description) <= 4096 and len(embed) <= 6000 for embed in embeds)
    if max(map(len, entries)) <= 3500:
        assert "\n\n".join(embed.description for embed in embeds) == "\n\n".join(entries)


@pytest.mark.parametrize("command", ["relay list", "panel list", "access list"])
async def test_a_blank_line_stands_between_two_entries(world, command):
    world.script.relays = [RelayRow(Relay(n, 1, n, world.channel.id), f"server {n}", None) for n in (1, 2, 3)]
    world.script.panels = [panel(f"panel {n}", number=n) for n in (1, 2, 3)]
    grants = [Grant(n, 1, 5, frozenset({Action.VIEW})) for n in (1, 2, 3)]
    world.script.grants = [AccessRow(grant, f"server {grant.id}", None) for grant in grants]
    result = await world.admin.slash(world.channel, command)
    entries = result.response.embeds[0].description.split("\n\n")
    assert len(entries) == 3
    assert all(entry.strip() and "\n" in entry for entry in entries)
