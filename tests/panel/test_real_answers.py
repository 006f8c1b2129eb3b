"""What real panels answered, as the client reads it: see `real/README.md`."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.errors import (
    BusyReason,
    KeyRefused,
    NodeUnreachable,
    NotAPanel,
    OutcomeUnknown,
    PanelBroken,
    PanelError,
    PanelUnreachable,
    PermissionMissing,
    RateLimited,
    RequestInvalid,
    ServerBusy,
    ServerNotFound,
    ServerOffline,
)
from bot.terms import PanelKind, PowerState, Signal

from .conftest import allowed

HERE = Path(__file__).parent / "real"
KINDS = {"pterodactyl": PanelKind.PTERODACTYL, "pelican": PanelKind.PELICAN}
CASES = {
    kind: [json.loads(line) for line in (HERE / f"{kind}.jsonl").read_text("utf-8").splitlines()] for kind in KINDS
}
LATER = ("activity", "backup", "schedule", "startup", "network", "users", "databases", "files", "variable")
"""Routes that the client does not use."""
NO_ROUTES = {"application API with a client key", "unknown route", "wrong method", "no Accept header", "power: not JSON", "server with includes", "running: command empty"}  # fmt: skip
"""What it never asks: other routes, and what it refuses to send."""

SUSPENDED, MAINTENANCE = BusyReason.SUSPENDED, BusyReason.MAINTENANCE
BUSY = {
    "suspended": SUSPENDED,
    "installing": BusyReason.INSTALLING,
    "failed": BusyReason.INSTALL_FAILED,
    "restoring": BusyReason.RESTORING,
    "node under maintenance": MAINTENANCE,
}
REFUSED = {
    "no key": KeyRefused,
    "wrong key": KeyRefused,
    "key from another address": KeyRefused,
    "application key": KeyRefused,
    "server unknown": ServerNotFound,
    "server of others": ServerNotFound,
    "no longer a subuser: server": ServerNotFound,
    "power: wrong signal": PermissionMissing,  # the panel itself says so
    "power: no signal": PermissionMissing,
    "no control.start: power": PermissionMissing,
    "no websocket.connect: websocket": PermissionMissing,
    "no control.console: command": PermissionMissing,
    "node down: resources": NodeUnreachable,
    "node down: power": NodeUnreachable,
    "node down: command": NodeUnreachable,
    "panel in maintenance": PanelUnreachable,
    "database broken": PanelBroken,
    "second factor required": KeyRefused,
    "over the rate limit": RateLimited,
}
UNUSED = {NotAPanel, OutcomeUnknown, RequestInvalid}


def asked_of_client():
    return [
        pytest.param(kind, case, id=f"{kind}: {case['case']}")
        for kind, cases in CASES.items()
        for case in cases
        if not case["case"].startswith(LATER) and case["case"] not in NO_ROUTES
    ]


def identifier(case):
    return case["path"].split("/")[4][:8]


async def ask(client, case):
    """Ask for what the case was asked for, whoever's key it was."""
    path = urlsplit(case["path"]).path
    if path == "/api/client":
        return await client.list_servers()
    if path in ("/api/client/account", "/api/client/permissions"):
        return await client.recognise()
    match path.split("/")[5:]:
        case []:
            return await client.server(identifier(case))
        case ["resources"]:
            return await client.resources(identifier(case))
        case ["websocket"]:
            return await client.console_ticket(identifier(case))
        case ["command"]:
            return await client.send_command(
                identifier(case), "say hi", confirm=allowed, known_state=PowerState.RUNNING
            )
        case ["power"]:
            return await client.send_signal(identifier(case), Signal.START, confirm=allowed)
    raise AssertionError(path)


def token(parts):
    """The ticket as it was, but for its signature."""
    return ".".join([*(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "c2ln"])


@pytest.fixture
def real(panel, client_for, kit):
    def prepared(kind, case):
        """A client of a panel that answers so: the server itself, its list and its state as in the recordings too."""
        answers = {one["case"]: one for one in CASES[kind]}
        listed = answers["list, searched"]["answer"]
        panel.on("/api/client", listed)
        for name in ("account", "permissions known"):
            one = answers[name]
            panel.on(one["path"], one["answer"])
        if "/servers/" in case["path"]:
            name = case["case"].partition(":")[0]
            own = answers.get(f"{name}: server", answers["server"])
            panel.on(f"/api/client/servers/{identifier(case)}", own["answer"])
        kind_of_content = case["headers"].get("Content-Type", "application/json").partition(";")[0]
        rest = {name: value for name, value in case["headers"].items() if name != "Content-Type"}
        answer = case["answer"]
        if isinstance(answer, dict) and "token" in answer.get("data", ()):
            parts = case.get("token parts") or answers["websocket"]["token parts"]
            answer = {"data": {**answer["data"], "token": token(parts)}}
        reply = kit.reply(case["status"], answer, rest, kind_of_content)
        path = urlsplit(case["path"]).path
        if "/servers/" in path:
            path = path.replace(path.split("/")[4], identifier(case))
        panel.on(path, reply, method=case["method"])
        return client_for(KINDS[kind] if "account" not in path and "permissions" not in path else None)

    return prepared


def check(kind, case, found):
    """What the client makes of a success."""
    match case["answer"]:
        case {"object": "stats", "attributes": told}:
            assert (found.state, found.memory_bytes) == (told["current_state"], told["resources"]["memory_bytes"])
        case {"object": "server", "attributes": told}:
            assert (found.identifier, found.uuid, found.name) == (told["identifier"], told["uuid"], told["name"])
            assert found.busy is BUSY.get(case["case"].partition(":")[0])
            assert found.permissions == frozenset(case["answer"]["meta"]["user_permissions"])
            assert found.allocations and found.is_minecraft is True
        case {"object": "list", "data": entries}:
            assert [server.name for server in found.servers] == [entry["attributes"]["name"] for entry in entries]
        case {"object": "user", "attributes": told}:
            assert (found.username, found.is_admin, found.kind) == (told["username"], told["admin"], kind)
        case {"object": "system_permissions"}:
            assert found.kind is kind
        case "":
            assert found is None
        case {"data": {"socket": socket}}:
            _header, claims = case.get("token parts") or next(
                one["token parts"] for one in CASES[kind.value] if one["case"] == "websocket"
            )
            assert (found.socket_url, found.issuer) == (socket, claims["iss"])
            assert found.expires_at == datetime.fromtimestamp(claims["exp"], UTC)
        case unread:
            raise AssertionError(unread)


def test_all_that_the_client_asks_is_walked_through():
    assert {kind: len(cases) for kind, cases in CASES.items()} == {"pterodactyl": 96, "pelican": 96}
    assert len(asked_of_client()) >= 2 * 60


@pytest.mark.parametrize(("kind", "case"), asked_of_client())
async def test_a_real_panels_answer_is_read_for_what_it_is(kind, case, real, refusal):
    client, name = real(kind, case), case["case"]
    situation, _, what = name.partition(":")
    situation = situation.removesuffix(", as admin")
    if situation in BUSY and what.strip() != "server":
        error = await refusal(ask(client, case))
        assert isinstance(error, ServerBusy) and error.reason is BUSY[situation]
        return
    expected = REFUSED.get(name)
    if kind == "pterodactyl" and name == "offline: command":
        expected = ServerOffline
    if expected is not None:
        assert type(await refusal(ask(client, case))) is expected
        return
    check(KINDS[kind], case, await ask(client, case))


@pytest.mark.parametrize("kind", KINDS)
def test_every_refusal_is_one_that_is_known(kind):
    """No recorded error is passed over by the tables above."""
    refused = {case["case"] for case in CASES[kind] if case["status"] >= 400 and not case["case"].startswith(LATER)}
    known = set(REFUSED) | NO_ROUTES | {"offline: command"}
    assert not [name for name in refused - known if name.partition(":")[0].removesuffix(", as admin") not in BUSY]
    assert all(issubclass(error, PanelError) for error in {*REFUSED.values(), *UNUSED})
