"""The stand-in run alone, as a process."""

import asyncio
import re
import signal
import socket
import sys

import aiohttp


async def test_it_prints_how_to_reach_it_and_ends_cleanly_on_ctrl_c():
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        "-m",
        "sandbox.panel",
        "--profile",
        "pelican",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        lines = [(await asyncio.wait_for(process.stdout.readline(), 20)).decode() for _ in range(6)]
        text = "".join(lines)
        url = re.search(r"panel +(http://127\.0\.0\.1:\d+) ", text)[1]
        key = re.search(r"key +(pacc_\w+)", text)[1]
        headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        async with aiohttp.ClientSession(headers=headers) as http, http.get(f"{url}/api/client") as response:
            body = await response.json()
        assert [each["attributes"]["identifier"] for each in body["data"]] == re.findall(r"server (\w{8})", text)
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), 20)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, out.decode(), err.decode()) == (0, "ended\n", "")


async def test_a_taken_port_is_one_plain_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "sandbox.panel",
            "--port",
            str(taken.getsockname()[1]),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        _, err = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    assert err.decode().count("\n") == 1
    assert "cannot listen" in err.decode()
