"""The client against the stand-in panel of every profile, end to end on real sockets."""

from datetime import UTC, datetime

import pytest

from bot.errors import (
    BusyReason,
    KeyRefused,
    NodeUnreachable,
    NotAPanel,
    NotSupported,
    OutcomeUnknown,
    PanelBroken,
    PanelUnreachable,
    PermissionMissing,
    RateLimited,
    ServerBusy,
    ServerNotFound,
    ServerOffline,
)
from bot.terms import PanelKind, PowerState, Signal
from sandbox.panel import Fault, PanelStandIn, Profile, faults

from .conftest import allowed

KINDS = {
    Profile.PTERO_1_11: PanelKind.PTERODACTYL,
    Profile.PTERO_1_12: PanelKind.PTERODACTYL,
    Profile.PELICAN: PanelKind.PELICAN,
    Profile.PTERO_0_7: PanelKind.PTERODACTYL_0_7,
}
EVERY = pytest.mark.parametrize("profile", list(Profile))
MODERN = pytest.mark.parametrize("profile", [profile for profile in Profile if profile is not Profile.PTERO_0_7])


class World:
    """One stand-in with an owner, a running and an idle server, and a client for the owner's key."""

    def __init__(self, profile, pools, *, time_scale=0.01):
        # Time runs a hundred times as fast: the panel's 20-second cache lasts 0.2 s.
        self.panel = PanelStandIn(profile, time_scale=time_scale)
        self.owner = self.panel.add_user("owner")
        self.on = self.panel.add_server("Survival", owner=self.owner, running=True, boot_seconds=0.1)
        self.off = self.panel.add_server("Creative", owner=self.owner, memory_mib=0, boot_seconds=0.1)
        self.key = self.panel.add_key(self.owner)
        self.kind = KINDS[profile]
        self.pool = pools()

    def client(self, key=None, kind=None):
        return self.pool.client(url=self.panel.url, key=key or self.key, kind=kind or self.kind)


@pytest.fixture
async def world(profile, pools):
    world = World(profile, pools)
    async with world.panel:
        yield world
        await world.pool.close()


@EVERY
async def test_the_kind_and_user_are_recognised(world, profile):
    client = world.pool.client(url=world.panel.url, key=world.key)
    identity = await client.recognise()
    assert identity.kind is world.kind
    assert identity.username == (None if profile is Profile.PTERO_0_7 else "owner")
    newcomer = world.panel.add_key(world.panel.add_user("newcomer"))
    assert (await world.pool.client(url=world.panel.url, key=newcomer).recognise()).kind is world.kind


@EVERY
async def test_servers_are_listed_over_pages_and_described(world):
    for number in range(120):
        world.panel.add_server(f"more {number}", owner=world.owner)
    if world.kind is PanelKind.PTERODACTYL_0_7:
        assert len((await world.client().list_servers()).servers) == 122
        assert len(world.panel.requests) == 9
    else:
        assert len((await world.client().list_servers()).servers) == 122
        assert len(world.panel.requests) == 2
    server = await world.client().server(world.on.identifier)
    assert (server.name, server.uuid, server.busy) == ("Survival", world.on.uuid, None)
    assert server.limits.memory_bytes == 4096 * 2**20
    assert (await world.client().server(world.off.identifier)).limits.memory_bytes is None


@EVERY
async def test_usage_tells_the_state(world):
    assert (await world.client().resources(world.on.identifier)).state is PowerState.RUNNING
    assert (await world.client().resources(world.off.identifier)).state is PowerState.OFFLINE


@EVERY
async def test_a_server_is_started_and_commanded(world):
    client = world.client()
    await client.send_signal(world.off.identifier, Signal.START, confirm=allowed)
    await world.panel.wait_for(lambda: world.off.state == "running")
    await client.send_command(world.off.identifier, "say hello", known_state=PowerState.RUNNING, confirm=allowed)
    await world.panel.wait_for(lambda: world.panel.commands_received(world.off) == ["say hello"])
    assert world.panel.signals_received(world.off) == ["start"]


@EVERY
async def test_a_command_to_an_idle_server_is_refused(world, refusal):
    assert (
        type(await refusal(world.client().send_command(world.off.identifier, "list", confirm=allowed))) is ServerOffline
    )
    assert not world.panel.commands_received(world.off)


@MODERN
async def test_a_console_ticket_names_the_node_and_lasts(world):
    ticket = await world.client().console_ticket(world.on.identifier)
    assert ticket.socket_url.endswith(f"/api/servers/{world.on.uuid}/ws")
    assert ticket.expires_at > datetime.now(UTC)
    assert ticket.issuer == world.panel.url


@pytest.mark.parametrize("profile", [Profile.PTERO_0_7])
async def test_0_7_gives_no_console(world, refusal):
    assert type(await refusal(world.client().console_ticket(world.on.identifier))) is NotSupported


@EVERY
async def test_keys_that_do_not_work(world, refusal):
    application = world.panel.add_key(world.owner, application=True)
    elsewhere = world.panel.add_key(world.owner, allowed_ips=("203.0.113.77",))
    for key in (application, elsewhere, "ptlc_InventedByNobody0000000000000000000000000000"):
        assert type(await refusal(world.client(key=key).recognise())) is KeyRefused
    await world.client().list_servers()
    world.panel.revoke_key(world.key)
    assert type(await refusal(world.client().list_servers())) is KeyRefused


@EVERY
async def test_a_server_that_is_gone_or_foreign_is_not_found(world, refusal):
    stranger = world.client(key=world.panel.add_key(world.panel.add_user("stranger")))
    assert type(await refusal(stranger.server(world.on.identifier))) is ServerNotFound
    world.panel.delete_server(world.on)
    for doing in (world.client().server(world.on.identifier), world.client().resources(world.on.identifier)):
        assert type(await refusal(doing)) is ServerNotFound


@EVERY
async def test_a_subuser_is_told_which_permission_is_missing(world, refusal):
    helper = world.panel.add_user("helper")
    world.panel.add_subuser(world.on, helper, ["control.start"])
    client = world.client(key=world.panel.add_key(helper))
    await client.send_signal(world.on.identifier, Signal.START, confirm=allowed)
    caught = await refusal(client.send_signal(world.on.identifier, Signal.RESTART, confirm=allowed))
    assert type(caught) is PermissionMissing
    assert ("power-restart" if world.kind is PanelKind.PTERODACTYL_0_7 else "control.restart") in str(caught)
    command = client.send_command(world.on.identifier, "list", known_state=PowerState.RUNNING, confirm=allowed)
    assert type(await refusal(command)) is PermissionMissing
    assert not world.panel.commands_received(world.on)


@MODERN
async def test_a_suspended_server_is_busy_but_can_be_looked_at(world, refusal):
    world.on.suspend()
    client = world.client()
    assert (await client.server(world.on.identifier)).busy is BusyReason.SUSPENDED
    for doing in (
        client.resources(world.on.identifier),
        client.send_signal(world.on.identifier, Signal.START, confirm=allowed),
        client.console_ticket(world.on.identifier),
    ):
        caught = await refusal(doing)
        assert isinstance(caught, ServerBusy)
        assert caught.reason is BusyReason.SUSPENDED


@EVERY
async def test_a_node_that_is_down_is_not_taken_for_a_panel_that_is_down(world, refusal):
    world.panel.node.down()
    client = world.client()
    assert (await client.server(world.on.identifier)).name == "Survival"
    assert (
        type(await refusal(client.send_signal(world.on.identifier, Signal.START, confirm=allowed))) is NodeUnreachable
    )
    assert type(await refusal(client.send_command(world.on.identifier, "list", confirm=allowed))) is NodeUnreachable
    assert type(await refusal(client.resources(world.on.identifier))) is NodeUnreachable


@EVERY
async def test_a_panel_that_is_down(world, refusal):
    world.panel.down()
    assert isinstance(await refusal(world.client().list_servers()), PanelUnreachable)
    await world.panel.up()
    assert len((await world.client().list_servers()).servers) == 2


@EVERY
@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        (faults.cloudflare(), NotAPanel),
        (faults.gateway(502), PanelUnreachable),
        (faults.gateway(504), PanelUnreachable),
        (faults.redirect(), NotAPanel),
        (faults.login_page(), NotAPanel),
        (faults.front_page(), NotAPanel),
        (faults.not_json(), NotAPanel),
        (faults.debug_error(), PanelBroken),
        (faults.Truncate(), PanelBroken),
        (faults.Empty(), PanelBroken),
        (faults.Reset(), PanelUnreachable),
    ],
    ids=str,
)
async def test_what_comes_between_bot_and_panel(world, refusal, effect, expected):
    fault = world.panel.faults.add(Fault(effect, times=None))
    assert isinstance(await refusal(world.client().list_servers()), expected)
    assert isinstance(await refusal(world.client().server(world.on.identifier)), expected)
    world.panel.faults.remove(fault)
    assert len((await world.client().list_servers()).servers) == 2


@EVERY
async def test_a_lost_answer_to_an_action_is_an_unknown_outcome_and_nothing_is_repeated(world, refusal):
    world.panel.faults.add(Fault(faults.Reset(after_action=True), method="POST", times=None))
    caught = await refusal(world.client().send_signal(world.on.identifier, Signal.STOP, confirm=allowed))
    assert type(caught) is OutcomeUnknown
    await world.panel.wait_for(lambda: world.on.state == "offline")
    assert world.panel.signals_received(world.on) == ["stop"]


@MODERN
async def test_missing_attributes_do_no_harm(world):
    everything = ("name", "description", "node", "limits", "relationships", "status", "is_suspended", "sftp_details")
    world.panel.faults.add(Fault(faults.Omit(everything), times=None))
    servers = (await world.client().list_servers()).servers
    assert {server.name for server in servers} == {world.on.identifier, world.off.identifier}


@pytest.mark.parametrize("profile", [Profile.PTERO_1_12, Profile.PELICAN])
async def test_the_sixth_ticket_in_a_minute_is_refused_and_power_goes_on(profile, pools, refusal):
    world = World(profile, pools, time_scale=1)
    async with world.panel:
        client = world.client()
        for _ in range(5):
            await client.console_ticket(world.on.identifier)
        caught = await refusal(client.console_ticket(world.on.identifier))
        assert type(caught) is RateLimited
        assert 0 < caught.retry_after <= 60
        await client.send_signal(world.on.identifier, Signal.STOP, confirm=allowed)
        await client.console_ticket(world.off.identifier)
        await world.pool.close()


@MODERN
async def test_an_admin_without_servers_may_link_any(world):
    admin = world.panel.add_key(world.panel.add_user("root", root_admin=True))
    client = world.client(key=admin)
    assert {server.name for server in (await client.list_servers()).servers} == {"Survival", "Creative"}
    assert (await client.recognise()).is_admin
