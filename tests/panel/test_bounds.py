"""Whatever a panel says, the values made of it are bounded: every text, every number, every list."""

import base64
import dataclasses
import json
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import PanelBroken
from bot.panel import wire
from bot.panel.asked import Answer, Operation
from bot.panel.bounds import MIB, longest_body, longest_transmission
from bot.panel.budget import _retry_after
from bot.panel.recognise import attributes_of, is_0_7, servers_of, total_pages
from bot.panel.tickets import parse_ticket
from bot.panel.wire import parse_listed, parse_resources, parse_server
from bot.terms import PanelKind


class Long(str):
    """A text that hypothesis can show."""

    __slots__ = ()

    def __repr__(self):
        return f"{self[:3]!a} and so on, {len(self)} characters"


ODD = ["\ud800", "\udfff", "\0", "\ufdfa", "é", "😀", "\u202e", "\n", "x"]
TEXTS = st.builds(
    lambda unit, times: Long(unit * times), st.sampled_from(ODD) | st.text(max_size=3), st.integers(0, 3_000)
)
NUMBERS = (
    st.integers()
    | st.sampled_from([10**400, -(10**400), 2**63, 65536, 1e308, float("inf"), float("-inf"), float("nan")])
    | st.floats()
)
LEAVES = st.none() | st.booleans() | NUMBERS | TEXTS
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=20) | st.sampled_from(ODD),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


def fields(*names):
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, LEAVES | JSON))


ALLOCATION = st.fixed_dictionaries({"attributes": fields("ip", "port", "ip_alias", "is_default")})
SERVER = st.builds(
    lambda plain, limits, allocations, meta: {
        "attributes": {
            **plain,
            "identifier": "a1c4e7f0",
            "limits": limits,
            "relationships": {"allocations": {"data": allocations}},
        },
        "meta": {"user_permissions": meta},
    },
    fields("uuid", "name", "description", "node", "status", "is_suspended", "egg_features"),
    fields("memory", "disk", "cpu"),
    st.builds(lambda one, times: [one] * times, ALLOCATION, st.integers(0, 2_000)) | JSON,
    JSON,
)


def check(value, *, longest, most):
    """Check that the value, with all that it holds, is bounded and can be stored and sent."""
    if isinstance(value, str):
        assert len(value) <= longest
        value.encode()
        assert "\0" not in value
    elif isinstance(value, int | float):
        assert abs(value) < 1e25
    elif isinstance(value, timedelta):
        assert abs(value) < timedelta(days=1_200_000)
    elif isinstance(value, tuple | frozenset):
        assert len(value) <= most
        for each in value:
            check(each, longest=longest, most=most)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            check(getattr(value, field.name), longest=longest, most=most)


@given(SERVER, st.sampled_from(PanelKind))
def test_a_server_is_bounded(entry, kind):
    check(parse_server(entry, kind=kind), longest=1_000, most=200)
    listed = parse_listed(entry)
    check(listed, longest=255, most=0)
    assert len(listed.uuid) <= 64
    assert listed.name


@given(JSON, JSON, st.sampled_from(PanelKind))
def test_usage_is_bounded(usage, state, kind):
    for key in ("resources", "memory", "cpu", "disk"):
        entry = {"attributes": {key: {"current": usage, "memory_bytes": usage, "uptime": usage}, "state": state}}
        check(parse_resources(entry, kind=kind), longest=10, most=0)


def test_the_default_allocation_is_found_among_many():
    def one(number, *, default=False):
        return {"attributes": {"ip": "203.0.113.20", "port": number, "is_default": default}}

    data = [*(one(number) for number in range(5_000)), one(25565, default=True)]
    entry = {"attributes": {"identifier": "a1c4e7f0", "relationships": {"allocations": {"data": data}}}}
    found = parse_server(entry, kind=PanelKind.PTERODACTYL).allocations
    assert len(found) == wire.MOST_ALLOCATIONS
    assert [each.port for each in found if each.is_default] == [25565]
    assert found[0].port == 0


@given(JSON)
def test_what_recognition_looks_at_may_be_anything(answer):
    for entry in (answer, {"attributes": answer, "data": answer, "meta": {"pagination": {"total_pages": answer}}}):
        is_0_7(entry)
        attributes_of(entry)
        if isinstance(entry, dict):
            servers_of(entry)
            assert isinstance(total_pages(entry), int)


def ticket(claims, tail="", socket="wss://n:1/ws"):
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
    return {"data": {"token": f"eyJ.{part}.x{tail}", "socket": socket}}


@given(LEAVES, LEAVES, TEXTS)
def test_a_ticket_is_bounded_or_none(expires, issuer, socket):
    for answer in (
        ticket({"exp": expires, "iss": issuer}),
        ticket({"exp": 1, "iss": issuer}),
        ticket({"exp": 1}, socket=f"wss://{socket}:1/ws"),
        ticket({"exp": 1}, tail=socket),
    ):
        try:
            found = parse_ticket(answer)
        except PanelBroken:
            continue
        assert len(found.token) <= 8_000
        assert len(found.socket_url) <= 2_100
        assert found.issuer is None or (len(found.issuer) <= 2_000 and found.issuer.isascii())


@given(st.text(max_size=70) | TEXTS)
@example("Mon, 01 Jan 2026 00:00:00 +9999999999999")
@example("Mon, 01 Jan 99999 00:00:00 GMT")
@example("9" * 8_000)
@example("1e400")
@example("nan")
def test_whatever_the_headers_say_a_wait_is_some_minutes_at_most(text):
    for name in ("Retry-After", "X-RateLimit-Reset"):
        assert 0 <= _retry_after({name: text}, default=30.0) <= 900


@given(JSON | st.text(), st.sampled_from([200, 404, 500]), st.booleans())
@example("[" * 90_000, 200, False)
@example("9" * 5_000, 200, False)
@example('{"errors":[{"code":"' + "x" * 60_000, 500, True)
@example('{"a":"\\ud800"}', 200, False)
@example('{"a":1e400,"b":NaN,"a":2}', 200, False)
def test_any_text_is_an_answer_with_or_without_an_object(said, status, is_cut):
    text = said if isinstance(said, str) else json.dumps(said)
    answer = Answer(status=status, headers={}, text=text, is_cut=is_cut)
    assert answer.payload is None or isinstance(answer.payload, dict)
    for told in (answer.code, answer.detail, answer.invalid_field):
        assert len(told) <= 2_000
    if is_cut and status == 200:
        assert answer.payload is None


def test_a_cut_error_is_judged_by_what_its_beginning_says():
    whole = json.dumps(
        {"errors": [{"code": "NotFoundHttpException", "detail": "gone", "meta": {"trace": ["x" * 99] * 99}}]}
    )
    answer = Answer(status=404, headers={}, text=whole[:3_000], is_cut=True)
    assert (answer.from_panel, answer.code, answer.detail) == (True, "NotFoundHttpException", "gone")


@pytest.mark.parametrize("text", ["[" + "[]," * 60_000, '{"a":0,' * 60_000, "," * 100_001])
def test_an_answer_of_very_many_parts_is_not_parsed(text):
    answer = Answer(status=200, headers={}, text=text)
    assert answer.is_too_long
    assert answer.payload is None


@pytest.mark.parametrize("operation", Operation)
def test_no_answer_is_taken_beyond_a_mib(operation):
    assert longest_body(operation, 200) <= MIB
    assert longest_body(operation, 500) <= 64 * 2**10
    assert longest_body(operation, 200) < longest_transmission(operation) <= 1.2 * MIB
