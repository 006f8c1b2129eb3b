"""What the commands mean: free of Discord, given their collaborators by the composition root."""

from dataclasses import dataclass

from bot.services.access import PRESETS, Access, AccessCheck, AccessRow, Revoked
from bot.services.consoles import CommandAnswer, Consoles, Said
from bot.services.granting import AskFirst, GrantChange, Patterns
from bot.services.guilds import Guilds
from bot.services.members import Member
from bot.services.outcome import Progress
from bot.services.panels import ConnectedPanel, LinkChoice, PanelRow, Panels
from bot.services.permits import Permit
from bot.services.power import Power
from bot.services.relays import LONGEST_PAUSE, RelayRow, Relays
from bot.services.servers import ServerOverview, Servers, ServerStatus

__all__ = [
    "LONGEST_PAUSE",
    "PRESETS",
    "Access",
    "AccessCheck",
    "AccessRow",
    "AskFirst",
    "CommandAnswer",
    "ConnectedPanel",
    "Consoles",
    "GrantChange",
    "Guilds",
    "LinkChoice",
    "Member",
    "PanelRow",
    "Panels",
    "Patterns",
    "Permit",
    "Power",
    "Progress",
    "RelayRow",
    "Relays",
    "Revoked",
    "Said",
    "ServerOverview",
    "ServerStatus",
    "Servers",
    "Services",
]


@dataclass(frozen=True, slots=True)
class Services:
    """Everything the commands can ask for."""

    access: Access
    panels: Panels
    servers: Servers
    power: Power
    consoles: Consoles
    relays: Relays
    guilds: Guilds
