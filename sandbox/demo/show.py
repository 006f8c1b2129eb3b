"""How the page is told of things: messages, commands, forms, people, game servers, as small JSON objects."""

from typing import Any, cast

from sandbox.demo.scene import Person, Scene
from sandbox.discord import Channel, DiscordStandIn, Guild, Member, Message, Permission, Reply, Thread
from sandbox.panel import Server

Json = dict[str, Any]

IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
"""What is shown as a picture; everything else is text or a download."""
CHAT_INPUT, SUBCOMMAND, GROUP, LABEL = 1, 1, 2, 18
_OPTION_FACTS = ("choices", "min_value", "max_value", "min_length", "max_length")


def message(shown: Message) -> Json:
    """A message as it stands now; times in ms since 1970."""
    body = shown.payload()
    command = cast("Json", shown.origin.get("interaction") or {})
    return {
        "id": str(shown.id),
        "channel": str(shown.channel.id),
        "author": {"id": str(shown.author.id), "name": shown.author.name, "bot": shown.author.bot},
        "at": int(shown.created_at.timestamp() * 1000),
        "edited": shown.edited is not None,
        "content": shown.content,
        "embeds": [_own_addresses(embed, shown) for embed in cast("list[Json]", body["embeds"])],
        "files": [
            {
                "name": item.filename,
                "size": len(item.data),
                "url": _address(shown, item.id),
                "image": item.content_type in IMAGES,
                "about": item.description or "",
            }
            for item in shown.attachments
        ],
        "components": shown.components,
        "ephemeral": shown.ephemeral,
        "thinking": shown.loading,
        "used": {"by": cast("Json", command["user"])["global_name"], "command": command["name"]} if command else None,
        "pings": list(shown.pings),
    }


def _address(shown: Message, attachment_id: int) -> str:
    return f"/files/{shown.channel.id}/{shown.id}/{attachment_id}"


def _own_addresses(embed: Json, shown: Message) -> Json:
    """Pictures that came with the message are fetched from the page's own server; no others are shown."""
    body = dict(embed)
    own = {item.filename: _address(shown, item.id) for item in shown.attachments}
    for name in ("image", "thumbnail"):
        picture = cast("Json | None", body.pop(name, None))
        if picture:
            address = own.get(str(picture.get("url", "")).rsplit("/", 1)[-1])
            body[name] = {"url": address, "outside": None if address else picture.get("url")}
    return body


def world(scene: Scene, me: Member) -> Json:
    """The guild as this member's client shows it."""
    guild = scene.guild
    return {
        "guild": {"id": str(guild.id), "name": guild.name},
        "me": person_of(scene, me).key,
        "may_manage": bool(me.permissions & (Permission.MANAGE_GUILD | Permission.ADMINISTRATOR)),
        "people": [_person(person) for person in scene.people.values()],
        "bot": {"id": str(guild.me.id), "name": guild.me.name},
        "roles": [
            {
                "id": str(role.id),
                "name": role.name.removeprefix("@"),
                "color": f"{role.color:06x}" if role.color else None,
            }
            for role in guild.roles.values()
            if not role.managed
        ],
        "channels": [_channel(channel) for channel in visible_channels(guild, me)],
    }


def person_of(scene: Scene, member: Member) -> Person:
    """Who a member is in the demo."""
    return next(person for person in scene.people.values() if person.member is member)


def _person(person: Person) -> Json:
    member = person.member
    return {
        "key": person.key,
        "id": str(member.id),
        "name": member.name,
        "about": person.about,
        "roles": [role.name for role in member.roles],
    }


def visible_channels(guild: Guild, me: Member) -> list[Channel]:
    """The channels that this member sees, in their order, each with its threads behind it."""
    seen = [channel for channel in guild.places.values() if me.permissions_in(channel) & Permission.VIEW_CHANNEL]

    def place(channel: Channel) -> tuple[int, int]:
        return (channel.parent.position, channel.id) if isinstance(channel, Thread) else (channel.position, 0)

    return sorted(seen, key=place)


def _channel(channel: Channel) -> Json:
    parent = channel.parent if isinstance(channel, Thread) else None
    topic = f"A thread of #{parent.name}" if parent else channel.topic or ""
    return {"id": str(channel.id), "name": channel.name, "topic": topic, "thread": parent is not None}


def commands(discord: DiscordStandIn, me: Member, channel: Channel) -> list[Json]:
    """The slash commands offered to this member in this channel, sub-commands spelled out."""
    found: list[Json] = []
    for command in discord.visible_commands(me, channel):
        if command["type"] == CHAT_INPUT:
            _spell_out(str(command["name"]), command, found)
    return sorted(found, key=lambda item: (" " in item["name"], str(item["name"])))


def _spell_out(name: str, definition: Json, found: list[Json]) -> None:
    options = cast("list[Json]", definition.get("options") or [])
    inner = [item for item in options if item["type"] in (SUBCOMMAND, GROUP)]
    for item in inner:
        _spell_out(f"{name} {item['name']}", item, found)
    if not inner:
        found.append({"name": name, "about": definition["description"], "options": [_option(item) for item in options]})


def _option(definition: Json) -> Json:
    facts = {name: definition[name] for name in _OPTION_FACTS if definition.get(name) is not None}
    return facts | {
        "name": definition["name"],
        "about": definition["description"],
        "type": definition["type"],
        "required": bool(definition.get("required")),
        "suggests": bool(definition.get("autocomplete")),
    }


def form(reply: Reply) -> Json | None:
    """The form that an answer opened."""
    body, modal = reply.interaction.modal, reply.modal
    if body is None or modal is None:
        return None
    hints = {
        cast("Json", part["component"]).get("custom_id"): part.get("description")
        for part in cast("list[Json]", body["components"])
        if part["type"] == LABEL
    }
    return {
        "reply": str(reply.interaction.id),
        "title": modal.title,
        "fields": [
            {
                "id": field.custom_id,
                "label": field.label,
                "hint": hints.get(field.custom_id) or "",
                "kind": field.kind,
                "required": field.required,
                "min": field.min_length,
                "max": field.max_length,
                "value": field.value or "",
                "placeholder": field.placeholder or "",
                "paragraph": field.paragraph,
                "options": list(field.options),
            }
            for field in modal.inputs
        ],
    }


def game_server(scene: Scene, server: Server) -> Json:
    """A game server with what only the node knows."""
    return {
        "id": server.identifier,
        "name": server.name,
        "state": server.state,
        "status": server.status,
        "players": server.players,
        "sockets": server.node.authenticated(server),
        "tickets": scene.panel.tickets_issued(server),
        "signals": len(server.runtime.signals),
        "commands": len(server.runtime.commands),
    }
