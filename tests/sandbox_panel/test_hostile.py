"""A panel that means harm plays its tricks over real sockets, and is an ordinary panel otherwise."""

import asyncio
import json
import zlib

import aiohttp
import pytest

from sandbox.panel import Fault, Hostile

ENDLESS = [Hostile.DRIP, Hostile.INTERIM]
WHOLE = [trick for trick in Hostile if trick not in (*ENDLESS, Hostile.GZIP_BOMB)]


@pytest.mark.parametrize("trick", WHOLE, ids=str)
async def test_a_trick_that_ends_is_sent_whole_and_concerns_no_action(scene, trick):
    scene.panel.faults.add(Fault(trick, times=None))
    reply = await scene.get()
    assert len(reply.text) >= (0 if trick is Hostile.SAME_PAGE else 4_000)
    assert (await scene.post(scene.path("/power"), {"signal": "start"})).status == 204
    assert scene.panel.requests[0].path == "/api/client"


@pytest.mark.parametrize("trick", [Hostile.CROWDED_PAGES, Hostile.ENDLESS_PAGES, Hostile.FOLDING_NAMES], ids=str)
async def test_pages_have_no_end_and_hold_other_servers_each(scene, trick):
    scene.panel.faults.add(Fault(trick, times=None))
    pages = [(await scene.get(f"?page={page}&per_page=20")).json for page in (1, 2, 900)]
    uuids = {entry["attributes"]["uuid"] for page in pages for entry in page["data"]}
    assert len(uuids) == 3 * (12_000 if trick is Hostile.CROWDED_PAGES else 20)
    assert pages[0]["meta"]["pagination"]["total_pages"] == 1_000_000
    assert (await scene.get("/account")).json["attributes"]["username"] == scene.bot.username


async def test_a_fat_server_is_fat_alone_too(scene):
    scene.panel.faults.add(Fault(Hostile.FAT_SERVERS, times=None))
    relationships = (await scene.get(scene.path())).json["attributes"]["relationships"]
    assert len(relationships["allocations"]["data"]) == 204_500
    assert (await scene.get(scene.path("/resources"))).status == 200


async def test_a_bomb_is_small_on_the_wire_and_a_gib_at_last(scene):
    scene.panel.faults.add(Fault(Hostile.GZIP_BOMB))
    async with (
        aiohttp.ClientSession(auto_decompress=False) as http,
        http.get(scene.panel.url + "/api/client", headers={"Authorization": f"Bearer {scene.key}"}) as response,
    ):
        body = await response.read()
    assert len(body) < 2 * 2**20
    unpack = zlib.decompressobj(31)
    assert unpack.decompress(body, 4 * 2**20) == b" " * 4 * 2**20
    assert unpack.unconsumed_tail


@pytest.mark.parametrize("trick", ENDLESS, ids=str)
async def test_an_endless_answer_goes_on_until_its_reader_is_gone(scene, trick):
    scene.panel.faults.add(Fault(trick))
    host, port = scene.panel.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /api/client HTTP/1.1\r\nHost: panel\r\n\r\n")
    begun = await reader.readuntil(b"\r\n\r\n")
    assert begun.startswith(b"HTTP/1.1 200" if trick is Hostile.DRIP else b"HTTP/1.1 102")
    await reader.read(2)
    writer.close()
    assert json.loads((await scene.get()).text)["object"] == "list"


def connections() -> int:
    """How many connections the stand-in is busy with, open or not."""
    return sum(getattr(task.get_coro(), "__qualname__", "") == "RequestHandler.start" for task in asyncio.all_tasks())


@pytest.mark.parametrize("trick", Hostile, ids=str)
async def test_a_reader_that_leaves_is_no_defect_of_the_stand_in(scene, trick, caplog):
    scene.panel.faults.add(Fault(trick))
    before = connections()
    host, port = scene.panel.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /api/client HTTP/1.1\r\nHost: panel\r\n\r\n")
    await reader.read(2)
    assert connections() > before
    writer.transport.abort()
    async with asyncio.timeout(20):
        while connections() > before:  # noqa: ASYNC110  the task of a web server's connection has no event to wait for
            await asyncio.sleep(0.02)
    assert not [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}], caplog.text
