"""Buttons whose time is over, while Discord cannot be reached: tidying them away troubles nobody."""

from unittest.mock import AsyncMock, Mock

import aiohttp
import discord
import pytest

from cogs._views import Choice, Choose, Confirm, OwnedView


def refused(kind, status, code):
    return kind(Mock(status=status, reason=""), {"code": code, "message": ""})


TROUBLES = [
    refused(discord.NotFound, 404, 10008),
    refused(discord.Forbidden, 403, 50001),
    refused(discord.HTTPException, 401, 50027),
    refused(discord.DiscordServerError, 503, 0),
    aiohttp.ServerDisconnectedError(),
    aiohttp.ClientOSError(104, "reset"),
    aiohttp.ClientPayloadError("cut"),
    ConnectionResetError(),
    TimeoutError(),
    RuntimeError("Session is closed"),
]


def views(interaction):
    async def act(_pressed):
        raise AssertionError

    yield OwnedView(interaction, timeout=1)
    yield Confirm(interaction, label="Do it", act=act)
    yield Choose(interaction, [Choice("Do it", discord.ButtonStyle.primary, act)])


@pytest.mark.parametrize("trouble", TROUBLES, ids=repr)
async def test_a_view_whose_time_is_over_ends_quietly_whatever_discord_does(trouble):
    """Reported of many bots: the time-out of a view ends in a traceback, for its message has gone or the line broke."""
    interaction = Mock(user=Mock(id=1), edit_original_response=AsyncMock(side_effect=trouble))
    for asked, view in enumerate(views(interaction), 1):
        await view.on_timeout()
        assert interaction.edit_original_response.await_count == asked
