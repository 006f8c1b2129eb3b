"""Text that a database cannot hold is refused in one sentence, the same on all of them; all else comes back as it was."""

import pytest

from bot.errors import BadInput
from bot.store.store import Store
from bot.terms import Action, PanelKind

GUILD = 7
ALL_OF_UNICODE = "".join(map(chr, (*range(1, 0xD800), *range(0xE000, 0x110000))))


@pytest.mark.parametrize("unfit", ["\0", "a\0b", "\ud83d", "half \udc00 of one"], ids=ascii)
async def test_a_nul_or_half_a_character_is_refused_wherever_it_is_typed(store: Store, unfit: str) -> None:
    panel = await store.panels.add(GUILD, "https://panel.example.test", PanelKind.PELICAN, "Main", "ptlc_planted")
    server = await store.servers.link(GUILD, panel.id, "Castle", "aaaaaaaa", "aaaaaaaa-0000-4000-8000-000000000001")
    for refused in (
        store.panels.add(GUILD, "https://panel.example.test", PanelKind.PELICAN, unfit, "ptlc_planted"),
        store.servers.link(GUILD, panel.id, unfit, "bbbbbbbb", "bbbbbbbb-0000-4000-8000-000000000001"),
        store.servers.edit(server.id, name=unfit),
        store.grants.add(GUILD, 70, [Action.COMMAND], server.id, commands=["list", unfit]),
        store.relays.add(GUILD, server.id, 11, include=unfit),
        store.relays.add(GUILD, server.id, 11, exclude=unfit),
    ):
        with pytest.raises(BadInput, match="cannot be kept"):
            await refused
    assert [one.label for one in await store.panels.list(GUILD)] == ["Main"]
    assert [one.name for one in await store.servers.list(GUILD)] == ["Castle"]
    assert await store.grants.list(GUILD) == await store.relays.list(GUILD) == []


async def test_every_character_that_is_one_comes_back_as_it_was(store: Store) -> None:
    await store.state.set("everything", ALL_OF_UNICODE)
    assert await store.state.get("everything") == ALL_OF_UNICODE
