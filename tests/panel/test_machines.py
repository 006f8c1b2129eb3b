"""What a panel may send, and where a client connects to, does not depend on the packages found on a machine."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.machines import CODECS, packages, python_of

ROOT = Path(__file__).resolve().parents[2]
PACKED = """
import brotli, sys
from pathlib import Path
zstd = __import__("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd", fromlist=["x"])
plain = b'{"object": "list", "data": [], "meta": {"pagination": {"total": 0, "total_pages": 1}}}'
for name, pack in (("br", brotli.compress), ("zstd", zstd.compress)):
    Path(sys.argv[1], name).write_bytes(pack(plain + b" " * 64 * 2**20))
"""
"""Writes bombs of 64 MiB; the packages for it are not in the environment that runs the tests."""
ASKING = """
import asyncio, json, resource, sys
from pathlib import Path
from aiohttp import web
from bot.errors import PanelError
from bot.logs import set_up_logs
from bot.panel.pool import PanelPool
from bot.panel.timing import PanelTiming

async def main():
    asked, told = [], {}
    kind = ""
    async def answer(request):
        asked.append(request.headers["Accept-Encoding"])
        if not kind:
            return request.transport.close() or web.Response()
        return web.Response(body=Path(sys.argv[1], kind).read_bytes(), content_type="application/json",
                            headers={"Content-Encoding": kind})
    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    timing = PanelTiming(retry_first=0.005)
    for guarded, kinds in ((False, ("br", "zstd", "")), (True, ("private",))):
        pool = PanelPool(allow_private=not guarded, timing=timing)
        for kind in kinds:
            where = url.replace("127.0.0.1", "localhost") if guarded else url
            try:
                await pool.client(url=where, key="ptlc_" + "a" * 43).list_servers()
            except PanelError as error:
                told[kind] = [type(error).__name__, str(error)]
        await pool.close()
    await runner.cleanup()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps({"told": told, "asked": sorted(set(asked)), "grown": grown}))

set_up_logs("error", "text", sys.stderr)
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def bombs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bombs")
    python = python_of(folder, having=packages())
    subprocess.run([python, "-c", PACKED, folder], check=True)
    return folder


@pytest.mark.parametrize("has_codecs", [False, True], ids=["without codecs", "with codecs"])
def test_a_client_asks_connects_and_refuses_alike(tmp_path, bombs, has_codecs):
    python = python_of(tmp_path, **({"having": packages()} if has_codecs else {"lacking": CODECS}))
    done = subprocess.run([python, "-c", ASKING, bombs], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1, "something was printed past the log"
    assert done.stderr == ""
    seen = json.loads(done.stdout)
    assert seen["asked"] == ["gzip, deflate"]
    assert seen["grown"] < 32, "MiB"
    for kind in ("br", "zstd"):
        assert seen["told"][kind][0] == "PanelBroken"
        assert "compressed in a way that was not asked for" in seen["told"][kind][1]
    assert seen["told"][""][0] == "PanelUnreachable" or "Connection" in seen["told"][""][0]
    assert seen["told"]["private"][0] == "AddressForbidden"
