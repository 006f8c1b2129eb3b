"""Discord's limits, permissions and mention rules for messages, met by the real library."""

import io

import discord
import pytest

from sandbox.discord import Permission


async def refused(coroutine, status, code):
    with pytest.raises(discord.HTTPException) as caught:
        await coroutine
    assert (caught.value.status, caught.value.code) == (status, code)


@pytest.fixture
async def channel(standin, castle, connect):
    standin.limits.time_scale = 0.02
    async with connect(standin) as bot:
        yield bot.get_channel(castle.console.id)


@pytest.mark.parametrize(
    "message",
    [
        {"content": "x" * 2001},
        {"content": "😀" * 1001},
        {"embed": discord.Embed(title="x" * 257)},
        {"embed": discord.Embed(description="x" * 4097)},
        {"embeds": [discord.Embed(description="x" * 3001), discord.Embed(description="x" * 3000)]},
        {"content": "x", "nonce": "n" * 26},
    ],
)
async def test_what_is_longer_than_discord_allows_is_an_invalid_form_body(channel, message):
    await refused(channel.send(**message), 400, 50035)


async def test_an_embed_has_at_most_25_fields_of_1024_characters(channel):
    embed = discord.Embed()
    for _ in range(26):
        embed.add_field(name="n", value="v")
    await refused(channel.send(embed=embed), 400, 50035)
    await refused(channel.send(embed=discord.Embed().add_field(name="n", value="v" * 1025)), 400, 50035)


async def test_exactly_2000_characters_are_fine_and_blanks_at_the_ends_are_lost(channel, castle):
    await channel.send("x" * 2000)
    await channel.send("  y  ")
    assert [message.content for message in castle.console.messages] == ["x" * 2000, "y"]


async def test_an_empty_message_is_refused(channel):
    await refused(channel.send(""), 400, 50006)
    await refused(channel.send(" \n"), 400, 50006)


async def test_a_file_above_10_mib_and_an_eleventh_file_are_refused(channel):
    big = discord.File(io.BytesIO(b"x" * (10 * 1024 * 1024 + 1)), "big.log")
    await refused(channel.send(file=big), 413, 40005)
    files = [{"name": "payload_json", "value": "{}"}]
    files += [{"name": f"files[{i}]", "value": b"x", "filename": "a", "content_type": "text/plain"} for i in range(11)]
    route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=channel.id)
    await refused(channel._state.http.request(route, form=files), 400, 50035)


async def test_more_buttons_than_fit_and_doubled_ids_are_refused(channel):
    def row(*buttons):
        return {"type": 1, "components": list(buttons)}

    def button(custom_id, label="b"):
        return {"type": 2, "style": 1, "label": label, "custom_id": custom_id}

    route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=channel.id)
    for components in (
        [row(*[button(str(n)) for n in range(6)])],
        [row(button(str(n))) for n in range(6)],
        [row(button("same")), row(button("same"))],
        [row(button("a", "x" * 81))],
        [row({"type": 3, "custom_id": "s", "options": []})],
        [row({"type": 3, "custom_id": "s", "options": [{"label": str(n), "value": str(n)} for n in range(26)]})],
        [button("loose")],
    ):
        body = {"content": "x", "components": components}
        await refused(channel._state.http.request(route, json=body), 400, 50035)


async def test_without_a_permission_the_bot_gets_403(channel, castle):
    bot_role = castle.guild.bot_role
    cases = [
        (Permission.EMBED_LINKS, {"embed": discord.Embed(title="x")}, 50013),
        (Permission.ATTACH_FILES, {"file": discord.File(io.BytesIO(b"x"), "x")}, 50013),
        (Permission.SEND_MESSAGES, {"content": "x"}, 50013),
        (Permission.VIEW_CHANNEL, {"content": "x"}, 50001),
    ]
    for missing, message, code in cases:
        castle.console.set_permissions(bot_role, deny=missing)
        with pytest.raises(discord.Forbidden) as caught:
            await channel.send(**message)
        assert caught.value.code == code
    castle.console.set_permissions(bot_role)
    await channel.send("x")


async def test_a_member_overwrite_beats_role_overwrites_beat_everyone(castle):
    hank, channel = castle.helper, castle.console
    channel.set_permissions(castle.guild.everyone, deny=Permission.SEND_MESSAGES)
    assert not hank.permissions_in(channel) & Permission.SEND_MESSAGES
    channel.set_permissions(castle.helper_role, allow=Permission.SEND_MESSAGES)
    assert hank.permissions_in(channel) & Permission.SEND_MESSAGES
    channel.set_permissions(hank, deny=Permission.SEND_MESSAGES)
    assert not hank.permissions_in(channel) & Permission.SEND_MESSAGES
    channel.set_permissions(hank, deny=Permission.VIEW_CHANNEL)
    assert hank.permissions_in(channel) == 0


async def test_a_deleted_channel_is_unknown(channel, castle):
    castle.guild.delete_channel(castle.console)
    await refused(channel.send("x"), 404, 10003)


async def test_only_own_messages_can_be_edited(channel, castle, standin):
    said = standin.say(castle.helper, castle.console, "mine")
    await refused(channel.get_partial_message(said.id).edit(content="yours"), 403, 50005)
    await refused(channel.get_partial_message(said.id).delete(), 403, 50013)
    await refused(channel.fetch_message(1), 404, 10008)


async def test_changing_an_own_message_needs_no_right_to_send(channel, castle):
    message = await channel.send("x")
    castle.console.set_permissions(castle.guild.bot_role, deny=Permission.SEND_MESSAGES | Permission.EMBED_LINKS)
    await message.edit(content="y")
    with pytest.raises(discord.Forbidden):
        await message.edit(embed=discord.Embed(title="z"))
    assert castle.console.text == "y"


async def test_half_a_surrogate_pair_is_not_json_to_discord(channel):
    await refused(channel.send("half \ud83d of a smile"), 400, 50109)


async def test_a_repeated_nonce_gives_the_first_message_again(channel, castle):
    first = await channel.send("once", nonce="line-1")
    again = await channel.send("once", nonce="line-1")
    other = await channel.send("twice", nonce="line-2")
    assert first.id == again.id != other.id
    assert [message.content for message in castle.console.messages] == ["once", "twice"]
    assert castle.console.messages[0].nonce == "line-1"


async def test_mentions_ping_unless_in_code_or_switched_off(channel, castle):
    hank, role = castle.helper.user.mention, castle.helper_role.mention
    await channel.send(f"@everyone {hank} {role}")
    await channel.send(f"```ansi\n@everyone {hank}\n``` `@here`")
    await channel.send(f"@everyone {hank}", allowed_mentions=discord.AllowedMentions.none())
    await channel.send(f"@everyone {hank}", allowed_mentions=discord.AllowedMentions(everyone=False, users=True))
    await channel.send(f"broken fence ``` {hank}")
    assert [message.pings for message in castle.console.messages] == [
        ("@everyone", "@Hank", "@helper"),
        (),
        (),
        ("@Hank",),
        ("@Hank",),
    ]


async def test_without_the_permission_everyone_and_plain_roles_are_not_pinged(channel, castle):
    castle.console.set_permissions(castle.guild.everyone, deny=Permission.MENTION_EVERYONE)
    await channel.send(f"@everyone @here {castle.helper_role.mention} {castle.helper.user.mention}")
    assert castle.console.messages[0].pings == ("@Hank",)


async def test_flags_for_silence_and_no_embeds_are_kept(channel, castle):
    await channel.send("quiet", silent=True, suppress_embeds=True)
    assert castle.console.messages[0].flags == 4096 | 4


async def test_an_edit_keeps_named_files_and_adds_new_ones(channel, castle):
    message = await channel.send(
        "x", files=[discord.File(io.BytesIO(b"1"), "1.log"), discord.File(io.BytesIO(b"2"), "2.log")]
    )
    await message.edit(attachments=[message.attachments[1], discord.File(io.BytesIO(b"3"), "3.log")])
    shown = castle.console.messages[0]
    assert [(item.filename, item.data) for item in shown.attachments] == [("2.log", b"2"), ("3.log", b"3")]
    assert await (await channel.fetch_message(message.id)).attachments[0].read() == b"2"


async def test_what_people_write_is_blank_without_the_content_intent_unless_it_mentions_the_bot(
    standin, castle, connect
):
    heard = []
    intents = discord.Intents(guilds=True, guild_messages=True)
    async with connect(standin, intents=intents) as bot:

        @bot.listen("on_message")
        async def on_message(message):
            heard.append(message.content)
            bot.dispatch("heard")

        standin.say(castle.helper, castle.console, "secret")
        standin.say(castle.helper, castle.console, f"<@{bot.user.id}> hello")
        while len(heard) < 2:
            await bot.wait_for("heard", timeout=10)
        assert heard == ["", f"<@{bot.user.id}> hello"]
