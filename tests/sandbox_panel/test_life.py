"""What befalls servers and nodes, as seen from sockets and from the panel."""

import asyncio
import time

import aiohttp
import pytest

from sandbox.panel import Profile

CRASH = "---------- Detected server process in a crashed state! ----------"
AGAIN = "Aborting automatic restart, last crash occurred less than 60 seconds ago."


def daemon(socket):
    return [line.split("\x1b[39m ")[1].removesuffix("\x1b[0m") for line in socket.lines() if "Daemon]:" in line]


async def test_a_crash_restarts_the_server_and_a_second_one_within_a_minute_does_not(make_scene):
    scene = await make_scene(running=True)
    socket = await scene.console()
    await scene.server.crash(137, oom=True)
    await socket.until_event("status", "running", count=2)
    assert socket.states() == ["running", "offline", "starting", "running"]
    assert daemon(socket)[:3] == [CRASH, "Exit code: 137", "Out of memory: true"]
    await scene.server.crash(1)
    await socket.until(lambda: AGAIN in daemon(socket))
    assert daemon(socket)[-4:] == [CRASH, "Exit code: 1", "Out of memory: false", AGAIN]
    assert scene.server.state == "offline"


async def test_crashes_further_apart_than_a_minute_restart_each_time(make_scene):
    scene = await make_scene(running=True, scale=0.001)
    socket = await scene.console()
    await scene.server.crash()
    await socket.until_event("status", "running", count=2)
    before = scene.panel.clock.elapsed()
    await scene.panel.wait_for(lambda: scene.panel.clock.elapsed() > before + 61)
    await scene.server.crash()
    await socket.until_event("status", "running", count=3)
    assert AGAIN not in daemon(socket)


async def test_with_detection_off_it_stays_down(make_scene):
    scene = await make_scene(running=True, detect_crashes=False)
    socket = await scene.console()
    await scene.server.crash()
    text = "Aborting automatic restart, crash detection is disabled for this instance."
    await socket.until(lambda: daemon(socket) == [text])
    assert scene.server.state == "offline"


async def test_a_clean_exit_counts_as_a_crash_by_default(make_scene):
    scene = await make_scene(running=True)
    socket = await scene.console()
    await scene.server.crash(0)
    await socket.until_event("status", "running", count=2)
    assert "Exit code: 0" in daemon(socket)


async def test_stop_and_restart_end_where_they_should(make_scene):
    scene = await make_scene(running=True)
    socket = await scene.console()
    await scene.post(scene.path("/power"), {"signal": "restart"})
    await socket.until_event("status", "running", count=2)
    await scene.post(scene.path("/power"), {"signal": "stop"})
    await socket.until_event("status", "offline", count=2)
    assert socket.states() == ["running", "stopping", "offline", "starting", "running", "stopping", "offline"]
    assert CRASH not in daemon(socket)
    assert "stop" in socket.lines()


async def test_a_restart_of_an_offline_server_just_starts_it(scene):
    await scene.post(scene.path("/power"), {"signal": "restart"})
    await scene.panel.wait_for(lambda: scene.server.state == "running")


async def test_a_stop_of_an_offline_server_does_nothing(make_scene):
    scene = await make_scene(permissions=["control.stop", "control.start"])
    socket = await scene.console()
    await socket.send("set state", "stop")
    await socket.send("set state", "start")
    await socket.until_event("status", "running")
    assert socket.states() == ["offline", "starting", "running"]


async def test_a_server_that_ignores_stop_is_killed_after_ten_minutes(make_scene):
    scene = await make_scene(running=True, ignores_stop=True, scale=0.0005)
    scene.panel.token_lifetime = 100_000
    socket = await scene.console()
    started = time.monotonic()
    await scene.post(scene.path("/power"), {"signal": "stop"})
    await socket.until_event("status", "offline")
    assert time.monotonic() - started >= 0.29


async def test_a_done_line_that_never_comes_leaves_it_starting(make_scene):
    scene = await make_scene(boots=False, scale=0.05)
    socket = await scene.console()
    await scene.post(scene.path("/power"), {"signal": "start"})
    await socket.until(lambda: any("WorldGuard" in line for line in socket.lines()))
    await socket.until_event("stats", count=3)
    assert scene.server.state == "starting"
    await scene.post(scene.path("/command"), {"command": "list"})
    await socket.until(lambda: "list" in socket.lines())


async def test_suspension_stops_the_game_and_modern_wings_cut_the_socket(make_scene):
    modern = await make_scene(Profile.PTERO_1_12, running=True)
    socket = await modern.console()
    modern.server.suspend()
    assert await socket.until_closed() == 1006
    await modern.panel.wait_for(lambda: modern.server.state == "offline")
    old = await make_scene(Profile.PTERO_1_11, running=True)
    stays = await old.console()
    old.server.suspend()
    await stays.until_event("status", "offline")
    await stays.send("set state", "start")
    await stays.until_event("daemon error")
    old.server.unsuspend()
    await stays.send("set state", "start")
    await stays.until_event("status", "starting")


async def test_a_deleted_server_says_goodbye_as_its_wings_do(make_scene):
    for profile, code in ((Profile.PTERO_1_11, 1001), (Profile.PTERO_1_12, 1006)):
        scene = await make_scene(profile, running=True)
        socket = await scene.console()
        address = scene.path()
        scene.panel.delete_server(scene.server)
        assert await socket.until_closed() == code
        assert socket.raw[-1] == '{"event":"deleted","args":["null"]}\n'
        assert (await scene.get(address)).status == 404
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await scene.open()
        assert refused.value.status == 404


async def test_an_installation_tells_its_beginning_and_end(make_scene):
    scene = await make_scene(permissions=[])
    socket = await scene.console()
    scene.server.set_installing()
    assert (await scene.get(scene.path("/websocket"))).status == 409
    scene.server.set_installing(installing=False)
    await socket.until_event("install completed", "")
    assert socket.events()[3:] == ["install started", "daemon message", "daemon message", "install completed"]


async def test_a_restarted_wings_drops_sockets_denies_old_tickets_and_keeps_games_running(make_scene):
    scene = await make_scene(running=True, scale=0.2)
    token = (await scene.ticket())["token"]
    socket = await scene.console()
    scene.server.emit("before")
    done = scene.panel.node.restart()
    assert (await scene.post(scene.path("/command"), {"command": "x"})).status == 504
    assert await socket.until_closed() == 1006
    await done
    assert scene.server.state == "running"
    again = await scene.open()
    await again.send("auth", token)
    await again.until_event("jwt error")
    assert "denylist" in again.of("jwt error")[0][0]
    started = scene.panel.node.tickets.started
    await scene.panel.wait_for(lambda: time.time() > started + 0.2)
    await again.send("auth", (await scene.ticket())["token"])
    await again.until_event("auth success")
    await again.send("send logs", None)
    await again.until(lambda: "before" in again.lines())


async def test_dropped_and_closed_sockets_end_as_asked(scene):
    one, two = await scene.console(), await scene.open()
    scene.panel.node.drop_sockets(scene.server)
    assert await one.until_closed() == await two.until_closed() == 1006
    three = await scene.open()
    scene.panel.node.close_sockets(1012, "moving")
    assert await three.until_closed() == 1012
    await scene.panel.wait_for(lambda: scene.panel.node.sockets(scene.server) == 0)


async def test_a_node_that_is_down_refuses_connections_and_comes_back_on_its_port(scene):
    url = scene.panel.node.url
    scene.panel.node.down()
    with pytest.raises(aiohttp.ClientConnectorError):
        await scene.open()
    await scene.panel.node.up()
    assert scene.panel.node.url == url
    await scene.console()


async def test_the_panel_can_go_and_come_back_while_sockets_live(make_scene):
    scene = await make_scene(running=True)
    socket = await scene.console()
    scene.panel.down()
    with pytest.raises(aiohttp.ClientError):
        await scene.get()
    scene.server.emit("still here")
    await socket.until(lambda: "still here" in socket.lines())
    await scene.panel.up()
    assert (await scene.get()).status == 200


async def test_a_second_node_has_its_own_address_and_secret(make_scene):
    scene = await make_scene()
    node = scene.panel.add_node("node2")
    server = scene.panel.add_server("Far", owner=scene.owner, node=node, running=True)
    await scene.panel.start_node(node)
    key = scene.panel.add_key(scene.owner)
    data = (await scene.get(scene.path("/websocket", server), key=key)).json["data"]
    assert data["socket"].startswith(node.url.replace("http", "ws"))
    assert node.tickets.secret != scene.panel.node.tickets.secret
    socket = await scene.open(data["socket"])
    await socket.send("auth", data["token"])
    await socket.until_event("status", "running")
    scene.panel.node.down()
    assert (await scene.get(scene.path("/resources", server), key=key)).status == 200


async def test_players_come_chat_and_go_the_same_way_for_the_same_seed(make_scene):
    heard = []
    for _ in range(2):
        scene = await make_scene(running=True, chatter=True, chatter_seconds=0.01, permissions=[])
        printed = scene.server.runtime._history  # a socket would hear only what comes after it was opened
        await scene.panel.wait_for(lambda printed=printed: len(printed) >= 40, timeout=20)
        assert len(printed) < printed.maxlen
        heard.append([line.split("]: ", 1)[-1] for line in list(printed)[:40]])
        assert scene.server.players or any("left the game" in line for line in printed)
    assert heard[0] == heard[1]
    logins = [line for line in heard[0] if "logged in" in line]
    assert logins
    assert all(any(f"[/{net}." in line for net in ("192.0.2", "198.51.100", "203.0.113")) for line in logins)


async def test_players_can_be_made_to_come_chat_and_go(make_scene):
    scene = await make_scene(running=True)
    socket = await scene.console()
    scene.server.joins("Alex")
    scene.server.says("Alex", "hi")
    assert scene.server.players == ["Alex"]
    scene.server.leaves("Alex")
    await socket.until(lambda: any("Alex left the game" in line for line in socket.lines()))
    assert any(line.endswith("]: <Alex> hi") for line in socket.lines())
    assert scene.server.players == []


@pytest.mark.parametrize(
    ("profile", "saves", "offline_first"),
    [(Profile.PTERO_1_11, False, True), (Profile.PTERO_1_12, True, True), (Profile.PELICAN, True, False)],
)
async def test_a_stop_by_signal_is_hastier_on_some_wings(make_scene, profile, saves, offline_first):
    scene = await make_scene(profile, running=True, stop_command="^C", stop_seconds=0.1)
    socket = await scene.console()
    await scene.post(scene.path("/power"), {"signal": "stop"})
    await socket.until_event("status", "offline")
    await scene.panel.wait_for(lambda: not scene.server.runtime.process_runs)
    scene.server.runtime.publish("daemon message", "end")
    await socket.until_event("daemon message")
    told = [(each.get("args") or [""])[0] for each in socket.seen if each["event"] in ("status", "console output")]
    assert any("dimensions are saved" in text for text in told) is saves
    if saves:
        saved = next(index for index, text in enumerate(told) if "dimensions are saved" in text)
        assert (told.index("offline") < saved) is offline_first
    assert told.count("stopping") == told.count("offline") == 1
    await scene.post(scene.path("/power"), {"signal": "start"})
    await socket.until_event("status", "running", count=2)


async def test_a_reinstallation_stops_a_running_server_first(make_scene):
    scene = await make_scene(running=True, permissions=["control.start"])
    socket = await scene.console()
    scene.server.set_installing()
    await socket.until_event("status", "offline")
    await socket.send("set state", "start")
    await socket.until_event("daemon error")


async def test_any_event_can_be_published_and_some_need_a_permission(make_scene):
    scene = await make_scene(permissions=[])
    may = await scene.console(scene.panel.add_key(scene.owner))
    may_not = await scene.console()
    for event in ("backup completed", "transfer logs", "backup restore completed"):
        scene.server.runtime.publish(event, "x")
    for socket in (may, may_not):
        await socket.until_event("backup restore completed")
    assert may.events()[-2:] == ["backup completed", "backup restore completed"]
    assert may_not.events()[-1:] == ["backup restore completed"]
    assert "backup completed" not in may_not.events()


async def test_a_condition_that_never_holds_ends_in_a_timeout_that_tells_the_last_events(scene):
    await scene.get()
    with pytest.raises(TimeoutError, match="GET /api/client 200"):
        await scene.panel.wait_for(lambda: False, timeout=0.01)


async def test_events_can_be_followed_live_until_one_has_enough(make_scene):
    scene = await make_scene(running=True)
    seen = []
    stop = scene.panel.on_change(seen.append)
    await scene.post(scene.path("/command"), {"command": "say hi"})
    await scene.panel.wait_for(lambda: any("[Server] hi" in event.text for event in seen))
    stop()
    assert {"request", "command", "console"} <= {event.kind for event in seen}
    count = len(seen)
    await scene.get()
    assert len(seen) == count


async def test_two_panels_know_nothing_of_one_another(make_scene):
    one = await make_scene()
    two = await make_scene(panel_options={"seed": 2})
    assert one.key != two.key
    assert (await two.get(key=one.key)).status == 401
    replies = await asyncio.gather(one.get(), two.get())
    assert [len(reply.json["data"]) for reply in replies] == [1, 1]
    assert len(one.panel.requests) == 1
