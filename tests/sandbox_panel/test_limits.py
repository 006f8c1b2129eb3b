"""Rate limits of the panel and their headers."""

import time

import pytest

from sandbox.panel import Profile


@pytest.mark.parametrize(
    ("profile", "limit"), [(Profile.PTERO_1_11, 720), (Profile.PTERO_1_12, 256), (Profile.PELICAN, 256)]
)
async def test_every_profile_shows_its_general_limit(make_scene, profile, limit):
    scene = await make_scene(profile)
    reply = await scene.get()
    assert reply.headers["X-RateLimit-Limit"] == str(limit)
    assert reply.headers["X-RateLimit-Remaining"] == str(limit - 1)
    assert "Retry-After" not in reply.headers


async def test_the_general_limit_is_shared_by_all_keys_of_a_user_and_by_nobody_else(make_scene):
    scene = await make_scene(panel_options={"general_limit": 3})
    other_key = scene.panel.add_key(scene.bot)
    for key in (scene.key, other_key, scene.key):
        assert (await scene.get(key=key)).status == 200
    before = time.time()
    reply = await scene.get(key=other_key)
    assert (reply.status, reply.error) == (
        429,
        {"code": "ThrottleRequestsException", "status": "429", "detail": "Too Many Attempts."},
    )
    assert reply.headers["X-RateLimit-Limit"] == "3"
    assert reply.headers["X-RateLimit-Remaining"] == "0"
    assert 55 <= int(reply.headers["Retry-After"]) <= 60
    assert 55 <= int(reply.headers["X-RateLimit-Reset"]) - before <= 61
    assert (await scene.get(key=scene.panel.add_key(scene.owner))).status == 200


async def test_refusals_before_the_limiter_cost_nothing(make_scene):
    scene = await make_scene(panel_options={"general_limit": 2})
    for _ in range(5):
        await scene.get("/servers/00000000")
        await scene.get("/nope")
    assert (await scene.get()).headers["X-RateLimit-Remaining"] == "1"


async def test_the_window_ends_after_scaled_60_seconds(make_scene):
    scene = await make_scene(scale=0.005, panel_options={"general_limit": 1})
    assert (await scene.get()).status == 200
    assert (await scene.get()).headers["Retry-After"] == "1"
    await scene.panel.wait_for(lambda: scene.panel.registry.general.used(scene.bot.uuid) == 0)
    assert (await scene.get()).status == 200


@pytest.mark.parametrize("profile", [Profile.PTERO_1_12, Profile.PELICAN])
async def test_five_tickets_a_minute_and_server_shared_by_all_users(make_scene, profile):
    scene = await make_scene(profile)
    owner_key = scene.panel.add_key(scene.owner)
    for left in (4, 3, 2, 1, 0):
        reply = await scene.get(scene.path("/websocket"), key=owner_key if left % 2 else scene.key)
        assert (reply.status, reply.headers["X-RateLimit-Limit"]) == (200, "5")
        assert reply.headers["X-RateLimit-Remaining"] == str(left)
    reply = await scene.get(scene.path("/websocket"))
    assert reply.status == 429
    assert reply.headers["X-RateLimit-Limit"] == "5"
    assert int(reply.headers["Retry-After"]) <= 60
    assert scene.panel.tickets_issued(scene.server) == 5
    other = scene.panel.add_server("Other", owner=scene.owner)
    assert (await scene.get(scene.path("/websocket", other), key=owner_key)).status == 200


async def test_a_conflict_costs_no_ticket(scene):
    scene.server.set_status("installing")
    for _ in range(7):
        assert (await scene.get(scene.path("/websocket"))).status == 409
    scene.server.set_status(None)
    assert (await scene.get(scene.path("/websocket"))).headers["X-RateLimit-Remaining"] == "4"


async def test_panel_1_11_does_not_limit_tickets(make_scene):
    scene = await make_scene(Profile.PTERO_1_11)
    for _ in range(8):
        assert (await scene.get(scene.path("/websocket"))).status == 200
