"""The words people type, the texts they read, and that the fakes are like the real services."""

import ast
import inspect
from pathlib import Path

import pytest

import bot
from bot import services as real
from bot.client import COGS, WingcordClient
from tests.cogs import fakes
from tests.cogs.fakes import Script, TreeState

ROOT = Path(bot.__file__).parent.parent
WORDS = {
    "servers": [],
    "status": ["server"],
    "start": ["server"],
    "stop": ["server"],
    "restart": ["server"],
    "kill": ["server"],
    "say": ["message", "server"],
    "command": ["command", "server"],
    "console": ["server", "lines"],
    "panel connect": [],
    "panel list": [],
    "panel remove": ["panel"],
    "panel replace-key": ["panel"],
    "server link": ["server", "panel", "name", "say_template"],
    "server unlink": ["server"],
    "server edit": ["server", "name", "say_template", "separators"],
    "access grant": ["role", "allow", "server", "panel", "commands"],
    "access revoke": ["role", "server"],
    "access list": [],
    "access check": ["member", "server"],
    "relay add": ["server", "channel", "style", "include", "exclude", "redact", "collapse"],
    "relay remove": ["server", "channel"],
    "relay pause": ["server", "channel", "minutes"],
    "relay list": [],
}
ADMIN_GROUPS = {"panel", "server", "access", "relay"}


@pytest.fixture
async def payload():
    """The commands as Discord would be told."""
    client = WingcordClient(Script().services(), tree_state=TreeState())
    for cog in COGS:
        await client.load_extension(cog)
    return [command.to_dict(client.tree) for command in client.tree.get_commands()]


def leaves(payload):
    for root in payload:
        subcommands = [option for option in root.get("options", []) if option["type"] == 1]
        for leaf in subcommands or [root]:
            yield f"{root['name']} {leaf['name']}" if subcommands else root["name"], leaf


def walk(node):
    yield node
    for option in node.get("options", []):
        yield from walk(option)


async def test_commands_and_options_are_the_agreed_words(payload):
    """No word more, no word less, each once."""
    found = [(name, [option["name"] for option in leaf.get("options", [])]) for name, leaf in leaves(payload)]

    assert len(found) == len(dict(found))
    assert dict(found) == WORDS


async def test_descriptions_fit_and_none_is_missing(payload):
    """Discord takes 1 to 100 characters, and 8,000 in a command altogether; "…" is discord.py's placeholder."""
    for root in payload:
        nodes = list(walk(root))
        assert all(0 < len(node["description"]) <= 100 for node in nodes), root["name"]
        assert all(node["description"] != "…" for node in nodes), root["name"]
        assert sum(len(node["name"]) + len(node["description"]) for node in nodes) <= 8000


async def test_admin_groups_are_hidden_from_others_and_all_is_for_guilds_only(payload):
    """Manage Server is bit 5; context 0 and install 0 are guilds."""
    for root in payload:
        wanted = 32 if root["name"] in ADMIN_GROUPS else None
        assert root["default_member_permissions"] == wanted, root["name"]
        assert root["contexts"] == [0]
        assert root["integration_types"] == [0]


async def test_every_server_and_panel_option_is_completed(payload):
    """Nobody has to remember a name."""
    for name, leaf in leaves(payload):
        for option in leaf.get("options", []):
            if option["name"] in {"server", "panel", "allow"}:
                assert option.get("autocomplete") is True, (name, option["name"])


@pytest.mark.parametrize("name", ["Access", "Panels", "Servers", "Power", "Consoles", "Relays", "Guilds"])
def test_the_fakes_have_the_real_signatures(name):
    """A test against a fake that the real service does not resemble would prove nothing."""
    genuine, fake = getattr(real, name), getattr(fakes, f"Fake{name}")
    methods = [key for key in vars(fake) if not key.startswith("_")]
    assert methods
    for method in methods:
        wanted = inspect.signature(getattr(genuine, method)).parameters
        got = inspect.signature(getattr(fake, method)).parameters
        assert [(p.name, p.kind, p.default) for p in got.values()] == [
            (p.name, p.kind, p.default) for p in wanted.values()
        ], method


TEXT_KEYWORDS = {"content", "label", "placeholder", "title", "description", "text", "group_description"}
TEXT_CALLS = {"answer", "answer_privately", "describe", "BadInput", "BotError", "NotAllowed", "Embed"} | {
    "edit_message",
    "edit_original_response",
    "send",
    "send_message",
    "show",
    "tidy",
    "append",
}
PLACEHOLDERS = {"https://panel.example.com", "…"}


def spoken_texts(tree):
    """Literal texts in places that people see, outside `_()` and `ngettext()`."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        arguments = [k.value for k in call.keywords if k.arg in TEXT_KEYWORDS]
        if function in TEXT_CALLS:
            arguments += call.args
        if function == "describe":
            arguments += [k.value for k in call.keywords]
        for argument in arguments:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.lineno, argument.value
            elif isinstance(argument, ast.JoinedStr):
                for part in argument.values:
                    if isinstance(part, ast.Constant) and any(c.isalpha() for c in str(part.value)):
                        yield part.lineno, str(part.value)


def all_sources():
    return [*sorted((ROOT / "cogs").glob("*.py")), ROOT / "bot/client.py", ROOT / "bot/discord_replies.py"]


@pytest.mark.parametrize("path", all_sources(), ids=lambda path: path.name)
def test_every_text_goes_through_gettext(path):
    """Literal texts in replies, buttons, forms and descriptions can be translated."""
    found = [(line, text) for line, text in spoken_texts(ast.parse(path.read_text())) if text not in PLACEHOLDERS]

    assert found == []


@pytest.mark.parametrize("path", all_sources(), ids=lambda path: path.name)
def test_gettext_is_never_given_an_f_string(path):
    """A text with values in it is in no catalogue."""
    for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
        if getattr(call.func, "id", "") in {"_", "ngettext"}:
            assert all(not isinstance(argument, ast.JoinedStr) for argument in call.args), call.lineno


def test_the_gettext_check_sees_what_it_should():
    """A planted literal is found."""
    planted = ast.parse('answer(interaction, "Hello"); Button(label=f"Press {x}"); answer(i, _("fine"))')

    assert [text for _line, text in spoken_texts(planted)] == ["Hello", "Press "]
