"""The 409 matrix: which state of a server excludes which route for whom."""

import pytest

from sandbox.panel import Profile

TEXTS = {
    "suspended": "This server is currently suspended and the functionality requested is unavailable.",
    "maintenance": "The node of this server is currently under maintenance and the functionality requested is unavailable.",
    "install": "This server has not yet completed its installation process, please try again later.",
    "restore": "This server is currently restoring from a backup, please try again later.",
    "transfer": "This server is currently being transferred to a new machine, please try again later.",
}


def put(scene, state):
    if state == "transferring":
        scene.server.transferring = True
    elif state == "maintenance":
        scene.panel.node.maintenance = True
    elif state == "suspended":
        scene.server.suspend()
    else:
        scene.server.set_status(state)


@pytest.mark.parametrize(
    ("state", "text", "admin_socket"),
    [
        ("suspended", "suspended", 409),
        ("maintenance", "maintenance", 409),
        ("installing", "install", 200),
        ("install_failed", "install", 200),
        ("restoring_backup", "restore", 200),
        ("transferring", "transfer", 200),
    ],
)
async def test_a_state_excludes_all_but_the_view_and_for_admins_the_socket(make_scene, state, text, admin_socket):
    scene = await make_scene(running=True)
    admin_key = scene.panel.add_key(scene.panel.add_user("root", root_admin=True))
    put(scene, state)
    assert (await scene.get(scene.path())).status == 200
    for key in (scene.key, admin_key):
        for reply in (
            await scene.get(scene.path("/resources"), key=key),
            await scene.post(scene.path("/command"), {"command": "x"}, key=key),
            await scene.post(scene.path("/power"), {"signal": "start"}, key=key),
        ):
            expected = {"code": "ServerStateConflictException", "status": "409", "detail": TEXTS[text]}
            assert (reply.status, reply.error) == (409, expected)
    assert (await scene.get(scene.path("/websocket"))).status == 409
    assert (await scene.get(scene.path("/websocket"), key=admin_key)).status == admin_socket
    assert scene.panel.commands_received(scene.server) == []


async def test_a_failed_reinstallation_is_a_conflict_only_on_pelican(make_scene):
    for profile, status in ((Profile.PTERO_1_12, 200), (Profile.PELICAN, 409)):
        scene = await make_scene(profile)
        scene.server.set_status("reinstall_failed")
        assert (await scene.get(scene.path("/resources"))).status == status


async def test_the_reason_named_first_is_suspension(scene):
    scene.server.transferring = True
    scene.panel.node.maintenance = True
    scene.server.suspend()
    assert (await scene.get(scene.path("/resources"))).error["detail"] == TEXTS["suspended"]


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("suspended", {"status": "suspended", "is_suspended": True, "is_installing": False}),
        ("installing", {"status": "installing", "is_installing": True}),
        ("install_failed", {"status": "install_failed", "is_installing": True}),
        ("restoring_backup", {"status": "restoring_backup", "is_installing": False}),
        ("transferring", {"status": None, "is_transferring": True}),
        ("maintenance", {"status": None, "is_node_under_maintenance": True}),
    ],
)
async def test_the_view_tells_the_state(scene, state, shown):
    put(scene, state)
    attributes = (await scene.get(scene.path())).json["attributes"]
    assert {name: attributes[name] for name in shown} == shown


async def test_a_pelican_admin_may_have_a_ticket_for_a_suspended_server(make_scene):
    scene = await make_scene(Profile.PELICAN)
    admin_key = scene.panel.add_key(scene.panel.add_user("root", root_admin=True))
    scene.server.suspend()
    assert (await scene.get(scene.path("/websocket"), key=admin_key)).status == 200
    assert (await scene.get(scene.path("/websocket"))).status == 409
