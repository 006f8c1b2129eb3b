"""What the panel says, as values with one set of units, however odd the answer."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BusyReason, PanelBroken
from bot.panel.models import Allocation, Limits, Resources
from bot.panel.tickets import parse_ticket
from bot.panel.wire import parse_resources, parse_server
from bot.terms import PanelKind, PowerState

ONE, PEL, OLD = PanelKind.PTERODACTYL, PanelKind.PELICAN, PanelKind.PTERODACTYL_0_7
MODERN = [("ptero-1.11", ONE), ("ptero-1.12.1", ONE), ("pelican", PEL)]
GIB = 2**30


@pytest.mark.parametrize(("version", "kind"), MODERN)
def test_a_modern_server_is_read_in_bytes_and_percent_of_one_core(recorded, version, kind):
    server = parse_server(recorded(version, "server"), kind=kind)
    assert (server.identifier, server.name, server.node) == ("a1c4e7f0", "Creative Hub", "berlin-2")
    assert server.limits == Limits(memory_bytes=6 * GIB, disk_bytes=20 * GIB, cpu_percent=300)
    assert server.allocations == (
        Allocation("198.51.100.44", 25570, "mc.example.test", is_default=True),
        Allocation("198.51.100.44", 25571),
    )
    assert server.busy is None
    assert server.permissions == {"control.console", "control.start", "control.stop", "websocket.connect"}
    assert server.description == ("" if kind is PEL else "summer builds")
    assert "planted-in-invocation" not in repr(server)


def test_a_0_7_server_has_megabytes_of_disk_and_neither_node_nor_permissions(recorded):
    server = parse_server(recorded("ptero-0.7", "server"), kind=OLD)
    assert server.limits == Limits(memory_bytes=2 * GIB, disk_bytes=9_000_000_000, cpu_percent=None)
    assert (server.node, server.permissions, server.allocations) == (None, None, ())


@pytest.mark.parametrize(("version", "kind"), MODERN)
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("suspended", BusyReason.SUSPENDED),
        ("maintenance", BusyReason.MAINTENANCE),
        ("installing", BusyReason.INSTALLING),
        ("install_failed", BusyReason.INSTALL_FAILED),
        ("restoring", BusyReason.RESTORING),
        ("transferring", BusyReason.TRANSFERRING),
    ],
)
def test_a_state_that_forbids_everything_is_named(recorded, version, kind, name, reason):
    assert parse_server(recorded(version, f"server_{name}"), kind=kind).busy is reason


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        (["eula", "java_version"], True),
        (["steam_disk_space", "gsl_token"], False),
        ([], False),
        (None, False),
        ("eula", None),
        ({"eula": 1}, None),
        ([["eula"], 5, None], False),
    ],
)
def test_minecraft_is_told_by_the_features_of_the_egg(features, expected):
    answer = {"attributes": {"identifier": "a1c4e7f0", "egg_features": features}}
    assert parse_server(answer, kind=ONE).is_minecraft is expected


def test_a_panel_that_tells_no_features_does_not_say_that_it_is_not_minecraft(recorded):
    assert parse_server({"attributes": {"identifier": "a1c4e7f0"}}, kind=ONE).is_minecraft is None
    assert parse_server(recorded("ptero-0.7", "server"), kind=OLD).is_minecraft is None
    for version, kind in MODERN:
        assert parse_server(recorded(version, "server"), kind=kind).is_minecraft is True


def test_a_failed_reinstallation_blocks_only_on_pelican(recorded):
    assert parse_server(recorded("ptero-1.11", "server_reinstall_failed"), kind=ONE).busy is None
    found = parse_server(recorded("pelican", "server_reinstall_failed"), kind=PEL)
    assert found.busy is BusyReason.REINSTALL_FAILED


def test_usage_is_in_bytes_and_durations(recorded):
    assert parse_resources(recorded("ptero-1.12.1", "resources_running"), kind=ONE) == Resources(
        state=PowerState.RUNNING,
        memory_bytes=2 * GIB,
        cpu_percent=71.25,
        disk_bytes=3 * GIB,
        network_rx_bytes=5120,
        network_tx_bytes=7168,
        uptime=timedelta(days=1, hours=2, minutes=3, seconds=4),
    )


def test_pelicans_missing_state_is_unknown_and_its_zeros_are_not_believed(recorded):
    usage = parse_resources(recorded("pelican", "resources_missing"), kind=PEL)
    assert usage == Resources(state=PowerState.UNKNOWN)


def test_0_7_usage_comes_from_mebibytes_and_megabytes(recorded):
    assert parse_resources(recorded("ptero-0.7", "utilization_on"), kind=OLD) == Resources(
        state=PowerState.RUNNING, memory_bytes=700 * 2**20, cpu_percent=12.5, disk_bytes=1_600_000_000
    )
    assert parse_resources(recorded("ptero-0.7", "utilization_off"), kind=OLD) == Resources(state=PowerState.OFFLINE)


@pytest.mark.parametrize(("word", "state"), [("stopped", PowerState.OFFLINE), ("exploding", PowerState.UNKNOWN)])
def test_other_words_for_states(word, state):
    assert parse_resources({"attributes": {"current_state": word}}, kind=ONE).state is state


def test_a_bare_server_is_enough():
    server = parse_server({"attributes": {"identifier": "a1c4e7f0"}}, kind=ONE)
    assert (server.name, server.uuid, server.limits) == ("a1c4e7f0", "a1c4e7f0", Limits())


@pytest.mark.parametrize("identifier", [None, "", "../account", "a b", 7.5, ["x"], "x" * 65])
def test_a_server_without_a_usable_identifier_is_none(identifier):
    with pytest.raises(ValueError, match="identifier"):
        parse_server({"attributes": {"identifier": identifier}}, kind=ONE)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["uuid", "name", "description", "node", "status", "is_suspended", "is_installing", "is_transferring", "limits"]
FIELDS += ["relationships", "is_node_under_maintenance"]
LIMITS = st.fixed_dictionaries({}, optional={"memory": JSON, "disk": JSON, "cpu": JSON})
ALLOCATIONS = st.fixed_dictionaries(
    {"data": st.lists(st.fixed_dictionaries({"attributes": st.dictionaries(st.sampled_from(["ip", "port"]), JSON)}))}
)


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON)),
    LIMITS,
    st.fixed_dictionaries({"allocations": ALLOCATIONS | JSON}),
    JSON,
    st.sampled_from(PanelKind),
)
def test_no_optional_attribute_can_break_a_server(attributes, limits, relationships, meta, kind):
    """Each may be missing, null or of any type."""
    for more in ({}, {"limits": limits}, {"relationships": relationships}):
        entry = {"attributes": {**attributes, **more, "identifier": "a1c4e7f0"}, "meta": meta}
        server = parse_server(entry, kind=kind)
        assert server.identifier == "a1c4e7f0"
        assert server.name


USAGE = ["memory_bytes", "cpu_absolute", "disk_bytes", "network_rx_bytes", "network_tx_bytes", "uptime", "current"]


@given(
    st.dictionaries(st.sampled_from(["current_state", "state", "resources", "memory", "cpu", "disk"]), JSON),
    st.dictionaries(st.sampled_from(USAGE), JSON),
    st.sampled_from(PanelKind),
)
def test_no_odd_value_can_break_usage(attributes, usage, kind):
    for key in ("resources", "memory", "disk"):
        found = parse_resources({"attributes": {**attributes, key: usage}}, kind=kind)
        assert found.memory_bytes >= 0
        assert found.cpu_percent >= 0


def jwt(payload: object) -> str:
    part = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{part}.c2lnbmF0dXJl"


def ticket(payload: object, socket: object = "wss://node.example.test:8080/api/servers/u/ws") -> dict[str, object]:
    return {"data": {"token": jwt(payload), "socket": socket}}


def test_a_ticket_tells_its_expiry_and_issuer_but_not_itself():
    found = parse_ticket(ticket({"exp": 1780000600, "iss": "https://panel.example.test"}))
    assert found.expires_at == datetime.fromtimestamp(1780000600, UTC)
    assert found.issuer == "https://panel.example.test"
    assert found.socket_url == "wss://node.example.test:8080/api/servers/u/ws"
    assert found.token not in repr(found)


def test_a_ticket_may_have_fractions_of_seconds_and_no_issuer():
    found = parse_ticket(ticket({"exp": 1780000600.25}))
    assert found.expires_at.microsecond == 250_000
    assert found.issuer is None


def test_a_bare_ipv6_node_gets_its_brackets():
    found = parse_ticket(ticket({"exp": 1}, "ws://2001:db8::7:8080/api/servers/u/ws"))
    assert found.socket_url == "ws://[2001:db8::7]:8080/api/servers/u/ws"


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"data": None},
        {"data": {"token": 3, "socket": "wss://n/ws"}},
        {"data": {"token": "no.jwt", "socket": "wss://n/ws"}},
        {"data": {"token": "a.ö.c", "socket": "wss://n/ws"}},
        {"data": {"token": "a.!!!!.c", "socket": "wss://n/ws"}},
        ticket([1]),
        ticket({}),
        ticket({"exp": "soon"}),
        ticket({"exp": True}),
        ticket({"exp": 1e300}),
    ],
)
def test_a_ticket_that_cannot_be_read_is_the_panels_fault(answer):
    with pytest.raises(PanelBroken, match="cannot be read"):
        parse_ticket(answer)


@pytest.mark.parametrize("socket", ["https://n/ws", "wss://", "wss://u:p@n/ws", "wss://n:port/ws", "wss://a b/ws", "x"])
def test_a_console_address_that_cannot_be_used_is_the_panels_fault(socket):
    with pytest.raises(PanelBroken, match="console address"):
        parse_ticket(ticket({"exp": 1}, socket))


ANY = "0.0.0.0"  # noqa: S104  read, not bound


def with_allocation(sftp, **allocation):
    attributes = {
        "identifier": "a1c4e7f0",
        "sftp_details": sftp,
        "relationships": {"allocations": {"data": [{"object": "allocation", "attributes": allocation}]}},
    }
    return parse_server({"object": "server", "attributes": attributes}, kind=PanelKind.PTERODACTYL)


@pytest.mark.parametrize(
    ("ip", "alias", "address"),
    [
        ("203.0.113.5", None, "203.0.113.5:25565"),
        ("203.0.113.5", "mc.example.com", "mc.example.com:25565"),
        ("2001:db8::7", None, "[2001:db8::7]:25565"),
        (ANY, "2001:db8::7", "[2001:db8::7]:25565"),
        (ANY, "[2001:db8::7]", "[2001:db8::7]:25565"),
        (ANY, "mc.example.com", "mc.example.com:25565"),
        (ANY, None, "node1.example.com:25565"),
        ("::", None, "node1.example.com:25565"),
    ],
)
def test_the_address_is_what_players_can_type(ip, alias, address):
    """Reported of other bots: IPv6 without brackets, and 0.0.0.0, to which nobody can connect."""
    node = {"ip": "node1.example.com", "port": 2022}
    assert with_allocation(node, ip=ip, ip_alias=alias, port=25565).address == address


@pytest.mark.parametrize("sftp", [None, [], "x", {}, {"ip": None}, {"ip": ["x"]}])
def test_without_the_nodes_name_the_address_is_told_as_it_is(sftp):
    assert with_allocation(sftp, ip=ANY, port=25565).address == f"{ANY}:25565"
    assert with_allocation(sftp, ip="::", port=25565).address == "[::]:25565"
