"""What `/server link` and `/server edit` say about a server."""

from dataclasses import replace

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


def edited_text(before: LinkedServer, server: LinkedServer) -> str:
    """Return the reply to `/server edit`: what is different now, and what it was."""
    lines: list[str] = []
    if before.name != server.name:
        text = _("✅ **{before}** is called **{server}** from now on.")
        lines.append(text.format(before=safe(before.name), server=safe(server.name)))
    if before.say_template != server.say_template:
        text = _("✅ On **{server}** `/say hello` will send {now}. (Before: {before}.)")
        now, former = code(_example(server), 200), code(_example(before), 200)
        lines.append(text.format(server=safe(server.name), now=now, before=former))
    if before.separators is not server.separators:
        text = _("✅ Separators on **{server}**: {now}. (Before: {before}.)")
        words = {"now": server.separators.value, "before": before.separators.value}
        lines.append(text.format(server=safe(server.name), **words))
    if not lines:
        text = _("**{server}** was like that already: `/say hello` sends {now}.")
        lines.append(text.format(server=safe(server.name), now=code(_example(server), 200)))
    is_renamed_alone = before.name != server.name and replace(before, name=server.name) == server
    checked, *warnings = _speech(server)
    return "\n".join([*lines, *([] if is_renamed_alone else [checked]), *warnings])


def _example(server: LinkedServer) -> str:
    """What `/say hello` sends; the template itself where it was stored before such ones were refused."""
    try:
        return SayTemplate.kept(server.say_template).fill("hello")
    except BadInput:
        return server.say_template


def _speech(server: LinkedServer) -> list[str]:
    """How members' text is checked, and what to know about the say-template."""
    checked = f"-# {_separators(server.console_syntax)}"
    try:
        leads = SayTemplate.kept(server.say_template).leads
    except BadInput as error:  # stored before such templates were refused
        return [checked, f"⚠️ {error}"]
    if not leads:
        return [checked]
    warning = _(
        "⚠️ In that template the message itself is the command: whoever has the right `say` can send any, unless this "
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
