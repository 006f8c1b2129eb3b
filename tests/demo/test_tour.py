"""The tour with the real bot, as the page's program does it over its websocket, and what the roles may do after it."""

import pytest

from .conftest import visit


@pytest.fixture(params=[()])
def program(start, request):
    return start("--port", "0", *request.param)


async def typed(visitor, command, **options):
    answer = await visitor.ask("slash", command=command, options=options)
    assert "refused" not in answer and not answer["failed"], answer
    return answer


async def do_step(visitor, name):
    """What "type it for me" and Enter do."""
    step = visitor.step(name)
    await visitor.be(step["as"])
    answer = await typed(visitor, step["type"]["command"], **step["type"]["options"])
    if answer["form"]:
        values = {item["field"]: item["value"] for item in step["copy"]}
        await visitor.ask("submit", reply=answer["form"]["reply"], values=values)
    await visitor.until(lambda: name in visitor.done)


async def test_the_five_steps_are_ticked_by_what_happened_one_after_the_other(program):
    async with visit(program.address) as visitor:
        await visitor.until(lambda: visitor.known["bot"]["state"] == "ready" and visitor.commands)
        assert visitor.done == []
        form = (await typed(visitor, "panel connect"))["form"]
        assert [field["id"] for field in form["fields"]][:2] == ["url", "api_key"]
        assert visitor.done == []  # opening the form connects nothing
        for number, name in enumerate(("connect", "link", "grant", "relay", "start"), 1):
            await do_step(visitor, name)
            assert len(visitor.done) == number
        await visitor.open("castle-console")
        await visitor.shows("Done (")
        await visitor.until(lambda: visitor.server("Castle")["state"] == "running")
        await visitor.ask("trouble", what="chatter-off", server=visitor.server("Castle")["id"])
        await visitor.ask("trouble", what="flood-1000", server=visitor.server("Castle")["id"])
        count = await visitor.until(
            lambda: next(
                each
                for each in visitor.known["servers"]["tally"]
                if each["printed"] > 1000 and each["printed"] == each["shown"] + each["left_out"]
            )
        )
        assert count["left_out"] == 0


@pytest.mark.parametrize("program", [("--ready",)], indirect=True)
async def test_ready_takes_all_steps_and_every_role_may_what_it_may(program):
    async with visit(program.address) as visitor:
        await visitor.until(lambda: len(visitor.done) == 5)
        assert {"start", "panel connect", "access grant"} <= set(visitor.commands)
        refused = await visitor.ask("slash", command="access grant", options={})
        assert "required" in refused["refused"]

        await visitor.be("helper")
        assert "start" in visitor.commands and "panel connect" not in visitor.commands
        choices = await visitor.ask("suggest", command="start", option="server", typed="cas", options={})
        assert [choice["value"] for choice in choices["choices"]] == ["Castle"]
        await typed(visitor, "kill", server="Castle")
        told = await visitor.shows("kill", "/access grant")
        assert told["ephemeral"]

        await visitor.be("stranger")
        assert (await visitor.ask("suggest", command="start", option="server", typed="", options={}))["choices"] == []

        await visitor.be("owner")
        await typed(visitor, "kill", server="Castle")
        asked = await visitor.until(lambda: next(each for each in visitor.messages.values() if each["components"]))
        button = asked["components"][0]["components"][0]
        assert button["style"] == 4
        await visitor.until(lambda: visitor.server("Castle")["state"] == "running")
        pressed = await visitor.ask("click", message=asked["id"], id=button["custom_id"])
        assert not pressed["failed"]
        await visitor.until(lambda: visitor.server("Castle")["state"] == "offline")
