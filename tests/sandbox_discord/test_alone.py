"""The stand-in as a program of its own, driven over HTTP."""

import asyncio
import signal
import sys
from pathlib import Path

import aiohttp
import discord
from aiohttp import web

from sandbox.discord import DiscordStandIn
from sandbox.discord.control import Control

ROOT = Path(__file__).parents[2]


async def test_it_starts_alone_prints_what_a_bot_needs_and_ends_cleanly():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox.discord", "--port", "0", cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        settings = {}
        for _ in range(3):
            line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
            name, _, value = line.strip().partition("=")
            settings[name] = value
        base = settings["DISCORD_API_URL"].removesuffix("/api/v10")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{base}/sandbox/world") as response:
                world = await response.json()
            headers = {"Authorization": f"Bot {settings['DISCORD_TOKEN']}"}
            async with session.get(f"{settings['DISCORD_API_URL']}/gateway/bot", headers=headers) as response:
                assert (await response.json())["url"] == settings["DISCORD_GATEWAY_URL"]
        assert world["guilds"][0]["channels"] == ["general", "console", "staff"]
    finally:
        process.send_signal(signal.SIGINT)
        output, errors = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, output, errors) == (0, b"", b"")


async def test_alone_it_says_on_standard_error_why_it_turns_a_bot_away():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox.discord", "--port", "0", cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        lines = [(await asyncio.wait_for(process.stdout.readline(), 20)).decode().strip() for _ in range(3)]
        gateway = lines[1].removeprefix("DISCORD_GATEWAY_URL=").replace("ws://", "http://")
        async with aiohttp.ClientSession() as session, session.get(gateway, params={"compress": "snappy"}) as answer:
            assert answer.status == 400
        told = (await asyncio.wait_for(process.stderr.readline(), 20)).decode()
    finally:
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.communicate(), 20)
    assert "refused" in told and "compress=snappy" in told


async def test_everything_a_person_does_can_be_done_with_json(connect):
    def setup(tree):
        class View(discord.ui.View):
            @discord.ui.button(label="Go")
            async def go(self, interaction, button):
                await interaction.response.edit_message(content="went")

        @tree.command(description="d")
        async def give(interaction: discord.Interaction, role: discord.Role):
            await interaction.response.send_message(role.name, view=View())

        @tree.command(description="d")
        async def form(interaction: discord.Interaction):
            modal = discord.ui.Modal(title="t", custom_id="m")
            item = discord.ui.TextInput(label="Address", custom_id="url")
            modal.add_item(item)
            modal.on_submit = lambda i: i.response.send_message(item.value, ephemeral=True)
            await interaction.response.send_modal(modal)

    standin = DiscordStandIn()
    guild = standin.add_guild("Castle")
    guild.add_role("helper")
    guild.add_member("Hank")
    guild.add_channel("console")
    app = web.Application()
    Control(standin).add_to(app)
    await standin.start(app)
    who = {"member": "Hank", "channel": "console"}
    try:
        async with connect(standin, setup), aiohttp.ClientSession(standin.api_url.removesuffix("api/v10")) as session:

            async def ask(path, **body):
                async with session.request(
                    "POST" if body else "GET", f"/sandbox/{path}", json=body or None
                ) as response:
                    return response.status, await response.json()

            _, reply = await ask("slash", **who, command="give", options={"role": "helper"})
            assert reply["text"] == "helper"
            _, pressed = await ask("click", reply=reply["reply"], which="Go")
            assert pressed["text"] == "went"
            assert (await ask(f"replies/{reply['reply']}"))[1]["text"] == "went"
            _, form = await ask("slash", **who, command="form")
            assert form["modal"]["title"] == "t"
            _, sent = await ask("submit", reply=form["reply"], values={"url": "http://x"})
            assert (sent["text"], sent["ephemeral"]) == ("http://x", True)
            assert (await ask("slash", **who, command="nothing"))[0] == 400
            await ask("say", **who, content="hi")
            seen = (await ask("messages?channel=console&member=Hank"))[1]
            assert [message["content"] for message in seen] == ["went", "http://x", "hi"]
            await ask("gateway", do="drop")
            await standin.wait_until(lambda: standin.gateway.resumes == 1)
            await ask("fault", kind="forbidden", route="callback")
            assert (await ask("commands?member=Hank"))[1][0]["name"] == "give"
            assert (await ask("requests?last=1"))[1][0]["status"] == 200
    finally:
        await standin.close()
