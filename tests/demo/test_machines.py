"""The demo starts on all kinds of machines: whatever they have set, and whatever libraries find there and use unasked."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machines import CODECS, packages, python_of

from .conftest import ROOT, visit, wait_until

FOUND = """
import aiohttp, discord.utils as utils, sys
from aiohttp.compression_utils import HAS_BROTLI, HAS_ZSTD
print(utils._ZSTD_SOURCE, utils.HAS_ORJSON, HAS_BROTLI, HAS_ZSTD, aiohttp.DefaultResolver.__name__)
"""
"""Prints what the libraries of the interpreter that runs it have found."""
VARIABLES = """
import os
os.environ["PROMETHEUS_MULTIPROC_DIR"] = "/nonexistent"
for name in ("http", "https", "ws", "wss", "all"):
    os.environ[f"{name}_proxy"] = os.environ[f"{name.upper()}_PROXY"] = "http://127.0.0.1:9"
for name in ("no_proxy", "NO_PROXY"):
    os.environ.pop(name, None)
"""
"""In both processes: the demo hands the bot only what it needs, and these are not among it."""
IPV6_ALONE = """
import socket
genuine = socket.getaddrinfo
def getaddrinfo(host, port, *arguments, **named):
    if host != "localhost":
        return genuine(host, port, *arguments, **named)
    family = arguments[0] if arguments else named.get("family", 0)
    if family == socket.AF_INET:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return genuine("::1", port, *arguments, **named)
socket.getaddrinfo = getaddrinfo
"""


def starts(program, data: Path) -> None:
    """The bot comes up, everything can be set up, all ends in order, and neither of the two complains."""
    end = "Everything is set up and running."
    wait_until(lambda: end in program.output or program.process.poll() is not None, program)
    code, _ = program.end()
    log = (data / "bot.log").read_text(encoding="utf-8")
    assert end in program.output and code == 0, program.output
    assert complaints(program.output) == complaints(log) == []


def complaints(output: str) -> list[str]:
    """What is wrong by this output, but for what other people's code and the slowness of this machine give cause to."""
    return [
        line
        for line in output.splitlines()
        if any(word in line for word in (" WARNING ", " ERROR ", "Warning", "Traceback"))
        and "site-packages" not in line
        and "WARNING asyncio: Executing" not in line
    ]


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "TZ": "Pacific/Kiritimati"}, id="C"),
        pytest.param({"LC_ALL": "POSIX", "LANG": None, "TZ": "Etc/GMT+12"}, id="POSIX"),
        pytest.param({"HOME": None, "TMPDIR": None, "USER": None, "PYTHONDEVMODE": "1"}, id="no home, development mode"),
    ],
)  # fmt: skip
def test_it_starts_with_these_settings(start, tmp_path, settings):
    starts(start("--port", "0", "--ready", "--data", str(tmp_path), **settings), tmp_path)


def test_it_starts_in_a_checkout_with_blanks_and_umlauts_and_writes_nothing_into_it(start, tmp_path):
    """Whoever unpacked it as another user cannot write there; root can, so it is looked at what is there afterwards."""
    checkout = tmp_path / "Müllers Bot (neu) 🎮"
    for room in ("bot", "cogs", "migrations", "sandbox"):
        shutil.copytree(ROOT / room, checkout / room, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in (checkout, *checkout.rglob("*/")):
        folder.chmod(0o555)
    before = everything_in(checkout)
    data = tmp_path / "Daten & Co"
    program = start("--port", "0", "--ready", "--data", str(data), root=checkout)
    starts(program, data)
    assert everything_in(checkout) == before
    for folder in (checkout, *checkout.rglob("*/")):
        folder.chmod(0o755)


def test_it_starts_where_variables_are_set_that_libraries_read_unasked(start, tmp_path):
    """A proxy above all: panels and nodes are contacted from here, where their addresses are checked."""
    python = python_of(tmp_path, start=VARIABLES)
    data = tmp_path / "data"
    starts(start("--port", "0", "--ready", "--data", str(data), python=python, HOME="/nonexistent"), data)


def everything_in(folder: Path) -> list[Path]:
    """All that is there but for Python's own bytecode."""
    return sorted(path for path in folder.rglob("*") if "__pycache__" not in path.parts)


def test_two_run_beside_each_other(start, tmp_path):
    programs = {tmp_path / name: None for name in ("one", "two")}
    for data in programs:
        programs[data] = start("--ready", "--data", str(data))
    assert len({program.base for program in programs.values()}) == 2
    for data, program in programs.items():
        starts(program, data)


def found_by(python: str) -> list[str]:
    done = subprocess.run([python, "-W", "ignore", "-c", FOUND], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.split()


def test_it_starts_where_libraries_find_no_codec_at_all(start, tmp_path):
    python = python_of(tmp_path, lacking=CODECS)
    assert found_by(python) == ["None", "False", "False", "False", "ThreadedResolver"]
    starts(start("--port", "0", "--ready", "--data", str(tmp_path / "data"), python=python), tmp_path / "data")


def test_it_starts_where_libraries_find_every_codec(start, tmp_path):
    python = python_of(tmp_path, having=packages())
    source = "zstandard" if sys.version_info < (3, 15) else "compression.zstd"
    assert found_by(python) == [source, "True", "True", "True", "AsyncResolver"]
    starts(start("--port", "0", "--ready", "--data", str(tmp_path / "data"), python=python), tmp_path / "data")


def test_it_starts_on_another_event_loop(start, tmp_path):
    said = "print('this is', type(asyncio.new_event_loop()).__module__, file=sys.stderr, flush=True)"
    loop = "import asyncio, uvloop, warnings\nwarnings.simplefilter('ignore')\nasyncio.set_event_loop_policy(uvloop.EventLoopPolicy())\n"
    python = python_of(tmp_path, having=packages(), start=loop)
    done = subprocess.run([python, "-c", f"import asyncio, sys; {said}"], check=True, capture_output=True, text=True)
    assert "uvloop" in done.stderr
    starts(start("--port", "0", "--ready", "--data", str(tmp_path / "data"), python=python), tmp_path / "data")


async def test_it_starts_where_localhost_is_an_ipv6_address_alone(start, tmp_path):
    python = python_of(tmp_path, start=IPV6_ALONE)
    program = start("--port", "0", "--ready", "--data", str(tmp_path / "data"), "--listen", "localhost", python=python)
    address = await asyncio.to_thread(lambda: program.address)
    assert address.startswith("http://localhost:")
    async with visit(address.replace("localhost", "[::1]")) as visitor:
        await visitor.until(lambda: visitor.known["bot"]["state"] == "ready")
    await asyncio.to_thread(starts, program, tmp_path / "data")
