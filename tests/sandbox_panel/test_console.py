"""What arrives on an authenticated socket, and what may be asked there."""

import asyncio
import json
import random
import socket as sockets

import pytest

from sandbox.panel import Profile
from sandbox.panel.clock import Clock
from sandbox.panel.console import LineReader, frame

DAEMON = "\x1b[33m\x1b[1m[Pterodactyl Daemon]:\x1b[39m {}\x1b[0m"


async def test_frames_are_single_lines_with_string_arguments_escaped_as_go_does(make_scene):
    scene = await make_scene(running=True)
    socket = await scene.console()
    scene.server.emit("<Alex> fish & chips \u2028 ende")
    scene.server.emit(b"bad byte \xff here")
    scene.server.emit("\x1b[32mgreen\x1b[0m")
    await socket.until(lambda: len(socket.lines()) == 3)
    assert '{"event":"console output","args":["\\u003cAlex\\u003e fish \\u0026 chips \\u2028 ende"]}\n' in socket.raw
    assert '{"event":"console output","args":["bad byte \\ufffd here"]}\n' in socket.raw
    assert '{"event":"console output","args":["\\u001b[32mgreen\\u001b[0m"]}\n' in socket.raw
    for message in socket.seen:
        assert all(isinstance(value, str) for value in message.get("args", []))


def test_a_frame_without_arguments_has_no_args():
    assert frame("auth success") == '{"event":"auth success"}\n'


def test_lines_are_cut_at_newlines_and_partial_ones_held_back():
    reader = LineReader()
    assert reader.feed(b"one\r\ntwo\nthr") == [b"one", b"two"]
    assert reader.feed(b"ee\r\n\r\nprompt> ") == [b"three", b""]
    assert reader.feed(b"first \rsecond\n") == [b"prompt> first\r\nsecond"]
    assert reader.feed(b"12%\r57%\r100%\n") == [b"12%\r57%\r100%"]


def test_a_line_beyond_64_kib_is_cut_and_loses_something_at_the_cut():
    first, second = LineReader().feed(b"x" * 65536 + b"y" * 255 + b"z" * 10 + b"\n")
    assert (first, second) == (b"x" * 65536, b"z" * 10)


async def test_empty_lines_are_only_in_the_history(make_scene):
    scene = await make_scene(running=True, permissions=[])
    socket = await scene.console()
    scene.server.emit("")
    scene.server.emit("after")
    await socket.until(lambda: socket.lines())
    assert socket.lines() == ["after"]
    await socket.send("send logs", None)
    await socket.until(lambda: len(socket.lines()) == 3)
    assert socket.lines() == ["after", "", "after"]


async def test_history_is_the_last_150_lines_without_those_of_the_daemon(make_scene):
    scene = await make_scene(running=True)
    scene.server.flood(200)
    scene.server.runtime.daemon_line("not in history")
    socket = await scene.console()
    await socket.send("send logs", None)
    await socket.until(lambda: len(socket.lines()) >= 150)
    assert socket.lines() == [f"flood line {number}" for number in range(50, 200)]


async def test_an_offline_server_has_no_history_takes_no_commands_and_says_nothing_about_it(make_scene):
    scene = await make_scene()
    scene.server.emit("from before")
    socket = await scene.console()
    await socket.send("send logs", None)
    await socket.send("send command", "list")
    await socket.send("send stats", None)
    await socket.until_event("stats", count=2)
    assert socket.events() == ["auth success", "status", "stats", "stats"]
    assert scene.panel.commands_received(scene.server) == []


async def test_starting_tells_everything_in_order(make_scene):
    scene = await make_scene(permissions=["control.start"])
    socket = await scene.console()
    await socket.send("set state", "start")
    await socket.until_event("status", "running")
    told = [message["args"][0] for message in socket.seen if message["event"] in ("status", "console output")]
    texts = [
        "Checking server disk space usage, this could take a few seconds...",
        "Updating process configuration files...",
        "Ensuring file permissions are set correctly, this could take a few seconds...",
    ]
    assert told[:8] == [
        "offline",
        *(DAEMON.format(text) for text in texts),
        "starting",
        DAEMON.format("Pulling Docker container image, this could take a few minutes to complete..."),
        DAEMON.format("Finished pulling Docker container image"),
        "\x1b[1m\x1b[33mcontainer@pterodactyl~ \x1b[0mjava -version",
    ]
    assert told[9].startswith("\x1b[1m\x1b[33mcontainer@pterodactyl~ \x1b[0mjava -Xms128M")
    assert "--rcon.password hunter2-example" in told[9]
    assert 'For help, type "help"' in told[-2]
    assert told[-1] == "running"
    assert any("\r" in line and "\r\n" not in line for line in socket.lines())
    assert any("\r\n" in line for line in socket.lines())
    assert "install output" not in socket.events()


async def test_image_pull_progress_is_for_admins(make_scene):
    scene = await make_scene()
    admin = await scene.console(scene.panel.add_key(scene.panel.add_user("root", root_admin=True)))
    await admin.send("set state", "start")
    await admin.until_event("install output")


async def test_stats_come_every_second_while_it_runs_and_once_zeroed_at_the_end(make_scene):
    scene = await make_scene(scale=0.02, running=True)
    socket = await scene.console()
    await socket.until_event("stats", count=3)
    usage = json.loads(socket.of("stats")[0][0])
    assert list(usage) == sorted(usage)
    assert usage["memory_limit_bytes"] == 4724464025
    assert usage["state"] == "running"
    await socket.send("set state", "kill")
    await socket.until(lambda: '"state\\":\\"offline' in socket.raw[-1])
    last = json.loads(socket.of("stats")[-1][0])
    assert (last["state"], last["memory_bytes"], last["cpu_absolute"], last["uptime"]) == ("offline", 0, 0, 0)
    assert (last["memory_limit_bytes"], last["disk_bytes"] > 0) == (4724464025, True)


async def test_pelican_adds_disk_io_and_its_own_name(make_scene):
    scene = await make_scene(Profile.PELICAN)
    socket = await scene.console()
    await socket.until_event("stats")
    assert "disk_io" in json.loads(socket.of("stats")[0][0])
    await socket.send("set state", "start")
    await socket.until_event("status", "running")
    assert any("[pelican Daemon]:" in line for line in socket.lines())
    assert any("\x1b[33mcontainer~ \x1b[0m" in line for line in socket.lines())


@pytest.mark.parametrize("action", ["start", "stop", "restart", "kill"])
async def test_power_without_permission_is_silently_ignored(make_scene, action):
    scene = await make_scene(running=True, permissions=[])
    socket = await scene.console()
    await socket.send("set state", action)
    await socket.send("send command", "say x")
    await socket.send("send stats", None)
    await socket.until_event("stats")
    assert scene.panel.signals_received(scene.server) == []
    assert scene.panel.commands_received(scene.server) == []
    assert scene.server.state == "running"


async def test_starting_a_running_server_is_a_daemon_error_whose_text_only_admins_see(make_scene):
    scene = await make_scene(running=True)
    socket = await scene.console()
    admin = await scene.console(scene.panel.add_key(scene.panel.add_user("root", root_admin=True)))
    for each in (socket, admin):
        await each.send("set state", "start")
        await each.until_event("daemon error")
    await socket.send("set state", "explode")
    await socket.until_event("daemon error", count=2)
    generic = "an unexpected error was encountered while handling this request"
    assert all(args[0].endswith("]: " + generic) for args in socket.of("daemon error"))
    assert admin.of("daemon error")[0][0].endswith("]: server is running")


async def test_a_second_power_action_meets_the_lock_and_kill_ignores_it(make_scene):
    scene = await make_scene(running=True, ignores_stop=True)
    socket = await scene.console()
    await socket.send("set state", "stop")
    await socket.until_event("status", "stopping")
    await socket.send("set state", "start")
    await socket.until_event("daemon error")
    text = "another power action is currently being processed for this server, please try again later"
    assert socket.of("daemon error")[0][0].endswith("]: " + text)
    await socket.send("set state", "kill")
    await socket.until_event("status", "offline")


async def test_commands_are_not_trimmed_echoed_and_answered(make_scene):
    scene = await make_scene(running=True, players=("Alex", "Ruth_42"))
    socket = await scene.console()
    await socket.send("send command", "say hello ")
    await socket.send("send command", "list")
    await socket.send("send command", "fly me")
    await socket.until(lambda: len(socket.lines()) >= 7)
    assert scene.panel.commands_received(scene.server) == ["say hello ", "list", "fly me"]
    lines = socket.lines()
    assert {"say hello ", "list", "fly me"} <= set(lines)
    assert any(line.endswith(("[Server] hello ", "[Server] hello")) for line in lines)
    assert any(line.endswith("There are 2 of a max of 20 players online: Alex, Ruth_42") for line in lines)
    assert any("Unknown or incomplete command" in line for line in lines)


async def test_the_stop_command_makes_the_state_stopping_first(make_scene):
    scene = await make_scene(running=True)
    socket = await scene.console()
    await socket.send("send command", "stop")
    await socket.until_event("status", "offline")
    assert socket.states() == ["running", "stopping", "offline"]
    assert not any("crashed" in line for line in socket.lines())


async def test_too_much_output_is_dropped_with_one_word_about_it(make_scene):
    scene = await make_scene(running=True, scale=50)
    socket = await scene.console()
    scene.server.flood(2500)
    scene.server.runtime.publish("daemon message", "end")
    await socket.until_event("daemon message", "end")
    floods = [line for line in socket.lines() if line.startswith("flood")]
    assert floods == [f"flood line {number}" for number in range(2000)]
    throttled = DAEMON.format("Server is outputting console data too quickly -- throttling...")
    assert socket.lines().count(throttled) == 1


async def test_a_flood_reaches_a_quick_reader_complete_and_in_order(make_scene):
    scene = await make_scene(running=True, permissions=[])
    first, second = await scene.console(), await scene.console()
    scene.server.flood(1500)
    for socket in (first, second):
        await socket.until(lambda socket=socket: len(socket.lines()) >= 1500)
        assert socket.lines() == [f"flood line {number}" for number in range(1500)]


async def slow_socket(scene):
    """A raw connection that authenticates and then reads nothing."""
    token = (await scene.ticket())["token"]
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", int(scene.panel.node.url.rsplit(":", 1)[1])))
    head = (
        f"GET /api/servers/{scene.server.uuid}/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Origin: {scene.panel.url}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
    )
    body = json.dumps({"event": "auth", "args": [token]}).encode()
    masked = b"\x81\xfe" + len(body).to_bytes(2, "big") + b"\0\0\0\0" + body
    await loop.sock_sendall(raw, head.encode() + masked)
    await scene.panel.wait_for(lambda: scene.panel.node.authenticated(scene.server) == 1)
    return raw


@pytest.mark.parametrize("dropping", [True, False])
async def test_a_reader_that_does_not_read_loses_lines_unless_that_is_switched_off(make_scene, dropping):
    scene = await make_scene(running=True)
    scene.panel.node.drop_for_slow_readers = dropping
    raw = await slow_socket(scene)
    [session] = scene.panel.node.sessions(scene.server)
    for number in range(180):
        scene.server.emit(f"{number} " + random.Random(number).randbytes(15_000).hex())
    try:
        if dropping:
            # Of other events one more may be in the queue: stats come each second.
            waiting = lambda: [args[0] for event, args in session.out._queue if event == "console output"]  # noqa: E731
            await scene.panel.wait_for(lambda: waiting()[-1:] and waiting()[-1].startswith("179 "), timeout=20)
            assert len(waiting()) <= 8
            assert session.out.dropped > 5
        else:
            await scene.panel.wait_for(lambda: session.out.waiting > 20, timeout=20)
            assert session.out.dropped == 0
    finally:
        raw.close()


@pytest.mark.parametrize(
    ("event", "budget"), [("auth", 2), ("send logs", 2), ("send stats", 4), ("nonsense", 4), ("send command", 10)]
)
async def test_each_event_has_its_budget_on_modern_wings(make_scene, event, budget):
    scene = await make_scene(running=True, scale=100)
    socket = await scene.open()
    for _ in range(budget + 2):
        await socket.send(event, "x")
    wanted = event if budget < 10 else "global"
    await socket.until_event("throttled", wanted)
    await socket.send("auth" if event != "auth" else "send stats", "x")
    if wanted != "global":
        await socket.until(lambda: len(socket.raw) >= budget + 2)
    assert len(socket.of("throttled")) == 1
    assert len([each for each in socket.events() if each != "throttled"]) == budget + (wanted != "global")


async def test_the_overall_budget_is_ten_and_refills_five_a_second(make_scene):
    scene = await make_scene(scale=100)
    socket = await scene.open()
    for event in ("send command",) * 6 + ("send stats",) * 3 + ("send logs",) * 3:
        await socket.send(event, "x")
    await socket.until_event("throttled", "global")
    assert len(socket.of("jwt error")) == 10


async def test_old_wings_have_no_budgets_and_no_frame_limit(make_scene):
    scene = await make_scene(Profile.PTERO_1_11, running=True)
    socket = await scene.open()
    await socket.send("auth", (await scene.ticket())["token"])
    await socket.until_event("auth success")
    for _ in range(40):
        await socket.send("send stats", None)
    await socket.until_event("stats", count=40)
    await socket.send("send command", "say " + "x" * 9000)
    await scene.panel.wait_for(lambda: scene.panel.commands_received(scene.server))
    assert "throttled" not in socket.events()


@pytest.mark.parametrize("compress", [0, 15])
async def test_a_frame_above_4096_received_bytes_is_closed_with_1009(make_scene, compress):
    scene = await make_scene(running=True)
    socket = await scene.console(compress=compress)
    noise = random.Random(1).randbytes(6000).hex()
    await socket.send("send command", "say " + noise)
    assert await socket.until_closed() == 1009
    assert scene.panel.commands_received(scene.server) == []


async def test_compression_lets_longer_frames_pass_up_to_32768_bytes(make_scene):
    scene = await make_scene(running=True, permissions=["control.console"])
    socket = await scene.console(compress=15)
    await socket.send("send command", "say " + "x" * 40_000)
    await socket.send("send command", "say " + "x" * 9000)
    await scene.panel.wait_for(lambda: scene.panel.commands_received(scene.server))
    assert [len(text) for text in scene.panel.commands_received(scene.server)] == [9004]


def test_durations_scale_and_times_do_not():
    clock = Clock(0.01)
    assert clock.real(600) == pytest.approx(6)
    assert clock.now() > 1_700_000_000
