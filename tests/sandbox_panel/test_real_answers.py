"""What real panels answered is what the stand-in answers: see `tests/panel/real/README.md`."""

import json
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from sandbox.panel import PanelStandIn, Profile

RECORDED = Path(__file__).parent.parent / "panel" / "real"
PROFILES = {"pterodactyl": Profile.PTERO_1_11, "pelican": Profile.PELICAN}
NO_ROUTES = ("schedule", "backup", "activity", "startup", "network", "users", "databases", "files", "variable")
"""What the stand-in does not model."""
NOT_ASKED = {"database broken", "over the rate limit"}
"""Made by breaking the database, and by a limit of three requests: here a fault would only answer what it is told."""
OF_ITS_VERSION = {
    "pterodactyl": {},
    "pelican": {  # recorded of 1.0.0-beta17 (January 2025); the stand-in is as Pelican was in 2026
        "permissions known": "a list of names, an object before",
        "power: wrong signal": "422, where 403 was said before",
        "power: no signal": "422, where 403 was said before",
        "second factor required": "not asked of keys any more",
    },
}
MINE = ["control.console", "control.start", "control.stop", "control.restart", "websocket.connect"]
BY_VERSION = (".attributes.permissions.", ".links", "egg_features")
"""Where the keys themselves are data, or come and go with the version."""


def cases(kind):
    return [json.loads(line) for line in (RECORDED / f"{kind}.jsonl").read_text("utf-8").splitlines()]


def shape(value, path="") -> Iterator[tuple[str, str]]:
    """Yield the keys of an answer with the types of their values; lists by their first entry."""
    if isinstance(value, dict):
        yield path, "object"
        for key, inner in value.items():
            yield from shape(inner, f"{path}.{key}")
    elif isinstance(value, list):
        yield path, "list"
        yield from shape(value[0], f"{path}[]") if value else ()
    else:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        yield path, "number" if is_number else type(value).__name__


def unlike(real, made):
    """Return the places where two answers differ in keys or types; what is null may be anything at another time."""
    one, other = dict(shape(real)), dict(shape(made))
    keys = [path for path in {*one, *other} if not any(part in path for part in BY_VERSION)]
    return sorted(
        path
        for path in keys
        if one.get(path) != other.get(path) and not (path in one and path in other and "NoneType" in (one[path], other[path]))
    )  # fmt: skip


class Scene:
    """The world that the recordings were made in."""

    def __init__(self, panel, recorded):
        self.panel = panel
        self.users = {
            n: panel.add_user(n, root_admin=n == "admin") for n in ("panelowner", "bot", "admin", "other", "limited")
        }
        self.keys = {name: panel.add_key(user) for name, user in self.users.items()}
        self.keys["elsewhere"] = panel.add_key(self.users["bot"], allowed_ips=("192.0.2.7",))
        self.keys["application"] = panel.add_key(self.users["admin"], application=True)
        self.servers = {}
        named = ("Survival", "Creative", "Suspended", "Installing", "Failed", "Restoring", "Foreign")
        for name in (*named, *(f"Farm {number:03}" for number in range(7, 120))):
            made = self.servers[name] = panel.add_server(
                name, owner=self.users["other" if name == "Foreign" else "panelowner"]
            )
            if name != "Foreign":
                panel.add_subuser(made, self.users["bot"], list(MINE))
        self.servers["Suspended"].suspend()
        for name, status in (
            ("Installing", "installing"),
            ("Failed", "install_failed"),
            ("Restoring", "restoring_backup"),
        ):
            self.servers[name].set_status(status)
        self.ids = dict(self._identified(recorded))

    def _identified(self, recorded):
        """The recorded identifiers with the servers here that stand for theirs."""
        for case in recorded:
            part, name = case["path"].split("/"), case["case"]
            if name == "server of others":
                yield part[4], self.servers["Foreign"]
            elif name.startswith(("offline:", "no control", "no websocket", "no longer")):
                yield part[4], self.servers["Creative"]
            elif name == "node down: resources":
                yield part[4], self.servers["Farm 010"]
            elif name == "server" or name.endswith(": server"):
                told, whose = case["answer"].get("attributes"), name.partition(":")[0].capitalize()
                if told and whose in {"Server", *self.servers}:
                    server = self.servers["Survival" if whose == "Server" else whose]
                    yield from ((told["identifier"], server), (told["uuid"], server))

    def prepare(self, name):
        """Bring about what had been done before that case."""
        creative, bot = self.servers["Creative"], self.users["bot"]
        if name.startswith("no control.start"):
            creative.set_permissions(bot, ["control.console", "websocket.connect"])
        if name.startswith("no websocket"):
            creative.subusers[bot.uuid] = ["control.start"]
        if name.startswith("no longer"):
            creative.subusers.pop(bot.uuid, None)
        self.panel.node.maintenance = name.startswith("node under")
        if name == "node down: server":
            self.panel.node.down()
        self.panel.registry.maintenance = name == "panel in maintenance"
        self.panel.registry.require_two_factor = name == "second factor required"

    def path(self, case):
        for recorded, server in sorted(self.ids.items(), key=lambda one: -len(one[0])):
            if recorded in case["path"]:
                return case["path"].replace(recorded, server.uuid if len(recorded) > 8 else server.identifier)
        return case["path"]

    async def ask(self, http, case):
        headers = {
            "Accept": "*/*" if case["case"] == "no Accept header" else "application/json",
            "Content-Type": "application/json",
        }
        if case["key"]:
            headers["Authorization"] = f"Bearer {self.keys.get(case['key'], 'ptlc_' + 'x' * 43)}"
        body = {} if case["body"] is None else {"data" if isinstance(case["body"], str) else "json": case["body"]}
        asking = http.request(
            case["method"], self.panel.url + self.path(case), headers=headers, allow_redirects=False, **body
        )
        async with asking as answer:
            return answer.status, answer.headers, await answer.text()


def difference(case, status, headers, text):
    """Return in what an answer differs from the recorded one; empty if in nothing."""
    found = [f"{status} for {case['status']}"] if status != case["status"] else []
    try:
        answer = json.loads(text)
    except ValueError:
        answer = text
    real = case["answer"]
    if isinstance(real, dict) and "errors" in real:
        made = answer["errors"][0] if isinstance(answer, dict) and answer.get("errors") else {}
        for key in ("code", "detail", "meta"):
            wanted = real["errors"][0].get(key)
            wanted = wanted.replace("192.0.2.1", "127.0.0.1") if key == "detail" else wanted
            found += [f"{key}: {made.get(key)!r} for {wanted!r}"] if made.get(key) != wanted else []
    elif isinstance(real, dict):
        found += [f"shape: {path}" for path in unlike(real, answer)]
    if case["headers"].get("Content-Type") != headers.get("Content-Type"):
        found.append(f"Content-Type: {headers.get('Content-Type')}")
    if ("Retry-After" in case["headers"]) != ("Retry-After" in headers):
        found.append("Retry-After")
    return found


@pytest.mark.parametrize("kind", PROFILES)
async def test_the_stand_in_answers_as_the_real_panel_did(kind):
    recorded = cases(kind)
    assert len(recorded) == 96
    asked, different = 0, {}
    async with PanelStandIn(PROFILES[kind], time_scale=0.05) as panel, aiohttp.ClientSession() as http:
        scene = Scene(panel, recorded)
        for case in recorded:
            name = case["case"]
            if name.startswith(NO_ROUTES) or name in NOT_ASKED:
                continue
            if name == "panel in maintenance" and not panel.node.started:
                await panel.node.start()
            scene.prepare(name)
            found = difference(case, *await scene.ask(http, case))
            if name == "power: start":
                await panel.wait_for(lambda: scene.servers["Survival"].state == "running")
            asked += 1
            if found:
                different[name] = found
    assert asked == 69
    assert set(different) == set(OF_ITS_VERSION[kind]), different
