"""The panel and Wings versions that can be stood in for, and the numbers in which they differ."""

from dataclasses import dataclass
from enum import StrEnum


class Profile(StrEnum):
    """One panel with the Wings (or 0.6 daemon) that goes with it."""

    PTERO_1_11 = "ptero-1.11"
    PTERO_1_12 = "ptero-1.12"
    PELICAN = "pelican"
    PTERO_0_7 = "ptero-0.7"


@dataclass(frozen=True)
class Facts:
    """What differs between the profiles.

    Limits are requests per minute; ``general_limit`` counts per user on 1.x and per address on 0.7.
    """

    client_prefix: str
    application_prefix: str
    general_limit: int
    websocket_limit: int | None
    modern_wings: bool  # the limits, close codes and checks of Wings >= 1.12
    modern_ticket: bool  # scope claim and sha256 jti, no user_id
    serv_identifiers: bool  # accepts and shows serv_... ids (panel >= 1.12.1)
    pelican: bool
    legacy: bool  # the 0.7 dialect
    app_name: str  # as in "[Pterodactyl Daemon]:"
    container_prompt: str  # what the images' entrypoint prints before commands
    page_size: int
    session_cookie: str


FACTS: dict[Profile, Facts] = {
    Profile.PTERO_1_11: Facts(
        client_prefix="ptlc_",
        application_prefix="ptla_",
        general_limit=720,
        websocket_limit=None,
        modern_wings=False,
        modern_ticket=False,
        serv_identifiers=False,
        pelican=False,
        legacy=False,
        app_name="Pterodactyl",
        container_prompt="container@pterodactyl~ ",
        page_size=50,
        session_cookie="pterodactyl_session",
    ),
    Profile.PTERO_1_12: Facts(
        client_prefix="ptlc_",
        application_prefix="ptla_",
        general_limit=256,
        websocket_limit=5,
        modern_wings=True,
        modern_ticket=True,
        serv_identifiers=True,
        pelican=False,
        legacy=False,
        app_name="Pterodactyl",
        container_prompt="container@pterodactyl~ ",
        page_size=50,
        session_cookie="pterodactyl_session",
    ),
    Profile.PELICAN: Facts(
        client_prefix="pacc_",
        application_prefix="papp_",
        general_limit=256,
        websocket_limit=5,
        modern_wings=True,
        modern_ticket=True,
        serv_identifiers=False,
        pelican=True,
        legacy=False,
        app_name="pelican",
        container_prompt="container~ ",
        page_size=50,
        session_cookie="pelican_session",
    ),
    Profile.PTERO_0_7: Facts(
        client_prefix="",
        application_prefix="",
        general_limit=60,
        websocket_limit=None,
        modern_wings=False,
        modern_ticket=False,
        serv_identifiers=False,
        pelican=False,
        legacy=True,
        app_name="Pterodactyl",
        container_prompt="container@pterodactyl~ ",
        page_size=15,
        session_cookie="pterodactyl_session",
    ),
}
