"""The client's operations against a panel scripted answer by answer."""

import asyncio

import pytest

from bot.errors import (
    BadInput,
    KeyRefused,
    NodeUnreachable,
    NotAPanel,
    NotSupported,
    PanelBroken,
    PanelUnreachable,
    ServerNotFound,
    ServerOffline,
)
from bot.panel.models import PanelIdentity
from bot.terms import PanelKind, PowerState, Signal

from .conftest import allowed

ONE, PEL, OLD = PanelKind.PTERODACTYL, PanelKind.PELICAN, PanelKind.PTERODACTYL_0_7
VERSIONS = [("ptero-1.11", ONE), ("ptero-1.12.1", ONE), ("pelican", PEL), ("ptero-0.7", OLD)]


def serve_account(panel, recorded, version):
    if version != "ptero-0.7":
        panel.on("/api/client/account", recorded(version, "account"))
        panel.on("/api/client/permissions", recorded(version, "permissions"))


@pytest.mark.parametrize("servers", ["list_page1", "list_empty"])
@pytest.mark.parametrize(("version", "kind"), VERSIONS)
async def test_the_kind_is_recognised_with_and_without_servers(panel, client_for, recorded, version, kind, servers):
    panel.on("/api/client", recorded(version, servers))
    serve_account(panel, recorded, version)
    client = client_for(None)
    name = None if kind is OLD else "cordbot"
    assert await client.recognise() == PanelIdentity(panel.url, kind, name, is_admin=kind is PEL)
    assert client.kind is kind


@pytest.mark.parametrize(("version", "kind"), VERSIONS)
async def test_every_page_of_the_list_is_read(panel, client_for, kit, recorded, version, kind):
    panel.on("/api/client", recorded(version, "list_page1"), recorded(version, "list_page2"))
    servers = (await client_for(kind).list_servers()).servers
    second = "serv_boos6zekcfgdpno6shz2a3d6fa" if version == "ptero-1.12.1" else "0b9d2f64"
    assert [server.identifier for server in servers] == ["a1c4e7f0", second]
    pages = [one.query for one in panel.seen]
    assert [query["page"] for query in pages] == ["1", "2"]
    assert all(("per_page" in query) is (kind is not OLD) for query in pages)


async def test_overlapping_pages_give_each_server_once(panel, client, recorded):
    panel.on("/api/client", recorded("ptero-1.11", "list_page1"), recorded("ptero-1.11", "list_page1"))
    assert len((await client.list_servers()).servers) == 1
    assert len(panel.seen) == 2


async def test_one_bad_server_does_not_hide_the_others(panel, client, recorded, caplog):
    answer = recorded("ptero-1.11", "list_page1")
    answer["meta"]["pagination"]["total_pages"] = "many"
    answer["data"][:0] = [None, {"attributes": None}, {"attributes": {"identifier": "../../account"}}]
    panel.on("/api/client", answer)
    assert [server.name for server in (await client.list_servers()).servers] == ["Creative Hub"]
    [told] = [record.getMessage() for record in caplog.records if "left out" in record.getMessage()]
    assert told == f"3 entries in the server list of {panel.url} cannot be used: left out"


async def test_an_admin_who_owns_nothing_gets_all_servers(panel, client, recorded):
    only = recorded("ptero-1.11", "list_page2")
    only["meta"]["pagination"]["total_pages"] = 1
    panel.on("/api/client", recorded("ptero-1.11", "list_empty"), only)
    assert [server.name for server in (await client.list_servers()).servers] == ["Lobby"]
    assert [one.query.get("type") for one in panel.seen] == [None, "admin-all"]


async def test_requests_look_as_panels_want_them(panel, client, kit, recorded):
    """JSON accepted, an own User-Agent, the key; and nothing that would make the panel think of a browser."""
    panel.on(kit.server, kit.reply(200, recorded("ptero-1.11", "server"), headers={"Set-Cookie": "session=1"}))
    panel.on(f"{kit.server}/power", kit.reply(204), method="POST")
    await client.server("a1c4e7f0")
    await client.server("a1c4e7f0")
    await client.send_signal("a1c4e7f0", Signal.RESTART, confirm=allowed)
    for seen in panel.seen:
        assert seen.headers["Accept"] == "application/json"
        assert seen.headers["User-Agent"].startswith("Wingcord/")
        assert seen.headers["Authorization"] == f"Bearer {kit.key}"
        assert not {"Cookie", "Origin", "Referer"} & set(seen.headers)
        assert not seen.path.endswith("/")
    assert panel.seen[-1].body == '{"signal": "restart"}'
    assert panel.seen[-1].headers["Content-Type"] == "application/json"


async def test_usage_is_asked_by_the_kinds_own_route(panel, client_for, kit, recorded):
    panel.on(f"{kit.server}/resources", recorded("ptero-1.11", "resources_running"))
    panel.on(f"{kit.server}/utilization", recorded("ptero-0.7", "utilization_on"))
    assert (await client_for(ONE).resources("a1c4e7f0")).cpu_percent == 71.25
    assert (await client_for(OLD).resources("a1c4e7f0")).cpu_percent == 12.5


async def test_an_unknown_kind_is_recognised_on_first_need(panel, client_for, kit, recorded):
    panel.on("/api/client", recorded("ptero-0.7", "list_empty"))
    panel.on(f"{kit.server}/utilization", recorded("ptero-0.7", "utilization_on"))
    client = client_for(None)
    assert (await client.resources("a1c4e7f0")).state is PowerState.RUNNING
    assert client.kind is OLD


async def test_a_command_goes_out_as_typed(panel, client, kit):
    panel.on(f"{kit.server}/command", kit.reply(204), method="POST")
    await client.send_command("a1c4e7f0", "  say grüße 👋🏽 <@1>  ", confirm=allowed)
    assert panel.seen[0].headers["Content-Type"] == "application/json"
    assert panel.seen[0].body == '{"command": "say gr\\u00fc\\u00dfe \\ud83d\\udc4b\\ud83c\\udffd <@1>"}'


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("", "empty"),
        (" \t ", "empty"),
        ("\n", "empty"),
        ("say a\nstop", "one line"),
        ("say a\rstop", "one line"),
        ("say a\x1b[2J", "one line"),
        ("say a\u2028stop", "one line"),
        ("say a\x85stop", "one line"),
        ("say a\0", "one line"),
        ("stop\n", "one line"),
        ("say \ud800", "one line"),
        ("x" * 2001, "Too long"),
    ],
)
async def test_what_is_not_one_line_never_reaches_the_panel(panel, client, command, words):
    with pytest.raises(BadInput, match=words):
        await client.send_command("a1c4e7f0", command, confirm=allowed)
    assert not panel.seen


@pytest.mark.parametrize("identifier", ["", "../../account", "a1c4e7f0/power", "a?b", "a%2fb", "a b", "ä"])
async def test_an_identifier_cannot_lead_to_another_path(panel, client, identifier):
    for doing in (
        client.server(identifier),
        client.resources(identifier),
        client.send_command(identifier, "list", confirm=allowed),
        client.send_signal(identifier, Signal.KILL, confirm=allowed),
        client.console_ticket(identifier),
    ):
        with pytest.raises(ServerNotFound, match="identifier"):
            await doing
    assert not panel.seen


@pytest.mark.parametrize("key", ["", "short", "two words here", "line\nbreak-in-a-key", "schlüssel-mit-umlaut"])
async def test_what_cannot_be_a_key_is_refused_before_it_is_sent(panel, pools, key):
    with pytest.raises(KeyRefused, match="no API key") as caught:
        pools().client(url=panel.url, key=key)
    assert not key or key not in str(caught.value)


class TestPelicanCommands:
    """Pelican answers 204 to a command for a server that is off, and drops it: the state is looked at first."""

    async def test_a_running_server_gets_its_command(self, panel, client_for, kit, recorded):
        panel.on(f"{kit.server}/resources", recorded("pelican", "resources_running"))
        panel.on(f"{kit.server}/command", kit.reply(204), method="POST")
        await client_for(PEL).send_command("a1c4e7f0", "list", confirm=allowed)
        assert len(panel.asked(method="POST")) == 1

    @pytest.mark.parametrize(
        ("usage", "expected"), [("resources_offline", ServerOffline), ("resources_missing", NodeUnreachable)]
    )
    async def test_nothing_is_sent_where_it_would_be_dropped(
        self, panel, client_for, kit, recorded, refusal, usage, expected
    ):
        panel.on(f"{kit.server}/resources", recorded("pelican", usage))
        assert type(await refusal(client_for(PEL).send_command("a1c4e7f0", "list", confirm=allowed))) is expected
        assert not panel.asked(method="POST")

    async def test_a_state_known_from_the_socket_saves_the_question(self, panel, client_for, kit, refusal):
        panel.on(f"{kit.server}/command", kit.reply(204), method="POST")
        client = client_for(PEL)
        await client.send_command("a1c4e7f0", "list", known_state=PowerState.STARTING, confirm=allowed)
        offline = client.send_command("a1c4e7f0", "list", known_state=PowerState.OFFLINE, confirm=allowed)
        assert type(await refusal(offline)) is ServerOffline
        assert [one.method for one in panel.seen] == ["POST"]


async def test_0_7_has_no_console(panel, client_for, refusal):
    assert type(await refusal(client_for(OLD).console_ticket("a1c4e7f0"))) is NotSupported
    assert not panel.seen


async def test_a_failing_optional_route_does_not_hinder_recognition(panel, client_for, kit, recorded):
    panel.on("/api/client", recorded("ptero-1.11", "list_page1"))
    panel.on("/api/client/account", kit.reply(500, kit.error(500, "QueryException")))
    identity = await client_for(None).recognise()
    assert (identity.kind, identity.username) == (ONE, None)


async def test_a_panel_that_fails_at_permissions_is_not_mistaken_for_0_7(panel, client_for, kit, recorded, refusal):
    panel.on("/api/client", recorded("ptero-1.11", "list_empty"))
    panel.on("/api/client/permissions", kit.reply(500, kit.error(500, "QueryException")))
    assert type(await refusal(client_for(None).recognise())) is PanelBroken


async def test_json_that_is_no_list_is_no_panel(panel, client_for, refusal):
    panel.on("/api/client", {"data": {"x": 1}})
    assert type(await refusal(client_for(None).recognise())) is NotAPanel


class TestOneFlight:
    """Identical reads in flight are one request."""

    async def test_ten_readers_cost_one_request(self, panel, client, kit, recorded):
        gate = asyncio.Event()
        panel.on(kit.server, kit.reply(200, recorded("ptero-1.11", "server"), after=gate))
        readers = [asyncio.create_task(client.server("a1c4e7f0")) for _ in range(10)]
        await panel.wait_until(lambda: len(panel.seen) == 1)
        gate.set()
        assert len({server.name for server in await asyncio.gather(*readers)}) == 1
        assert len(panel.seen) == 1
        await client.server("a1c4e7f0")
        assert len(panel.seen) == 2

    async def test_a_reader_who_gives_up_does_not_disturb_the_others(self, panel, client, kit, recorded):
        gate = asyncio.Event()
        panel.on(kit.server, kit.reply(200, recorded("ptero-1.11", "server"), after=gate))
        first, second = (asyncio.create_task(client.server("a1c4e7f0")) for _ in range(2))
        await panel.wait_until(lambda: len(panel.seen) == 1)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        gate.set()
        assert (await second).name == "Creative Hub"
        assert len(panel.seen) == 1

    async def test_a_read_that_nobody_waits_for_any_more_ends(self, panel, client, kit, recorded):
        gate = asyncio.Event()
        panel.on(
            kit.server, kit.reply(200, recorded("ptero-1.11", "server"), after=gate), recorded("ptero-1.11", "server")
        )
        only = asyncio.create_task(client.server("a1c4e7f0"))
        await panel.wait_until(lambda: len(panel.seen) == 1)
        only.cancel()
        with pytest.raises(asyncio.CancelledError):
            await only
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "panel read" and not task.cancelling()]
        assert (await client.server("a1c4e7f0")).name == "Creative Hub"
        gate.set()

    async def test_every_reader_hears_of_the_failure(self, panel, client, kit, refusal):
        gate = asyncio.Event()
        panel.on(kit.server, kit.reply(401, kit.error(401, "AuthenticationException"), after=gate))
        readers = [asyncio.create_task(client.server("a1c4e7f0")) for _ in range(3)]
        await panel.wait_until(lambda: len(panel.seen) == 1)
        gate.set()
        for reader in readers:
            assert type(await refusal(reader)) is KeyRefused

    async def test_closing_ends_reads_with_a_sentence(self, panel, pools, kit, refusal):
        gate = asyncio.Event()
        panel.on(kit.server, kit.reply(200, {}, after=gate))
        pool = pools()
        reader = asyncio.create_task(pool.client(url=panel.url, key=kit.key, kind=ONE).server("a1c4e7f0"))
        await panel.wait_until(lambda: len(panel.seen) == 1)
        await pool.close()
        assert type(await refusal(reader)) is PanelUnreachable
        gate.set()

    async def test_what_is_asked_of_a_client_after_the_end_is_refused_with_a_sentence(self, panel, pools, kit, refusal):
        """A command may have waited for its console while the bot went down; it must not fail as an incident."""
        pool = pools()
        client = pool.client(url=panel.url, key=kit.key, kind=ONE)
        await pool.close()
        for doing in (client.send_signal("a1c4e7f0", Signal.START, confirm=allowed), client.server("a1c4e7f0")):
            assert "going offline" in str(await refusal(doing))
        assert not panel.seen


async def test_actions_are_never_joined(panel, client, kit):
    """Two people who press start at once are two requests: what the second one hears must be about his own."""
    panel.on(f"{kit.server}/power", kit.reply(204), method="POST")
    await asyncio.gather(*(client.send_signal("a1c4e7f0", Signal.START, confirm=allowed) for _ in range(2)))
    assert len(panel.seen) == 2


def test_a_client_does_not_show_its_key(kit):
    async def main() -> None:
        from bot.panel.pool import PanelPool

        pool = PanelPool(allow_private=True)
        client = pool.client(url="http://127.0.0.1:1", key=kit.key)
        texts = [repr(client), str(client), repr(client._requests), repr(client._requests._transport), repr(pool)]
        assert not any(kit.key[5:] in text for text in texts)
        await pool.close()

    asyncio.run(main())


async def test_a_pool_gives_one_client_per_address_and_key(pools, kit):
    pool = pools()
    first = pool.client(url="http://127.0.0.1:1", key=kit.key)
    assert pool.client(url="http://127.0.0.1:1", key=kit.key, kind=ONE) is first
    assert first.kind is ONE
    assert pool.client(url="http://127.0.0.1:2", key=kit.key) is not first
    assert pool.client(url="http://127.0.0.1:1", key="ptlc_AnotherKey") is not first
    pool.forget(url="http://127.0.0.1:1", key=kit.key)
    pool.forget(url="http://127.0.0.1:1", key=kit.key)
    assert pool.client(url="http://127.0.0.1:1", key=kit.key) is not first
