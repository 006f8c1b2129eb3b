"""What `/server link` and `/server edit` say about a server."""

from bot.errors import BadInput
from bot.i18n import _
from bot.store.values import LinkedServer
from bot.terms import ConsoleSyntax
from bot.text.say_template import SayTemplate
from cogs._render import code, safe


def linked_text(server: LinkedServer) -> str:
    """Return the reply to `/server link`."""
    linked = _(
        "Linked **{server}** ({identifier}). Next: `/access grant` gives a role its rights, "
        "`/relay add` sends its console to a channel."
    ).format(server=safe(server.name), identifier=code(server.identifier))
    return "\n".join([linked, *_speech(server)])


def edited_text(server: LinkedServer) -> str:
    """Return the reply to `/server edit`."""
    saved = _("Saved: **{server}**; `/say` sends {template}.").format(
        server=safe(server.name), template=code(server.say_template, 200)
    )
    return "\n".join([saved, *_speech(server)])


def _speech(server: LinkedServer) -> list[str]:
    """How members' text is checked, and what to know about the say-template."""
    checked = f"-# {_separators(server.console_syntax)}"
    try:
        leads = SayTemplate.parse(server.say_template).leads
    except BadInput as error:  # stored before such templates were refused
        return [checked, f"⚠️ {error}"]
    if not leads:
        return [checked]
    warning = _(
        "⚠️ In that template the message itself is the command: everybody who may `say` may send any, unless this "
        "console is a chat that takes commands only behind a `/`. Otherwise put a command such as `say` in front."
    )
    return [checked, warning]


def _separators(syntax: ConsoleSyntax) -> str:
    match syntax:
        case ConsoleSyntax.UNKNOWN:
            return _(
                'Separators: checked. What could begin a second command (`;`, `|`, an odd number of `"`) is refused in '
                "`/say` and in what `*` stands for in a grant's `commands`; if this game has none, say "
                "`/server edit separators:none`."
            )
        case ConsoleSyntax.MINECRAFT:
            return _(
                "Separators: checked. `;` is harmless in Minecraft's `/say`; what could begin a second command "
                "elsewhere is refused in what `*` stands for in a grant's `commands`, unless you say "
                "`/server edit separators:none`."
            )
        case ConsoleSyntax.LINE:
            return _("Separators: none. A line is one command on this game, so members may send `;` and the like.")
