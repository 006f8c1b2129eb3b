"""What people are told whose wishes cross or are not clear: a start during a stop, a crash, which of two servers."""


async def test_a_start_during_a_stop_waits_at_the_press_of_a_button(world):
    (castle,) = await world.set_up("Castle", running=True, stop_seconds=4.0)
    stopping = await world.slash(world.helper, "stop")
    await world.panel.wait_for(lambda: castle.state == "stopping", timeout=30)
    await world.says(stopping, "is stopping")
    refused = await world.slash(world.helper, "start")
    assert "is still stopping" in refused.text and "nothing was sent" in refused.text
    await refused.click("Start when it is off")
    await world.shows("Waiting until **Castle** is off", channel=world.general)
    await world.says(stopping, "has stopped")
    await world.shows(f"<@{world.helper.id}>: 🟢 **Castle** is up", channel=world.general)
    assert world.panel.signals_received(castle) == ["stop", "start"]
    assert refused.components == []


async def test_a_crash_is_told_as_one_with_what_the_node_does_about_it(world):
    (castle,) = await world.set_up("Castle", running=True)
    await castle.crash()
    await world.shows("💥 **Castle** crashed (exit code 1). Wings starts it again.", "▶ **Castle** is running")
    await castle.crash()
    await world.shows("crashed (exit code 1). Wings does not start it again, because it crashed less than 60 s before")
    assert "is offline" not in world.console.text


async def test_a_hundred_lines_that_were_asked_for_are_there_and_masked_alike(world):
    (castle,) = await world.set_up("Castle", running=True, allow="console")
    for number in range(100):
        castle.emit(f"line {number} of a hundred, and so far nobody has joined from 203.0.113.{number}")
    await world.shows("line 99 of a hundred")
    last = await world.slash(world.helper, "console", lines=100)
    assert "of 100 lines; the file has all of them" in last.text
    [file] = last.message.attachments
    lines = file.data.decode().splitlines()
    assert [line.split(" of ")[0] for line in lines] == [f"line {number}" for number in range(100)]
    assert "203.0.113" not in file.data.decode() + last.text
    assert lines[-1] in last.text


async def test_a_command_that_could_mean_two_servers_goes_on_with_the_one_that_is_chosen(world):
    castle, tower = await world.set_up("Castle", "Tower", relay=False, boot_seconds=0.5)
    asked = await world.slash(world.helper, "start")
    assert asked.ephemeral and "Which server?" in asked.text
    started = await asked.select("Choose a server", ["Tower"])
    await world.says(started, "**Tower** is up")
    assert not started.ephemeral
    assert (world.panel.signals_received(castle), world.panel.signals_received(tower)) == ([], ["start"])
