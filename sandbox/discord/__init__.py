"""A stand-in of Discord on real sockets: REST and gateway, as a bot that uses discord.py meets them.

    async with DiscordStandIn() as discord:
        guild = discord.add_guild("Castle")
        hank = guild.add_member("Hank", roles=[guild.add_role("helper")])
        console = guild.add_channel("console")
        ...  # start a bot with discord.api_url, discord.gateway_url and discord.token
        await discord.wait_for_commands()
        reply = await discord.slash(hank, console, "start", server="Paper")
        await reply.wait_for(lambda r: "running" in r.text)

What it models, from Discord's documentation and from what discord.py 2.7 sends and expects:

- log-in, application, guilds, roles, members, text channels; the bot's token, and 401 for any other
- threads of text channels: public and private, archived and locked; members who are timed out
- guilds that the bot is removed from, invited to again, or that have an outage; those with commands and without the bot
- messages: JSON and multipart, edits, deletion, history, nonces, flags, embeds, files that can be fetched again,
  buttons and selects, mentions; all documented size limits with 50035, 50006 and 413; permissions with 50001 and 50013
- commands, global and per guild, with the rules for names, descriptions, options and choices; who gets to see them
- interactions: commands, autocomplete, buttons, selects, forms; 3 seconds to answer, 15 minutes for the token, one
  first answer, privacy fixed by it, permissions in each payload; the checks a client makes before it sends anything
- rate limits: buckets with headers, the global limit, 429s, the ban after 10,000 invalid requests
- the gateway: hello, heartbeats, identify, resume with replay, op 7 and 9, close codes, shards, intents, 120 events a
  minute, zlib-stream, and zstd-stream (with Python 3.14's own or the zstandard package, as discord.py)
- failures on demand: `faults` for REST, the methods of `gateway` for the socket

What it does not model, so that nothing here proves anything about it:

- Discord's true rate-limit numbers: they are secret; create and edit are 5 in 5 s per channel, interaction tokens 5 in
  2 s, all other routes a generous 50 a second. No limit for edits of messages older than an hour (error 30046), none
  for failed or parallel requests, none per IP address.
- direct messages, forums, voice, categories, reactions, pins, stickers, polls, invites, bans, audit log,
  scheduled events, onboarding, entitlements, user and message context menus in use (registering them works)
- channel webhooks (only interaction tokens), and commands outside guilds
- creating or changing roles, members and guilds by the bot; of channels it can change name and topic
- command permissions set by a guild's managers for single roles, members or channels; user-installed apps
- unfurled links, rendered Markdown, ANSI colours, age and size of the CDN's links; mentions are not listed in
  `mentions` of a payload, only in `Message.pings`
- how Discord counts characters outside the basic plane (UTF-16 units here, the strictest reading)
- the identify gap of 5 s, unless `gateway.identify_gap` is set; losing sessions by itself; more than one bot
- time: nothing is ever slow unless a fault makes it so
"""

from .channel import Channel
from .errors import ClientRefused
from .guild import Guild
from .hub import Change
from .members import Member, Role
from .messages import Attachment, Message
from .permissions import Permission
from .reply import Modal, Reply
from .rest_call import RequestRecord
from .standin import DiscordStandIn
from .threads import Thread
from .users import User

__all__ = [
    "Attachment",
    "Change",
    "Channel",
    "ClientRefused",
    "DiscordStandIn",
    "Guild",
    "Member",
    "Message",
    "Modal",
    "Permission",
    "Reply",
    "RequestRecord",
    "Role",
    "Thread",
    "User",
]
