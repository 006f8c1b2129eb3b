"""The page's server: nobody gets in without the key, nothing of what it serves can act, pages hear what they may."""

import asyncio

import aiohttp
import pytest

from sandbox.discord import Attachment, Message

from .conftest import visit

PATHS = ["/", "/static/js/main.js", "/static/mark.svg", "/live", "/files/1/2/3", "/nothing"]


@pytest.mark.parametrize("path", PATHS)
async def test_without_the_key_nothing_is_served(stage, path):
    async with aiohttp.ClientSession() as session, session.get(stage.base + path) as answer:
        assert answer.status == 403
        assert "terminal" in await answer.text()


async def test_the_key_opens_one_browser_and_a_new_one_is_made(stage):
    first = stage.address
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(first) as answer:
            assert answer.status == 200
            cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
        async with session.get(stage.base) as answer:
            assert answer.status == 200
    async with aiohttp.ClientSession() as other, other.get(first) as answer:
        assert answer.status == 403
    assert stage.used == 1
    assert stage.address != first


async def test_every_answer_forbids_foreign_and_inline_content(stage):
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        await (await session.get(stage.address)).release()
        for path in [path for path in PATHS if path != "/live"]:
            async with session.get(stage.base + path) as answer:
                policy = answer.headers["Content-Security-Policy"]
                assert policy.startswith("default-src 'none'")
                assert "unsafe" not in policy
                assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_static_files_end_at_their_folder(stage):
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        await (await session.get(stage.address)).release()
        for path in ("/static/%2e%2e/web.py", "/static/..%2fweb.py", "/static//etc/passwd", "/static/js"):
            async with session.get(stage.base + path) as answer:
                assert answer.status == 404, path


@pytest.mark.parametrize("origin", ["http://evil.example.test", "null", None])
async def test_the_websocket_is_for_this_page_only(stage, origin):
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        await (await session.get(stage.address)).release()
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(f"{stage.base}/live", origin=origin)
        assert refused.value.status == 403


async def test_files_that_pretend_to_be_pages_are_served_as_text(stage):
    scene = stage.scene
    channel = scene.channel("general")
    files = [
        Attachment(5, "a.html", b"<script>alert(1)</script>", "text/html"),
        Attachment(6, "a.svg", b"<svg/>", "image/svg+xml"),
    ]
    message = Message(scene.discord.world.ids.now(), channel, scene.discord.world.bot, attachments=files)
    channel.add(message)
    async with visit(stage.address) as visitor:
        shown = await visitor.until(lambda: visitor.messages[str(message.id)])
        assert [item["image"] for item in shown["files"]] == [False, False]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        await (await session.get(stage.address)).release()
        for item in shown["files"]:
            async with session.get(stage.base + item["url"]) as answer:
                assert answer.status == 200
                assert answer.headers["Content-Type"].startswith("text/plain")
                assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_everybody_sees_the_channels_of_their_roles_and_their_own_private_replies(stage):
    async with visit(stage.address) as visitor:
        assert visitor.channels == ["general", "castle-console", "castle-night", "survival-console", "staff"]
        await visitor.be("reader")
        assert visitor.channels == ["general", "castle-console", "castle-night", "survival-console"]
        await visitor.open("castle-console")
        await visitor.be("stranger")
        assert visitor.channels == ["general"]
        assert visitor.known["channel"]["id"] == visitor.channel("general")
        scene = stage.scene
        for who in ("owner", "stranger"):
            message = Message(
                scene.discord.world.ids.now(), scene.channel("general"), scene.discord.world.bot, f"for {who}"
            )
            message.ephemeral_to = scene.people[who].member
            scene.channel("general").add(message)
        shown = await visitor.shows("for stranger")
        assert not any("for owner" in each["content"] for each in visitor.messages.values())
        await visitor.ask("dismiss", message=shown["id"])
        await visitor.open("general")
        await visitor.until(lambda: shown["id"] not in visitor.messages)


async def test_what_cannot_be_done_is_a_sentence_and_rubbish_is_ignored(stage):
    async with visit(stage.address) as visitor:
        for rubbish in ("no json", "[1, 2]", '"word"'):
            await visitor.socket.send_str(rubbish)
        for what, fields in {
            "slash": {"command": "nothing here"},
            "click": {"message": "1", "id": "x"},
            "submit": {"reply": "1", "values": {}},
            "open": {"channel": "7"},
            "trouble": {"what": "earthquake", "server": "x"},
            "unheard-of": {},
        }.items():
            answer = await visitor.ask(what, **fields)
            assert answer["refused"].endswith("."), what
        castle = visitor.server("Castle")["id"]
        refused = await visitor.ask("trouble", what="crash", server=castle)
        assert "not running" in refused["refused"]
        await visitor.ask("say", text="hello there")
        assert (await visitor.shows("hello there"))["author"]["name"] == "Olivia"


async def test_ten_thousand_lines_reach_a_page_in_few_small_portions(stage):
    async with visit(stage.address) as visitor:
        survival = visitor.server("Survival")["id"]
        await visitor.ask("watch", server=survival)
        await visitor.until(lambda: visitor.known["console"]["server"] == survival)
        before = len(visitor.frames)
        answer = await visitor.ask("trouble", what="flood-10000", server=survival)
        assert "10,000" in answer["told"]
        await visitor.until(lambda: any("10000 of 10000" in line for line in visitor.known["printed"]["lines"]))
        portions = [frame["printed"] for frame in visitor.frames[before:] if "printed" in frame]
        assert sum(len(part["lines"]) + part["skipped"] for part in portions) >= 10_000
        assert max(len(part["lines"]) for part in portions) <= 400
        assert len(visitor.frames) - before < 200


async def test_a_page_that_reads_slowly_costs_no_memory(stage):
    """What a page has not been told waits in bounded lists, however much happens."""
    async with visit(stage.address) as visitor:
        (page,) = stage.live.pages
        page._send = _never
        for number in range(3_000):
            stage.scene.survival.emit(f"line {number}")
            stage.scene.discord.say(stage.scene.owner, stage.scene.channel("general"), f"word {number}")
        assert len(page._console) <= 400
        assert len(page._messages) <= 200
        assert visitor.known["world"]


async def _never(_: object) -> None:
    await asyncio.Event().wait()
