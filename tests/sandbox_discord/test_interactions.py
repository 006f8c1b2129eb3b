"""The rules of answering: in time, once, in the right way, and who sees the answer."""

import asyncio

import discord
import pytest
from discord import app_commands

from sandbox.discord import ClientRefused, DiscordStandIn


class KillView(discord.ui.View):
    @discord.ui.button(label="Kill it", style=discord.ButtonStyle.danger, custom_id="kill")
    async def kill(self, interaction, button):
        await interaction.response.edit_message(content=f"killed by {interaction.user.display_name}", view=None)

    @discord.ui.button(label="Wait", custom_id="wait")
    async def wait_for_it(self, interaction, button):
        await interaction.response.defer()
        await interaction.edit_original_response(content="waited")
        await interaction.followup.send("just for you", ephemeral=True)

    @discord.ui.button(label="Form", custom_id="form")
    async def form(self, interaction, button):
        await interaction.response.send_modal(Connect())

    @discord.ui.button(label="Off", disabled=True, custom_id="off")
    async def off(self, interaction, button):
        raise AssertionError

    @discord.ui.select(
        placeholder="Servers",
        options=[discord.SelectOption(label="Paper", value="1a"), discord.SelectOption(label="Vanilla", value="2b")],
        max_values=2,
        custom_id="servers",
    )
    async def choose(self, interaction, select):
        await interaction.response.send_message(" ".join(select.values))


class Connect(discord.ui.Modal, title="Connect a panel"):
    url = discord.ui.TextInput(label="Address", custom_id="url", max_length=200)
    api_key = discord.ui.TextInput(label="API key", custom_id="api_key", min_length=3)
    label = discord.ui.Label(text="Label", component=discord.ui.TextInput(custom_id="label", required=False))

    async def on_submit(self, interaction):
        text = f"{self.url.value} {len(self.api_key.value)} {self.label.component.value!r}"
        await interaction.response.send_message(text, ephemeral=True)


def commands(tree):  # noqa: C901 - many commands, each of two lines
    @tree.command(description="Never answers")
    async def mute(interaction: discord.Interaction):
        pass

    @tree.command(description="Answers too late")
    async def late(interaction: discord.Interaction):
        await asyncio.sleep(0.35)
        await interaction.response.send_message("sorry")

    @tree.command(description="Answers twice, behind the library's back")
    async def twice(interaction: discord.Interaction):
        await interaction.response.send_message("one")
        interaction.response._response_type = None
        await interaction.response.send_message("two")

    @tree.command(description="Has buttons")
    async def buttons(interaction: discord.Interaction):
        await interaction.response.send_message("sure?", view=KillView())

    @tree.command(description="Opens a form")
    async def connect(interaction: discord.Interaction):
        await interaction.response.send_modal(Connect())

    @tree.command(description="Thinks in private")
    async def think(interaction: discord.Interaction):
        await interaction.response.defer(ephemeral=True)
        await asyncio.sleep(0.02)
        await interaction.followup.send("done")  # takes the place and the privacy of the deferred answer
        await interaction.followup.send("and public")

    @tree.command(description="Follows up without answering")
    async def eager(interaction: discord.Interaction):
        await interaction.followup.send("too early")

    @tree.command(description="Follows up too late")
    async def slow(interaction: discord.Interaction):
        await interaction.response.defer()
        await asyncio.sleep(0.5)
        await interaction.followup.send("too late")

    @tree.command(description="Deletes its answer")
    async def shy(interaction: discord.Interaction):
        await interaction.response.send_message("gone soon")
        await interaction.delete_original_response()
        await interaction.edit_original_response(content="x")

    @tree.command(description="A form after a defer")
    async def badform(interaction: discord.Interaction):
        await interaction.response.send_modal(discord.ui.Modal(title="x" * 46))

    @tree.command(description="Suggests")
    async def start(interaction: discord.Interaction, server: str, force: bool = False):
        await interaction.response.send_message(server)

    @start.autocomplete("server")
    async def suggest(interaction: discord.Interaction, current: str):
        if current == "many":
            return [app_commands.Choice(name=str(n), value=str(n)) for n in range(26)]
        if current == "long":
            return [app_commands.Choice(name="x" * 101, value="x")]
        return [app_commands.Choice(name=f"{current}!", value=str(interaction.namespace.force))]


@pytest.fixture
async def quick():
    """A stand-in with a deadline of 0.3 s and tokens of 0.4 s."""
    async with DiscordStandIn(interaction_deadline=0.3, token_lifetime=0.4) as standin:
        standin.castle = standin.add_guild("Castle")
        standin.console = standin.castle.add_channel("console")
        standin.hank = standin.castle.add_member("Hank")
        yield standin


async def error(standin, bot, status, code):
    await standin.wait_until(lambda: bool(bot.errors))
    assert (bot.errors[0].status, bot.errors[0].code) == (status, code)


@pytest.mark.parametrize(
    ("command", "status", "code"),
    [
        ("late", 404, 10062),
        ("twice", 400, 40060),
        ("eager", 404, 10015),
        ("slow", 401, 50027),
        ("shy", 404, 10008),
        ("badform", 400, 50035),
    ],
)
async def test_a_wrong_answer_is_refused_with_discords_code(quick, connect, command, status, code):
    async with connect(quick, commands) as bot:
        await quick.slash(quick.hank, quick.console, command)
        await error(quick, bot, status, code)


async def test_who_never_answers_leaves_the_application_did_not_respond(quick, connect):
    async with connect(quick, commands):
        reply = await quick.slash(quick.hank, quick.console, "mute")
        assert reply.failed
        assert reply.acknowledged_after is None
        assert reply.messages == []


async def test_a_bot_that_is_not_connected_does_not_respond_either(quick):
    quick.registry.upsert(None, {"name": "start", "description": "x"})
    assert (await quick.slash(quick.hank, quick.console, "start")).failed


async def test_the_first_followup_takes_the_place_and_the_privacy_of_a_deferred_answer(standin, castle, connect):
    async with connect(standin, commands):
        reply = await standin.slash(castle.helper, castle.console, "think")
        assert reply.deferred
        assert reply.thinking
        assert reply.text == ""
        await reply.wait_for(lambda r: len(r.messages) == 2)
        private, public = reply.messages
        assert (private.content, private.ephemeral) == ("done", True)
        assert (public.content, public.ephemeral) == ("and public", False)
        assert castle.console.text == "and public"


async def test_a_button_may_change_its_message(standin, castle, connect):
    async with connect(standin, commands):
        reply = await standin.slash(castle.helper, castle.console, "buttons")
        pressed = await reply.click("Kill it")
        assert pressed.text == reply.text == "killed by Hank"
        assert reply.components == []
        with pytest.raises(ClientRefused):
            await reply.click("Kill it")


async def test_another_member_may_press_a_public_button_and_gets_his_own_private_answer(standin, castle, connect):
    async with connect(standin, commands):
        reply = await standin.slash(castle.helper, castle.console, "buttons")
        pressed = await reply.click("wait", by=castle.owner)
        await pressed.wait_for(lambda r: "just for you" in r.text)
        assert pressed.messages[0].content == "waited"
        assert pressed.messages[1].ephemeral_to is castle.owner
        assert len(castle.console.messages_for(castle.helper)) == 1


async def test_disabled_and_unknown_buttons_cannot_be_pressed(standin, castle, connect):
    async with connect(standin, commands):
        reply = await standin.slash(castle.helper, castle.console, "buttons")
        for name in ("Off", "Nothing"):
            with pytest.raises(ClientRefused):
                await reply.click(name)


async def test_a_select_takes_values_or_labels(standin, castle, connect):
    async with connect(standin, commands):
        reply = await standin.slash(castle.helper, castle.console, "buttons")
        assert (await reply.select("servers", ["1a", "Vanilla"])).text == "1a 2b"
        for wrong in ([], ["1a", "2b", "1a"], ["3c"]):
            with pytest.raises(ClientRefused):
                await reply.select("Servers", wrong)


async def test_a_form_is_filled_by_id_or_label_and_checked_before_it_is_sent(standin, castle, connect):
    async with connect(standin, commands) as bot:
        reply = await standin.slash(castle.helper, castle.console, "connect")
        assert reply.modal.title == "Connect a panel"
        assert [item.label for item in reply.modal.inputs] == ["Address", "API key", "Label"]
        for wrong in (
            {"api_key": "abc"},
            {"url": "x", "api_key": "ab"},
            {"url": "x" * 201, "api_key": "abc"},
            {"url": "x", "api_key": "abc", "more": "x"},
        ):
            with pytest.raises(ClientRefused):
                await reply.submit(**wrong)
        sent = await reply.submit(url="http://panel", **{"API key": "ptlc_1"}, label="main")
        assert sent.text == "http://panel 6 'main'"
        assert sent.ephemeral
        assert not bot.errors


async def test_a_button_may_open_a_form_too(standin, castle, connect):
    async with connect(standin, commands):
        reply = await standin.slash(castle.helper, castle.console, "buttons")
        form = await reply.click("Form")
        assert (await form.submit(url="u", api_key="key")).text == "u 3 ''"


async def test_autocomplete_gives_choices_with_the_other_options_in_view(standin, castle, connect):
    async with connect(standin, commands):
        choices = await standin.autocomplete(
            castle.helper, castle.console, "start", option="server", typed="pap", force=True
        )
        assert choices == [{"name": "pap!", "value": "True"}]


@pytest.mark.parametrize("typed", ["many", "long"])
async def test_too_many_or_too_long_choices_are_refused(quick, connect, typed):
    async with connect(quick, commands):
        with pytest.raises(TimeoutError):
            await quick.autocomplete(quick.hank, quick.console, "start", option="server", typed=typed)
        refused = [record for record in quick.requests if record.route.endswith("/callback")]
        assert [record.status for record in refused] == [400]


async def test_interactions_carry_language_and_both_permissions(standin, castle, connect):
    seen = {}

    def setup(tree):
        @tree.command(description="Looks")
        async def look(interaction: discord.Interaction):
            seen.update(
                locale=str(interaction.locale),
                guild=str(interaction.guild_locale),
                manage=interaction.permissions.manage_guild,
                send=interaction.app_permissions.send_messages,
            )
            await interaction.response.send_message("x")

    castle.console.set_permissions(castle.guild.bot_role, deny=1 << 11)
    german = castle.guild.add_member("Greta", manage_guild=True, locale="de")
    async with connect(standin, setup):
        await standin.slash(german, castle.console, "look")
    assert seen == {"locale": "de", "guild": "en-US", "manage": True, "send": False}
