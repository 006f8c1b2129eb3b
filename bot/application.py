"""Which Discord application a database belongs to: another one's bot would find itself in none of its guilds."""

import json
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

from bot.errors import ExitCode, StartupError
from bot.i18n import _
from bot.names import tidied

FACT: Final = "application"
"""The key under which the store keeps the owner."""
_MAX_NAME = 100


class Facts(Protocol):
    """Where the owner is kept between runs."""

    async def get(self, key: str) -> str | None:
        """Return the value stored under the key, None where there is none."""
        ...

    async def set(self, key: str, value: str) -> None:
        """Store the value under the key."""
        ...


@dataclass(frozen=True, slots=True)
class Application:
    """An application of Discord's developer portal, which one bot token belongs to."""

    id: int
    name: str

    def __str__(self) -> str:
        return f"“{tidied(self.name, _MAX_NAME)}” ({self.id})"


def parsed(fact: str | None) -> Application | None:
    """Return the application that a stored fact names; None where none was remembered yet."""
    if fact is None:
        return None
    stored = cast("dict[str, Any]", json.loads(fact))
    return Application(int(stored["id"]), str(stored["name"]))


async def remember(facts: Facts, application: Application) -> None:
    """Write down whose database it is; nothing is written where that is known already."""
    fact = json.dumps({"id": application.id, "name": application.name})
    if await facts.get(FACT) != fact:
        await facts.set(FACT, fact)


def refuse_other(owner: Application | None, found: Application) -> None:
    """See to it that the token is that of the database's owner; without an owner, any may become it.

    Raises:
        StartupError: it is another application's.
    """
    if owner is not None and owner.id != found.id:
        raise StartupError(
            _(
                "DISCORD_TOKEN is the token of the application {found}, but the database belongs to {owner}; nothing "
                "in it was touched. Set the token of {owner}, or a DATABASE_URL of its own for {found}. To hand the "
                "database over to {found} on purpose: python -m bot adopt"
            ).format(found=found, owner=owner),
            exit_code=ExitCode.APPLICATION,
        )
