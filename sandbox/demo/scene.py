"""The make-believe world of the demo: one guild with four people, one panel with four game servers."""

from dataclasses import dataclass

from sandbox.discord import Channel, DiscordStandIn, Guild, Member, Permission, Role
from sandbox.panel import PanelStandIn, Server

PERMISSIONS = ["control.console", "control.start", "control.stop", "control.restart", "activity.read"]
SMALL_TALK = (
    ("helper", "Is the Castle up? I have an hour tonight."),
    ("reader", "It is off, and only the owner has the panel password…"),
    ("owner", "One moment. I am connecting a bot that lets you start it yourselves."),
)


@dataclass(frozen=True)
class Person:
    """Somebody the visitor can be; `about` says what that means."""

    key: str
    member: Member
    about: str


@dataclass(frozen=True)
class Scene:
    """Everything that the demo's other parts need to find again."""

    panel: PanelStandIn
    discord: DiscordStandIn
    guild: Guild
    people: dict[str, Person]
    helpers: Role
    readers: Role
    castle: Server
    survival: Server
    panel_key: str

    @property
    def owner(self) -> Member:
        """Who has Manage Server."""
        return self.people["owner"].member

    @property
    def servers(self) -> list[Server]:
        """The game servers."""
        return list(self.panel.registry.servers.values())

    def server(self, identifier: str) -> Server:
        """The game server with this short id; KeyError if there is none."""
        for server in self.servers:
            if server.identifier == identifier:
                return server
        raise KeyError(identifier)

    def channel(self, name: str) -> Channel:
        """The channel called so."""
        return self.guild.channel(name)


def build(panel: PanelStandIn, discord: DiscordStandIn) -> Scene:
    """Furnish both stand-ins, which have been started."""
    guild = discord.add_guild("Castle Community")
    helpers = guild.add_role("helpers")
    readers = guild.add_role("readers")
    helpers.color, readers.color = 0x2FBF9B, 0xD9A441
    people = _people(guild, helpers, readers)
    _channels(guild, helpers, readers)
    for who, text in SMALL_TALK:
        discord.say(people[who].member, guild.channel("general"), text)
    owner, bot = panel.add_user("owner"), panel.add_user("wingcord")
    castle = panel.add_server("Castle", owner=owner, boot_seconds=6.0, stop_seconds=1.0, max_players=12)
    survival = panel.add_server("Survival", owner=owner, running=True, players=("Alex", "Ruth_42", "mango_cat"))
    modpack = panel.add_server("Modpack", owner=owner, memory_mib=8192, boot_seconds=12.0)
    modpack.set_status("installing")
    old = panel.add_server("Old World", owner=owner, memory_mib=1024)
    old.set_status("suspended")
    for server in (castle, survival, modpack, old):
        panel.add_subuser(server, bot, PERMISSIONS)
    return Scene(panel, discord, guild, people, helpers, readers, castle, survival, panel.add_key(bot))


def _people(guild: Guild, helpers: Role, readers: Role) -> dict[str, Person]:
    people = (
        Person("owner", guild.add_member("Olivia", owner=True), "owns this guild and may do everything"),
        Person("helper", guild.add_member("Hank", roles=[helpers]), "has the role @helpers, no panel password"),
        Person("reader", guild.add_member("Rita", roles=[readers]), "has the role @readers and only looks"),
        Person("stranger", guild.add_member("Sam"), "has no role at all"),
    )
    return {person.key: person for person in people}


def _channels(guild: Guild, helpers: Role, readers: Role) -> None:
    """General for all, two consoles for who has a role (one with a thread), a room for the owner; the bot sees all."""
    guild.add_channel("general", topic="Everybody is here")
    private = {
        "castle-console": ("What the Castle prints", (helpers, readers)),
        "survival-console": ("What Survival prints", (helpers, readers)),
        "staff": ("Only the owner and the bot are here", ()),
    }
    for name, (topic, roles) in private.items():
        channel = guild.add_channel(name, topic=topic)
        channel.set_permissions(guild.everyone, deny=Permission.VIEW_CHANNEL)
        for role in (guild.bot_role, *roles):
            channel.set_permissions(role, allow=Permission.VIEW_CHANNEL)
    guild.add_thread("castle-night", guild.channel("castle-console"))
