"""What people do in a Discord client: type commands and messages, press buttons, choose, look at suggestions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .client_forms import chosen_values
from .client_options import OptionFiller, find_command, wrap
from .errors import ClientRefused
from .interaction import AUTOCOMPLETE, COMMAND, COMPONENT
from .interactions import Interactions
from .mentions import pings
from .messages import Message
from .permissions import Permission
from .reply import Reply, find_part

if TYPE_CHECKING:
    from .channel import Channel
    from .commands import Commands
    from .gateway import Gateway
    from .members import Member
    from .world import World

Json = dict[str, Any]


class People:
    """The actions of members; each returns when the bot has answered first, or has failed to within 3 s."""

    def __init__(self, world: World, commands: Commands, interactions: Interactions, gateway: Gateway) -> None:
        self._world = world
        self._commands = commands
        self._interactions = interactions
        self._gateway = gateway

    async def wait_until(self, condition: Callable[[], bool], timeout: float, describe: Callable[[], str]) -> None:
        """Waits for a change in the world that makes `condition` true."""
        await self._world.hub.wait_until(condition, timeout=timeout, describe=describe)

    async def act(
        self, kind: int, member: Member, channel: Channel, data: Json, message: Message | None = None
    ) -> Reply:
        """Sends an interaction to the bot and waits for its first answer."""
        interaction = self._interactions.open(kind, member, channel, data, message)
        self._gateway.interaction(interaction)
        try:
            await self.wait_until(
                lambda: interaction.acknowledged_after is not None, interaction.deadline, lambda: interaction.name
            )
        except TimeoutError:
            self._world.hub.tell("interaction_update", interaction)  # it shows as failed from now on
        return Reply(self, interaction)

    async def slash(self, member: Member, channel: Channel, command: str, options: dict[str, Any]) -> Reply:
        """Types a slash command, checked like a client does."""
        self._must_see(member, channel)
        root, way, definitions = find_command(self._commands, member, channel, command.strip("/").split())
        filler = OptionFiller(channel)
        filled = filler.fill(definitions, options)
        return await self.act(COMMAND, member, channel, wrap(root, way, filled, filler.resolved))

    async def autocomplete(
        self, member: Member, channel: Channel, command: str, options: dict[str, Any], *, option: str, typed: str
    ) -> list[Json]:
        """The suggestions for an option; TimeoutError if the bot gave none within 3 s."""
        self._must_see(member, channel)
        root, way, definitions = find_command(self._commands, member, channel, command.strip("/").split())
        focused = next((item for item in definitions if item["name"] == option), None)
        if focused is None or not focused.get("autocomplete"):
            raise ClientRefused(f"option {option} of /{command} has no suggestions")
        filler = OptionFiller(channel)
        filled = filler.fill(definitions, options, partial=True)
        filled.append({"name": option, "type": focused["type"], "value": typed, "focused": True})
        reply = await self.act(AUTOCOMPLETE, member, channel, wrap(root, way, filled, filler.resolved))
        if reply.interaction.choices is None:
            raise TimeoutError(f"no suggestions for {option} of /{command}")
        return reply.interaction.choices

    async def click(self, member: Member, message: Message, which: str) -> Reply:
        """Presses a button of a message, by label or custom id."""
        button = self._usable(member, message, which, (2,))
        if not button.get("custom_id"):
            raise ClientRefused(f"{which!r} is a link")
        return await self.act(COMPONENT, member, message.channel, _component_data(button), message)

    async def select(self, member: Member, message: Message, which: str, values: Sequence[Any]) -> Reply:
        """Chooses in a select of a message."""
        menu = self._usable(member, message, which, (3, 5, 6, 7, 8))
        data = _component_data(menu) | {"values": chosen_values(menu, list(values))}
        filler = OptionFiller(message.channel)
        kinds = {5: 6, 6: 8, 7: 9, 8: 7}  # select type to option type: user, role, mentionable, channel
        if menu["type"] in kinds:
            for value in values:
                filler.fill([{"name": "x", "type": kinds[menu["type"]]}], {"x": value})
            data["resolved"] = filler.resolved
        return await self.act(COMPONENT, member, message.channel, data, message)

    def say(self, member: Member, channel: Channel, content: str) -> Message:
        """Writes a plain message into a channel."""
        self._must_see(member, channel)
        bits = member.permissions_in(channel)
        if not bits & Permission.SEND_MESSAGES:
            raise ClientRefused(f"{member.name} may not write in #{channel.name}")
        message = Message(self._world.ids.now(), channel, member.user, content)
        message.pings = pings(content, None, channel, bits)
        channel.add(message)
        return message

    def _must_see(self, member: Member, channel: Channel) -> None:
        if not member.permissions_in(channel) & Permission.VIEW_CHANNEL:
            raise ClientRefused(f"{member.name} does not see #{channel.name}")

    def _usable(self, member: Member, message: Message, which: str, kinds: tuple[int, ...]) -> Json:
        if message not in message.channel.messages_for(member):
            raise ClientRefused(f"{member.name} does not see that message")
        part = find_part(message, which, kinds)
        if part is None:
            raise ClientRefused(f"nothing called {which!r} in the message: {message.text!r}")
        if part.get("disabled"):
            raise ClientRefused(f"{which!r} is disabled")
        return part


def _component_data(part: Json) -> Json:
    return {"custom_id": part["custom_id"], "component_type": part["type"], "id": part.get("id", 1)}
