"""Panels behind proxies, and what people paste: on real sockets, with the whole bot."""

import pytest

from sandbox.panel import Fault, Profile, faults


@pytest.mark.parametrize("profile", [Profile.PELICAN])
async def test_what_is_pasted_is_meant_or_told_apart(world, profile):
    """A key as label, a node's address, a page of the panel, a key as it stands in a header."""
    castle = world.new_server("Paper Survival")

    async def connect(**fields):
        form = await world.slash(world.admin, "panel connect")
        reply = await form.submit(**{"url": world.panel.url, "api_key": world.key, "label": ""} | fields)
        return await reply.answered()

    refused = await connect(label=world.key)
    assert "`label` holds an API key" in refused.text
    again = await refused.click("Try again")
    assert world.key not in str(again.interaction.modal)
    assert "address of a node" in (await connect(url=castle.node.url)).text
    assert "too short" in (await connect(api_key=world.key[:16])).text
    connected = await connect(url=f"{world.panel.url}/profile?tab=-api-keys-tab", api_key=f'"Bearer {world.key}"')
    assert "**Connected.**" in connected.text
    linked = await world.slash(world.admin, "server link", server=f"{world.panel.url}/server/{castle.uuid[:8]}/console")
    assert "Paper Survival" in linked.text
    said = await world.slash(world.admin, "say", message=f"my key is {world.key}")
    assert said.ephemeral and "holds an API key" in said.text
    assert world.panel.commands_received(castle) == []


async def test_a_signal_answered_by_nothing_of_whatever_type_was_carried_out(world):
    (castle,) = await world.set_up("Paper Survival", relay=False, boot_seconds=0.5)
    world.panel.faults.add(Fault(faults.Mislabel(), method="POST", path="/power$"))
    started = await world.slash(world.helper, "start")
    await world.says(started, "is up")
    assert world.panel.signals_received(castle) == ["start"]


async def test_a_proxy_that_does_not_reach_the_panel_is_named(world):
    await world.set_up("Paper Survival", relay=False)
    for proxy in faults.UNAVAILABLE:
        fault = world.panel.faults.add(Fault(faults.unavailable(proxy), path="/api/client", times=None))
        asked = await world.slash(world.helper, "start")
        await world.says(asked, "cannot reach it")
        assert "maintenance" not in asked.text
        world.panel.faults.remove(fault)
