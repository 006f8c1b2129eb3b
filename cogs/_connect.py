"""The forms that take a panel's key: it is read once, handed to the service, and shown to nobody."""

from collections.abc import Callable
from typing import Any

import discord

from bot.api_keys import holds_key
from bot.discord_replies import answer, clip, defer, persist
from bot.errors import BadInput, BotError, NotAllowed, PanelError
from bot.i18n import _
from bot.services import ConnectedPanel, Services
from bot.store.values import Panel
from cogs._context import Interaction, member_of
from cogs._link_menu import LinkMenu
from cogs._render import kind_words, safe
from cogs._views import BROWSE_SECONDS, Form, OwnedView

_MAX_URL = 400
_MAX_KEY = 400
_MAX_LABEL = 50


class ConnectForm(Form):
    """Address, key and label of a panel."""

    def __init__(self, services: Services, *, url: str = "", label: str = "") -> None:
        """Prefill what was typed before; never the key."""
        super().__init__(title=_("Connect a panel"))
        self._services = services
        self._url = _field(
            self,
            "url",
            _("Address of the panel"),
            placeholder="https://panel.example.com",
            default=url,
            max_length=_MAX_URL,
        )
        self._key = _key_field(self)
        self._label = _field(
            self,
            "label",
            _("Label (left empty: the panel's host name)"),
            default=label,
            required=False,
            max_length=_MAX_LABEL,
        )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Verify the key and offer the panel's servers; a refusal keeps address and label for another try."""
        await defer(interaction, private=True)
        url, label = self._url.value, self._label.value
        try:
            connected = await self._services.panels.connect(
                member_of(interaction), url=url, key=self._key.value, label=label
            )
        except NotAllowed:
            raise
        except BotError as error:
            kept = {"url": _without_key(url), "label": _without_key(label)}
            retry = _TryAgain(interaction, lambda: ConnectForm(self._services, **kept))
            await answer(interaction, str(error), view=retry)
            return
        await answer_connected(self._services, interaction, connected, _("Connected."))


class KeyForm(Form):
    """A new key for a connected panel."""

    def __init__(self, services: Services, panel: Panel) -> None:
        super().__init__(title=clip(_("New key for {label}").format(label=panel.label), 45))
        self._services = services
        self._panel = panel
        self._key = _key_field(self)

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Verify the key and put it in the place of the old one, which stays where the new one fails."""
        await defer(interaction, private=True)
        try:
            connected = await self._services.panels.replace_key(member_of(interaction), self._panel, self._key.value)
        except (BadInput, PanelError) as error:
            text = _("{sentence}\nThe old key is still in place.").format(sentence=error)
            await answer(interaction, text, view=_TryAgain(interaction, lambda: KeyForm(self._services, self._panel)))
            return
        await answer_connected(self._services, interaction, connected, _("The new key is in place."))


async def answer_connected(
    services: Services, interaction: Interaction, connected: ConnectedPanel, heading: str
) -> None:
    """Say what was found, with a menu of the servers that can be linked."""
    panel = connected.panel
    lines = [
        f"**{heading}**",
        _("**{label}** is a {kind} panel at {url}.").format(
            label=safe(panel.label), kind=kind_words(panel.kind), url=safe(panel.url, 200)
        ),
    ]
    if connected.username:
        lines.append(_("The key acts as panel user **{name}**.").format(name=safe(connected.username)))
    lines += [f"⚠️ {note}" for note in connected.notes]
    if not connected.choices:
        await answer(interaction, "\n".join(lines))
        return
    menu = LinkMenu(services, interaction, panel, connected.choices, heading="\n".join(lines))
    await answer(interaction, menu.text(), view=menu)


def _without_key(text: str) -> str:
    """Return what was typed, unless a key stands in it that was meant for another field: it is shown nowhere."""
    return "" if holds_key(text) else text


class _TryAgain(OwnedView):
    """Opens the form once more."""

    def __init__(self, interaction: Interaction, form: Callable[[], Form]) -> None:
        super().__init__(interaction, timeout=BROWSE_SECONDS)
        button = _Opener(form)
        self.add_item(button)


class _Opener(discord.ui.Button[_TryAgain]):
    def __init__(self, form: Callable[[], Form]) -> None:
        super().__init__(label=_("Try again"), style=discord.ButtonStyle.primary)
        self._form = form

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        form = self._form()
        await persist(interaction, lambda: interaction.response.send_modal(form))


def _field(
    form: Form,
    custom_id: str,
    label: str,
    *,
    max_length: int,
    placeholder: str | None = None,
    default: str = "",
    required: bool = True,
    description: str | None = None,
) -> "discord.ui.TextInput[Form]":
    field: discord.ui.TextInput[Form] = discord.ui.TextInput(
        custom_id=custom_id,
        placeholder=placeholder,
        default=default[:max_length] or None,
        required=required,
        max_length=max_length,
    )
    form.add_item(
        discord.ui.Label(
            text=clip(label, 45), description=clip(description, 100) if description else None, component=field
        )
    )
    return field


def _key_field(form: Form) -> "discord.ui.TextInput[Form]":
    return _field(
        form,
        "api_key",
        _("API key of a panel user"),
        description=_(
            "Panel: Account → API Credentials. Stored encrypted, never shown again. Discord warns in every form."
        ),
        max_length=_MAX_KEY,
    )
