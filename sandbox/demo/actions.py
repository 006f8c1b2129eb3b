"""What people do on the page: type commands, fill in forms, press buttons, choose, look around, make trouble."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar, cast

from sandbox.demo import show
from sandbox.demo.live import Live, Page
from sandbox.demo.troubles import Refused, Troubles
from sandbox.discord import ClientRefused, Message, Reply
from sandbox.discord.client_options import find_command

Json = dict[str, Any]
Thing = TypeVar("Thing")
Action = Callable[[Page, Json], Awaitable[Json]]

KEPT_REPLIES = 200
USER, CHANNEL, ROLE, MENTIONABLE = 6, 7, 8, 9
TEXT_SELECT = 3


class Actions:
    """Does what a page asks for; the answer says `refused` with a sentence where a client would not let one do it."""

    def __init__(self, live: Live, troubles: Troubles) -> None:
        self._live = live
        self._scene = live.scene
        self._troubles = troubles
        self._replies: deque[Reply] = deque(maxlen=KEPT_REPLIES)
        self._all: dict[str, Action] = {
            "me": self._me,
            "open": self._open,
            "watch": self._watch,
            "older": self._older,
            "slash": self._slash,
            "suggest": self._suggest,
            "click": self._click,
            "choose": self._choose,
            "submit": self._submit,
            "say": self._say,
            "dismiss": self._dismiss,
            "trouble": self._trouble,
        }

    async def do(self, page: Page, wanted: Json) -> Json:
        """Do what was asked; the page's own number `n` comes back with the answer."""
        answer: Json = {"t": "done", "n": wanted.get("n")}
        try:
            return answer | await self._all[str(wanted["do"])](page, wanted)
        except (ClientRefused, Refused) as error:
            return answer | {"refused": _sentence(str(error))}
        except TimeoutError:
            return answer | {"failed": True}
        except (KeyError, ValueError, TypeError, AttributeError):
            return answer | {"refused": "That does not exist any more."}

    # -- looking around ----------------------------------------------------------------------------------------

    async def _me(self, page: Page, wanted: Json) -> Json:
        page.become(self._scene.people[str(wanted["who"])].member)
        channels = show.visible_channels(self._scene.guild, page.me)
        if page.channel not in channels:
            page.channel = channels[0]
        page.stale("world", "channel", "commands")
        return {"channel": str(page.channel.id)}

    async def _open(self, page: Page, wanted: Json) -> Json:
        channels = show.visible_channels(self._scene.guild, page.me)
        page.channel = _first(channel for channel in channels if str(channel.id) == wanted["channel"])
        page.stale("channel", "commands")
        return {}

    async def _watch(self, page: Page, wanted: Json) -> Json:
        page.server = self._scene.server(str(wanted["server"]))
        page.stale("console")
        return {}

    async def _older(self, page: Page, wanted: Json) -> Json:
        return self._live.older(page, int(wanted["before"]))

    async def _dismiss(self, page: Page, wanted: Json) -> Json:
        page.hidden.append(int(wanted["message"]))
        return {}

    # -- talking to the bot ------------------------------------------------------------------------------------

    async def _slash(self, page: Page, wanted: Json) -> Json:
        command, options = str(wanted["command"]), self._options(page, wanted)
        return self._answered(await self._scene.discord.slash(page.me, page.channel, command, **options))

    async def _suggest(self, page: Page, wanted: Json) -> Json:
        options = self._options(page, wanted)
        option, typed = str(wanted["option"]), str(wanted["typed"])
        options.pop(option, None)
        choices = await self._scene.discord.autocomplete(
            page.me, page.channel, str(wanted["command"]), option=option, typed=typed, **options
        )
        return {"choices": choices}

    async def _click(self, page: Page, wanted: Json) -> Json:
        shown = self._message(page, wanted)
        return self._answered(await self._scene.discord.click(page.me, shown, str(wanted["id"])))

    async def _choose(self, page: Page, wanted: Json) -> Json:
        shown, which = self._message(page, wanted), str(wanted["id"])
        menu = _first(part for part in shown.parts() if part.get("custom_id") == which)
        values = cast("list[str]", wanted["values"])
        things = values if menu["type"] == TEXT_SELECT else [self._thing(value) for value in values]
        return self._answered(await self._scene.discord.select(page.me, shown, which, things))

    async def _submit(self, page: Page, wanted: Json) -> Json:
        opened = _first(
            reply
            for reply in self._replies
            if str(reply.interaction.id) == wanted["reply"] and reply.interaction.member is page.me
        )
        return self._answered(await opened.submit(**cast("Json", wanted["values"])))

    async def _say(self, page: Page, wanted: Json) -> Json:
        text = str(wanted["text"]).strip()[:2000]
        if text:
            self._scene.discord.say(page.me, page.channel, text)
        return {}

    async def _trouble(self, _: Page, wanted: Json) -> Json:
        told = await self._troubles.make(str(wanted["what"]), self._scene.server(str(wanted["server"])))
        self._live.all_stale("servers")
        return {"told": told}

    # -- parts -------------------------------------------------------------------------------------------------

    def _answered(self, reply: Reply) -> Json:
        form = show.form(reply)
        if form is not None:
            self._replies.append(reply)
        return {"failed": reply.failed, "form": form, "messages": [str(message.id) for message in reply.messages]}

    def _options(self, page: Page, wanted: Json) -> Json:
        """Options with ids turned into members, channels and roles where the command asks for such."""
        words = str(wanted["command"]).split()
        _, _, definitions = find_command(self._scene.discord.registry, page.me, page.channel, words)
        kinds = {str(item["name"]): int(item["type"]) for item in definitions}
        given = cast("Json", wanted.get("options") or {})
        things = (USER, CHANNEL, ROLE, MENTIONABLE)
        return {name: self._thing(value) if kinds.get(name) in things else value for name, value in given.items()}

    def _thing(self, number: Any) -> Any:
        guild, wanted = self._scene.guild, int(number)
        found = guild.roles.get(wanted) or guild.places.get(wanted) or guild.members.get(wanted)
        if found is None:
            raise KeyError(number)
        return found

    def _message(self, page: Page, wanted: Json) -> Message:
        found = page.channel.find(int(wanted["message"]))
        if found is None:
            raise KeyError(wanted["message"])
        return found


def _first(things: Iterable[Thing]) -> Thing:
    """The first of them; KeyError if there is none."""
    for thing in things:
        return thing
    raise KeyError


def _sentence(text: str) -> str:
    """The stand-in's terse refusals as something to read."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
