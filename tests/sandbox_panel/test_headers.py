"""What the panel makes of Accept, Origin, Referer, cookies and slashes."""

import pytest


async def test_without_a_json_accept_a_missing_key_becomes_a_redirect_to_the_login_page_with_a_cookie(scene):
    reply = await scene.get(headers={"Authorization": "", "Accept": "*/*"})
    assert reply.status == 302
    assert reply.headers["Location"] == scene.panel.url + "/auth/login"
    assert reply.headers["Set-Cookie"].startswith("pterodactyl_session=")
    assert reply.headers["Content-Type"].startswith("text/html")
    page = await scene.call("GET", "/auth/login", headers={"Accept": "*/*"})
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=UTF-8")
    assert "Set-Cookie" in page.headers


@pytest.mark.parametrize(
    ("accept", "json"),
    [
        ("application/json", True),
        ("Application/vnd.pterodactyl.v1+json", True),
        ("text/html;q=0.5, application/json", True),
        ("*/*", False),
        ("text/html, application/json", False),
        ("", False),
    ],
)
async def test_only_a_first_accepted_type_of_json_makes_errors_json(scene, accept, json):
    reply = await scene.get("/servers/00000000", headers={"Accept": accept})
    assert reply.status == 404
    assert reply.headers["Content-Type"].startswith("application/json" if json else "text/html")


async def test_success_is_json_whatever_was_accepted(scene):
    reply = await scene.get(headers={"Accept": "*/*"})
    assert reply.status == 200
    assert reply.json["object"] == "list"


async def test_without_a_json_accept_a_node_that_is_down_looks_like_a_redirect(scene):
    scene.panel.node.down()
    reply = await scene.post(scene.path("/power"), {"signal": "start"}, headers={"Accept": "*/*"})
    assert reply.status == 302
    assert scene.panel.signals_received(scene.server) == []


async def test_without_a_json_accept_a_validation_error_is_a_redirect(scene):
    assert (await scene.post(scene.path("/command"), {}, headers={"Accept": "text/html"})).status == 302


@pytest.mark.parametrize("name", ["Origin", "Referer"])
@pytest.mark.parametrize("value", ["{url}", "http://localhost", "http://127.0.0.1"])
async def test_an_origin_or_referer_of_the_panel_makes_a_post_fail_with_419(scene, name, value):
    reply = await scene.post(
        scene.path("/command"), {"command": "x"}, headers={name: value.format(url=scene.panel.url)}
    )
    assert reply.status == 419
    assert reply.error == {"code": "HttpException", "status": "419", "detail": "CSRF token mismatch."}
    assert scene.panel.requests[-1].user is None


async def test_a_session_cookie_makes_a_post_fail_with_419_and_a_get_pass(scene):
    cookie = {"Cookie": "pterodactyl_session=invented"}
    assert (await scene.post(scene.path("/power"), {"signal": "start"}, headers=cookie)).status == 419
    assert (await scene.get(headers=cookie)).status == 200


async def test_an_origin_elsewhere_is_harmless(scene):
    reply = await scene.post(
        scene.path("/power"), {"signal": "start"}, headers={"Origin": "https://elsewhere.example.test"}
    )
    assert reply.status == 204


async def test_a_trailing_slash_is_redirected_to_the_path_without(scene):
    reply = await scene.get("/")
    assert (reply.status, reply.headers["Location"]) == (301, scene.panel.url + "/api/client")


async def test_the_front_page_leads_to_the_login_page(scene):
    reply = await scene.call("GET", "/", headers={"Accept": "text/html"})
    assert (reply.status, reply.headers["Location"]) == (302, scene.panel.url + "/auth/login")
