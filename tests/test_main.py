"""`python -m bot` as a child process: every reason not to start is one line and an exit code of its own."""

import asyncio
import base64
import os
import re
import resource
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.application import Application
from bot.errors import ExitCode
from bot.settings import Settings
from bot.store.store import Store
from bot.terms import Action, PanelKind

TOKEN = "planted-token-planted-token-planted-token"
KEY, OTHER_KEY = (base64.urlsafe_b64encode(letter * 32).decode() for letter in (b"a", b"b"))
NOBODY = "http://127.0.0.1:1/api/v10"
"""Nothing listens there."""


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The one line on standard error."""
        (line,) = self.err.splitlines()
        return line


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _no_file_may_grow() -> None:
    """What a full disk is to whoever writes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


@pytest.fixture
def bot(tmp_path: Path) -> Callable[..., asyncio.Future[Ended]]:
    """Run the program in an empty folder, with nothing but the settings given."""
    root = str(Path(__file__).resolve().parents[1])

    async def run(*arguments: str, no_room: bool = False, out: int = asyncio.subprocess.PIPE, **settings: str) -> Ended:
        environment = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *arguments,
            cwd=tmp_path, env={**environment, "PYTHONPATH": root, **settings},
            stdout=out, stderr=asyncio.subprocess.PIPE,
            preexec_fn=_no_file_may_grow if no_room else None,
        )  # fmt: skip
        async with asyncio.timeout(45):
            said, err = await process.communicate()
        ended = Ended(process.returncode or 0, (said or b"").decode(errors="replace"), err.decode(errors="replace"))
        assert "planted" not in ended.out + ended.err
        assert not [file for file in files(tmp_path) if b"planted" in file.read_bytes()]
        assert "Traceback" not in ended.err
        return ended

    return run


@pytest.fixture
async def discord_that_refuses() -> AsyncIterator[str]:
    async def me(_request: web.Request) -> web.Response:
        return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)

    app = web.Application()
    app.router.add_get("/api/v10/users/@me", me)
    async with TestServer(app) as server:
        yield str(server.make_url("/api/v10"))


async def test_no_token(bot) -> None:
    ended = await bot()
    assert ended.code == ExitCode.TOKEN
    assert "DISCORD_TOKEN is not set" in ended.line
    assert ended.out == ""


async def test_settings_that_cannot_be_used(bot) -> None:
    ended = await bot(HTTP_LISTEN="planted", LOG_LEVEL="planted", DISCORD_TOKEN=TOKEN)
    assert ended.code == ExitCode.SETTINGS
    assert "HTTP_LISTEN" in ended.line
    assert "LOG_LEVEL" in ended.line


async def test_a_command_line_that_means_nothing(bot) -> None:
    assert (await bot("dance")).code == ExitCode.SETTINGS


async def test_discord_refuses_the_token(bot, discord_that_refuses: str) -> None:
    ended = await bot(DISCORD_TOKEN=TOKEN, DISCORD_API_URL=discord_that_refuses)
    assert ended.code == ExitCode.TOKEN
    assert "refuses the bot token" in ended.line


async def test_discord_cannot_be_reached(bot) -> None:
    ended = await bot(DISCORD_TOKEN=TOKEN, DISCORD_API_URL=NOBODY)
    assert ended.code == ExitCode.DISCORD
    assert "cannot be reached" in ended.line


async def test_a_database_that_cannot_be_opened(bot, tmp_path: Path) -> None:
    """A file where the folder should be refuses even root."""
    (tmp_path / "file").write_text("")
    url = f"sqlite+aiosqlite:///{tmp_path}/file/wingcord.db"
    ended = await bot(DISCORD_TOKEN=TOKEN, DISCORD_API_URL=NOBODY, SECRET_KEYS=KEY, DATABASE_URL=url)
    assert ended.code == ExitCode.DATABASE
    assert "cannot be opened" in ended.line
    assert (await bot(DISCORD_TOKEN=TOKEN, DISCORD_API_URL=NOBODY, DATABASE_URL=url)).code == ExitCode.DATABASE


async def test_a_database_of_a_newer_program(bot, tmp_path: Path) -> None:
    await filled(tmp_path)
    newer(tmp_path)
    ended = await bot(DISCORD_TOKEN=TOKEN, DISCORD_API_URL=NOBODY, SECRET_KEYS=KEY)
    assert ended.code == ExitCode.DATABASE_NEWER
    assert "newer version" in ended.line


async def test_broken_secret_keys(bot) -> None:
    ended = await bot(DISCORD_TOKEN=TOKEN, DISCORD_API_URL=NOBODY, SECRET_KEYS="planted-and-no-key")
    assert ended.code == ExitCode.SECRET_KEYS
    assert "Secret key number 1 is not a Fernet key" in ended.line


async def test_no_room_for_the_key_file_leaves_nothing_that_blocks_the_next_start(bot, tmp_path: Path) -> None:
    """It used to leave an empty one, with which no start succeeded, room or not."""
    ended = await bot(DISCORD_TOKEN=TOKEN, DISCORD_API_URL=NOBODY, no_room=True)
    assert ended.code == ExitCode.SECRET_KEYS
    assert "key file data/wingcord.key cannot be used: file too large" in ended.line
    assert [file.name for file in files(tmp_path)] == ["wingcord.lock"]
    assert (await bot(DISCORD_TOKEN=TOKEN, DISCORD_API_URL=NOBODY)).code == ExitCode.DISCORD
    assert (tmp_path / "data/wingcord.key").stat().st_mode & 0o777 == 0o600


async def test_no_room_for_the_database_leaves_nothing_that_blocks_the_next_start(bot, tmp_path: Path) -> None:
    ended = await bot(DISCORD_TOKEN=TOKEN, DISCORD_API_URL=NOBODY, SECRET_KEYS=KEY, no_room=True)
    assert ended.code == ExitCode.DATABASE
    assert "cannot be opened: disk I/O error" in ended.line
    assert (await bot(DISCORD_TOKEN=TOKEN, DISCORD_API_URL=NOBODY, SECRET_KEYS=KEY)).code == ExitCode.DISCORD


async def test_secret_keys_that_do_not_fit_what_is_stored(bot, tmp_path: Path) -> None:
    await filled(tmp_path)
    ended = await bot(DISCORD_TOKEN=TOKEN, DISCORD_API_URL=NOBODY, SECRET_KEYS=OTHER_KEY)
    assert ended.code == ExitCode.SECRET_KEYS
    assert "other secret keys" in ended.line


async def test_a_port_that_is_taken(bot, discord_that_refuses: str) -> None:
    taken = discord_that_refuses.removeprefix("http://").partition("/")[0]
    ended = await bot(DISCORD_TOKEN=TOKEN, DISCORD_API_URL=NOBODY, SECRET_KEYS=KEY, HTTP_LISTEN=taken)
    assert ended.code == ExitCode.HTTP_LISTEN
    assert taken in ended.line


async def filled(folder: Path, url: str = "http://127.0.0.1:1") -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{folder}/data/wingcord.db", [KEY])
    await store.panels.add(1, url, PanelKind.PTERODACTYL, "Main", "ptlc_plantedplantedplantedplantedplantedplanted")
    await store.close()


def newer(folder: Path) -> None:
    with sqlite3.connect(folder / "data/wingcord.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


def findings(ended: Ended) -> dict[str, str]:
    """By subject: `ok …` or `wrong …`."""
    found: dict[str, str] = {}
    for line in ended.out.splitlines():
        verdict, subject_and_text = line.split(maxsplit=1)
        subject, _, text = subject_and_text.partition(": ")
        found[subject] = f"{verdict} {text}"
    return found


async def test_check_on_an_empty_folder_tells_what_is_missing_and_makes_nothing(bot, tmp_path: Path) -> None:
    ended = await bot("check")
    assert ended.code == 1
    assert ended.err == ""
    found = findings(ended)
    assert found["DISCORD_TOKEN"].startswith("wrong not set: copy the token")
    assert found["HTTP_LISTEN"] == "ok off."
    assert found["DATABASE_URL"].startswith("ok data/wingcord.db will be made")
    assert found["SECRET_KEYS"].startswith("ok a key file will be made")
    assert files(tmp_path) == []


async def test_check_tells_everything_that_is_wrong_at_once(bot, tmp_path: Path, discord_that_refuses: str) -> None:
    await filled(tmp_path)
    ended = await bot(
        "check",
        DISCORD_TOKEN=TOKEN,
        DISCORD_API_URL=discord_that_refuses,
        HTTP_LISTEN=discord_that_refuses.removeprefix("http://").partition("/")[0],
        SECRET_KEYS=KEY,
        ALLOW_PRIVATE_PANELS="true",
    )
    assert ended.code == 1
    found = findings(ended)
    assert "refuses the bot token" in found["DISCORD_TOKEN"]
    assert found["HTTP_LISTEN"].startswith("wrong")
    assert found["DATABASE_URL"] == "ok opens and is up to date."
    assert found["SECRET_KEYS"] == "ok they fit."
    assert found["panel “Main” of guild 1"].startswith("wrong")


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [("planted-and-no-key", "not a Fernet key"), (OTHER_KEY, "other secret keys"), ("", "is missing or empty")],
)
async def test_check_tells_which_secret_keys_are_wrong(bot, tmp_path: Path, keys: str, sentence: str) -> None:
    await filled(tmp_path)
    ended = await bot("check", DISCORD_TOKEN=TOKEN, DISCORD_API_URL=NOBODY, SECRET_KEYS=keys)
    assert ended.code == 1
    found = findings(ended)
    assert found["SECRET_KEYS"].startswith("wrong")
    assert sentence in found["SECRET_KEYS"]
    assert "cannot be reached" in found["Discord"]
    assert not (tmp_path / "data/wingcord.key").exists()


async def test_check_finds_secret_keys_wrong_that_are_set_but_empty(bot, tmp_path: Path) -> None:
    """The bot would not start with them, and makes no key file of its own where something is set."""
    ended = await bot("check", DISCORD_TOKEN=TOKEN, DISCORD_API_URL=NOBODY, SECRET_KEYS=",")
    assert findings(ended)["SECRET_KEYS"].startswith("wrong There is no secret key")
    assert (await bot(DISCORD_TOKEN=TOKEN, DISCORD_API_URL=NOBODY, SECRET_KEYS=",")).code == ExitCode.SECRET_KEYS


async def test_check_finds_a_driver_that_cannot_be_used_before_there_is_a_file(bot) -> None:
    ended = await bot("check", DISCORD_TOKEN=TOKEN, DISCORD_API_URL=NOBODY, DATABASE_URL="sqlite:///new.db")
    found = findings(ended)
    assert found["DATABASE_URL"].startswith("wrong names a driver")
    assert "SECRET_KEYS" not in found


@pytest.mark.parametrize("token", ["planted token", "planted\ntoken", "plantedé"])
async def test_what_cannot_be_a_token_is_refused_before_it_is_sent(bot, token: str) -> None:
    ended = await bot(DISCORD_TOKEN=token, DISCORD_API_URL=NOBODY)
    assert ended.code == ExitCode.TOKEN
    assert "is not a token" in ended.line


async def test_check_tells_a_newer_database(bot, tmp_path: Path) -> None:
    await filled(tmp_path)
    newer(tmp_path)
    found = findings(await bot("check", DISCORD_TOKEN=TOKEN, DISCORD_API_URL=NOBODY, SECRET_KEYS=KEY))
    assert found["DATABASE_URL"].startswith("wrong the database was made by a newer version")


async def test_check_of_settings_that_cannot_be_used(bot) -> None:
    ended = await bot("check", LOG_LEVEL="planted")
    assert ended.code == ExitCode.SETTINGS
    assert "LOG_LEVEL must be" in ended.line


async def test_check_finds_a_good_set_up_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.check import check
    from sandbox.panel import PanelStandIn

    monkeypatch.chdir(tmp_path)
    async with PanelStandIn() as panel:
        store = await Store.open(Settings().database_url, [KEY])
        key = panel.add_key(panel.add_user("botuser"))
        await store.panels.add(1, panel.url, PanelKind.PTERODACTYL, "Main", key)
        for role_id in (7, 8):
            await store.grants.add(1, role_id, [Action.VIEW])
        await store.close()

        async def probe(token: str, api_url: str | None) -> Application:
            assert (token, api_url) == (TOKEN, None)
            return Application(1, "Wingcord")

        settings = Settings(discord_token=TOKEN, secret_keys=KEY, allow_private_panels=True, http_listen="127.0.0.1:0")
        found = [finding async for finding in check(settings, probe=probe)]
        crowded = [finding async for finding in check(settings.model_copy(update={"max_grants": 1}), probe=probe)]
    assert [finding for finding in found if not finding.fine] == []
    assert {finding.subject for finding in found} == {
        "DISCORD_TOKEN", "invitation", "HTTP_LISTEN", "DATABASE_URL", "SECRET_KEYS", "panel “Main” of guild 1",
    }  # fmt: skip
    assert "client_id=1&" in next(finding.text for finding in found if finding.subject == "invitation")
    (beyond,) = [finding for finding in crowded if finding not in found]
    assert (beyond.fine, beyond.subject) == (True, "MAX_GRANTS")
    assert "has 2 and may have 1" in beyond.text


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437", "koi8-r"])
async def test_a_terminal_that_lacks_letters_is_told_all_the_same(bot, encoding: str) -> None:
    """Windows consoles and old locales: a name somewhere must not end the program."""
    url = "sqlite+aiosqlite:///dätä‹☆🔥›/x.db"
    settings = {"DISCORD_TOKEN": TOKEN, "DISCORD_API_URL": NOBODY, "DATABASE_URL": url, "PYTHONIOENCODING": encoding}
    ended = await bot("check", **settings)
    assert "Incident" not in ended.out and ended.err == ""
    assert "x.db will be made at the first start" in ended.out


@pytest.mark.parametrize("task", ["check", "run"])
@pytest.mark.parametrize("gone", [True, False])
async def test_output_that_nobody_can_read_changes_no_exit_code(bot, task: str, gone: bool) -> None:
    """As in `check | head`, with a full disk behind `>`, or when the terminal was closed."""
    expected = (await bot(task, DISCORD_TOKEN=TOKEN, DISCORD_API_URL=NOBODY)).code
    reading, out = os.pipe()
    os.close(reading)
    if not gone:
        os.close(out)
        out = os.open("/dev/full", os.O_WRONLY)
    ended = await bot(task, out=out, DISCORD_TOKEN=TOKEN, DISCORD_API_URL=NOBODY)
    os.close(out)
    assert ended.code == expected
    assert "bug" not in ended.err and "ignored" not in ended.err


PROGRAM = """
import asyncio, os, signal, sys, types
import bot.__main__ as program

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are born with it ignored

async def fail(settings):
    raise RuntimeError("broke over " + settings.discord_token.get_secret_value())

async def be_interrupted(settings):
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.Event().wait()

sys.modules["bot.app"] = types.SimpleNamespace(run={run})
sys.argv[1:] = []
sys.exit(program.main())
"""


async def run_with(run: str) -> Ended:
    """The program with another app inside."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM.replace("{run}", run),
        env={**os.environ, "DISCORD_TOKEN": TOKEN},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(45):
        out, err = await process.communicate()
    return Ended(process.returncode or 0, out.decode(), err.decode())


async def test_an_error_nobody_foresaw_has_an_incident_number_and_its_traceback_only_in_the_log() -> None:
    ended = await run_with("fail")
    assert ended.code == ExitCode.UNFORESEEN
    (incident,) = re.findall(r"because of a bug \(incident ([0-9A-F]{6})\)", ended.line)
    assert f"Incident {incident}" in ended.out
    assert "RuntimeError: broke over [secret]" in ended.out
    assert "planted" not in ended.out + ended.err


async def test_ctrl_c_is_no_error() -> None:
    ended = await run_with("be_interrupted")
    assert (ended.code, ended.err) == (0, "")
