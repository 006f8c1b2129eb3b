"""`/relay`: consoles into channels, and how they are doing."""

from typing import TypeAlias

import discord
from discord import Permissions, app_commands
from discord.ext import commands

from bot.client import WingcordClient
from bot.discord_replies import answer, defer
from bot.i18n import _
from bot.services import LONGEST_PAUSE, Services
from bot.store.values import LinkedServer
from bot.terms import RelayStyle
from cogs._complete import server_names
from cogs._context import Interaction, channel_of, member_of
from cogs._relay_channels import ChannelOption, ChosenChannel, everyone_reads, existing, known, rights_in, writable
from cogs._relay_text import (
    added_text,
    paused_text,
    relay_entry,
    removed_dead_text,
    removed_text,
)
from cogs._render import pages
from cogs._views import answer_in_pages

_Channel: TypeAlias = app_commands.Transform[ChosenChannel, ChannelOption]
_CHANNEL = _("The channel; left out: this one")


@app_commands.default_permissions(Permissions(manage_guild=True))
class RelayCommands(commands.GroupCog, group_name="relay", group_description=_("Consoles in channels")):
    """Relays of this guild."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="add", description=_("Send a server's console into a channel, line by line"))
    @app_commands.describe(
        server=_("The server; left out: this channel's, or the only one"),
        channel=_CHANNEL,
        style=_("Colour, or plain for readers on phones, which cannot show colours"),
        include=_("Only lines that match this regular expression"),
        exclude=_("No lines that match this regular expression"),
        redact=_("Mask IP addresses, e-mail addresses and tokens (on if left out)"),
        collapse=_("Show identical lines in a row once, with a count (off if left out)"),
    )
    @app_commands.choices(
        style=[
            app_commands.Choice(name=_("colour"), value=RelayStyle.COLOUR.value),
            app_commands.Choice(name=_("plain"), value=RelayStyle.PLAIN.value),
        ]
    )
    @app_commands.autocomplete(server=server_names(None))
    async def add(  # noqa: PLR0917 - Discord passes options by name
        self,
        interaction: Interaction,
        server: str | None = None,
        channel: _Channel | None = None,
        style: str = RelayStyle.COLOUR.value,
        include: str | None = None,
        exclude: str | None = None,
        redact: bool = True,
        collapse: bool = False,
    ) -> None:
        """Add a relay."""
        await defer(interaction, private=True)
        member = member_of(interaction)
        linked = await self._services.servers.resolve_admin(member, server, channel_id=channel_of(interaction))
        target = writable(interaction, known(channel))
        relay, warnings = await self._services.relays.add(
            member,
            server=linked,
            channel_id=target.id,
            style=RelayStyle(style),
            include=include,
            exclude=exclude,
            redact=redact,
            collapse=collapse,
        )
        if everyone_reads(target):
            text = _("Everyone can read {channel}, and so what the console tells of players and their chat.")
            warnings = (text.format(channel=target.mention), *warnings)
        if (lacking := rights_in(interaction, target.id)) is not None:
            warnings = (*warnings, lacking)
        await answer(interaction, "\n".join([added_text(relay, linked), *(f"⚠️ {warning}" for warning in warnings)]))

    @app_commands.command(name="remove", description=_("Stop sending a console into a channel"))
    @app_commands.describe(server=_("Only this server's; left out: every console in the channel"), channel=_CHANNEL)
    @app_commands.autocomplete(server=server_names(None))
    async def remove(
        self,
        interaction: Interaction,
        server: str | None = None,
        channel: _Channel | None = None,
    ) -> None:
        """Remove relays."""
        await defer(interaction, private=True)
        member = member_of(interaction)
        linked = await self._named(interaction, server)
        if linked is not None and channel is None:
            gone = await self._services.relays.remove_dead(member, server=linked, channels=existing(interaction))
            if gone:
                await answer(interaction, removed_dead_text(linked, gone))
                return
        channel_id = channel.id if channel is not None else channel_of(interaction)
        names = await self._services.relays.remove(member, server=linked, channel_id=channel_id)
        await answer(interaction, removed_text(names, channel_id))

    @app_commands.command(name="pause", description=_("Keep a console's lines out of a channel for a while"))
    @app_commands.describe(
        server=_("Only this server's; left out: every console in the channel"),
        channel=_CHANNEL,
        minutes=_("For how long (60 if left out); 0 shows the lines again at once"),
    )
    @app_commands.autocomplete(server=server_names(None))
    async def pause(
        self,
        interaction: Interaction,
        server: str | None = None,
        channel: _Channel | None = None,
        minutes: app_commands.Range[int, 0, LONGEST_PAUSE] = 60,
    ) -> None:
        """Pause relays, or resume them."""
        await defer(interaction, private=True)
        member = member_of(interaction)
        linked = await self._named(interaction, server)
        channel_id = channel.id if channel is not None else channel_of(interaction)
        names, until = await self._services.relays.pause(member, server=linked, channel_id=channel_id, minutes=minutes)
        here = channel_id == channel_of(interaction)
        await answer(interaction, paused_text(names, channel_id, until, minutes=minutes, here=here))

    async def _named(self, interaction: Interaction, server: str | None) -> LinkedServer | None:
        """Return the server that was named, None where none was: then every one is meant, not this channel's."""
        if server is None:
            return None
        member, here = member_of(interaction), channel_of(interaction)
        return await self._services.servers.resolve_admin(member, server, channel_id=here)

    @app_commands.command(name="list", description=_("Every console that is sent somewhere, and how it is doing"))
    async def list_relays(self, interaction: Interaction) -> None:
        """List relays with their health."""
        await defer(interaction, private=True)
        rows = await self._services.relays.list(member_of(interaction))
        if not rows:
            await answer(interaction, _("No console is sent anywhere yet; use `/relay add`."))
            return
        now = discord.utils.utcnow()
        entries = [relay_entry(row, now=now, rights=rights_in(interaction, row.relay.channel_id)) for row in rows]
        await answer_in_pages(interaction, pages(_("Console relays (figures since the bot started)"), entries))


async def setup(bot: WingcordClient) -> None:
    """Add the cog."""
    await bot.add_cog(RelayCommands(bot.services))
