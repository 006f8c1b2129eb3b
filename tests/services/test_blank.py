"""The services refuse blank text by themselves, whoever asks them: only None means all, or the default."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.names import is_blank, is_one_line, refuse_blank
from bot.services import Access, Panels, Relays, Servers
from bot.services.console_input import parse_patterns
from bot.terms import Action, PanelKind

from .conftest import GUILD

UNSEEN = " \t\n\u00a0\u3000\u200b\u200d\u2060\ufe0f\u115f\u1160\u2800\u3164\uffa0\x00\u2028"
blanks = st.text(st.sampled_from(UNSEEN), min_size=1, max_size=8)


class Place:
    """A guild with a panel, a linked server, a grant and a relay, and services that ask no panel."""

    def __init__(self, store):
        self.store = store
        access = Access(store)
        self.panels = Panels(store, access, None, None, changed=lambda _guild: None)
        self.servers = Servers(store, access, self.panels, None, changed=lambda _guild: None)
        self.relays = Relays(
            store,
            access,
            changed=lambda _guild: None,
            health=lambda _relay: None,
            catalogue=None,
        )

    async def fill(self):
        self.panel = await self.store.panels.add(GUILD, "https://panel.example", PanelKind.PELICAN, "Main", "ptlc_key1")
        self.castle = await self.store.servers.link(GUILD, self.panel.id, "Castle", "aaaaaaaa", "uuid-1")
        await self.store.grants.add(GUILD, 70, [Action.VIEW], self.castle.id)
        await self.store.relays.add(GUILD, self.castle.id, 11)

    async def rows(self):
        return [await one.list(GUILD) for one in (self.store.panels, self.store.servers, self.store.grants)] + [
            await self.store.relays.list(GUILD)
        ]


@pytest.fixture
async def place(store):
    made = Place(store)
    await made.fill()
    return made


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(blank=blanks)
async def test_blank_text_names_nothing_and_changes_nothing(place, admin, blank):
    before = await place.rows()
    connect = {"url": "https://panel.example", "key": "ptlc_key2"}
    edit = {"name": None, "say_template": None}
    for attempt in (
        lambda: place.servers.resolve(admin, blank, channel_id=11, action=Action.VIEW),
        lambda: place.servers.resolve_admin(admin, blank, channel_id=11),
        lambda: place.servers.link(admin, panel=place.panel, text=blank),
        lambda: place.servers.edit(admin, place.castle, **{**edit, "name": blank}),
        lambda: place.servers.edit(admin, place.castle, **{**edit, "say_template": blank}),
        lambda: place.panels.find(admin, blank),
        lambda: place.panels.connect(admin, **connect, label=blank),
        lambda: place.relays.add(admin, server=place.castle, channel_id=12, include=blank),
        lambda: place.relays.add(admin, server=place.castle, channel_id=12, exclude=blank),
    ):
        with pytest.raises(BadInput):
            await attempt()
    assert await place.rows() == before


async def test_what_was_left_out_still_means_the_only_one(place, admin):
    permit = await place.servers.resolve(admin, None, channel_id=5, action=Action.VIEW)
    assert permit.server == place.castle
    assert await place.panels.find(admin, None) == place.panel


@given(text=st.text(max_size=12))
def test_text_is_blank_or_can_be_seen(text):
    seen = [char for char in text if not is_blank(char)]
    assert is_blank(text) is not bool(seen)
    if is_blank(text):
        assert not is_one_line(text)


@given(text=blanks)
def test_the_refusal_names_the_option(text):
    with pytest.raises(BadInput, match=r"`server` is blank.*leave that option out"):
        refuse_blank("server", text)
    refuse_blank("server", None)
    refuse_blank("server", text + "x")


@pytest.mark.parametrize("unfit", ["a\u202eb", "a\nb", "a\x1bb"])
async def test_what_is_refused_for_its_characters_is_told_of_them_and_not_only_of_its_length(place, admin, unfit):
    connect = {"url": "https://panel.example", "key": "ptlc_" + "k" * 43}
    for attempt in (
        lambda: place.servers.edit(admin, place.castle, name=unfit, say_template=None),
        lambda: place.servers.edit(admin, place.castle, name=None, say_template=f"say {unfit} {{message}}"),
        lambda: place.panels.connect(admin, **connect, label=unfit),
        lambda: parse_patterns(unfit),
    ):
        with pytest.raises(BadInput, match="control characters"):
            await attempt()
