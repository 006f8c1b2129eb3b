"""Where a database may be: what finds that out beforehand agrees with a start, and leaves everything as it was."""

from pathlib import Path

import pytest

from bot.check import check
from bot.errors import StartupError
from bot.settings import Settings
from bot.sole_store import open_alone


def in_a_missing_folder(here: Path) -> Path:
    return here / "a" / "b" / "wingcord.db"


def in_a_folder_that_is_there(here: Path) -> Path:
    return here / "wingcord.db"


def with_an_odd_name(here: Path) -> Path:
    return here / "däta fold" / "wing%20cord.db"


def behind_a_link(here: Path) -> Path:
    (here / "real").mkdir()
    (here / "link").symlink_to(here / "real")
    return here / "link" / "wingcord.db"


def an_empty_file(here: Path) -> Path:
    (here / "wingcord.db").touch()
    return here / "wingcord.db"


def where_nothing_can_be_made(_here: Path) -> Path:
    return Path("/proc/x/y.db")


def deep_where_nothing_can_be_made(_here: Path) -> Path:
    return Path("/sys/x/y/z.db")


def in_a_folder_of_the_system(_here: Path) -> Path:
    return Path("/proc/y.db")


def below_a_device(_here: Path) -> Path:
    return Path("/dev/null/x.db")


def below_a_file(here: Path) -> Path:
    (here / "file").touch()
    return here / "file" / "wingcord.db"


def a_folder_in_its_place(here: Path) -> Path:
    (here / "wingcord.db").mkdir()
    return here / "wingcord.db"


def a_folder_in_the_place_of_its_lock(here: Path) -> Path:
    (here / "wingcord.lock").mkdir()
    return here / "wingcord.db"


def a_link_to_nowhere(here: Path) -> Path:
    (here / "wingcord.db").symlink_to(here / "gone" / "x.db")
    return here / "wingcord.db"


def links_in_a_circle(here: Path) -> Path:
    (here / "a").symlink_to(here / "b")
    (here / "b").symlink_to(here / "a")
    return here / "a" / "wingcord.db"


def a_name_too_long(here: Path) -> Path:
    return here / ("x" * 300 + ".db")


def a_name_too_long_for_what_goes_beside_it(here: Path) -> Path:
    return here / ("x" * 248 + ".db")


def a_folder_too_long(here: Path) -> Path:
    return here / ("x" * 300) / "wingcord.db"


def a_name_that_no_file_can_have(here: Path) -> Path:
    return here / "a\x00b.db"


def no_database(here: Path) -> Path:
    (here / "wingcord.db").write_text("a letter to my aunt " * 100)
    return here / "wingcord.db"


GOOD = (in_a_missing_folder, in_a_folder_that_is_there, with_an_odd_name, behind_a_link, an_empty_file)
BAD = (
    where_nothing_can_be_made,
    deep_where_nothing_can_be_made,
    in_a_folder_of_the_system,
    below_a_device,
    below_a_file,
    a_folder_in_its_place,
    a_folder_in_the_place_of_its_lock,
    a_link_to_nowhere,
    links_in_a_circle,
    a_name_too_long,
    a_name_too_long_for_what_goes_beside_it,
    a_folder_too_long,
    a_name_that_no_file_can_have,
    no_database,
)


async def checked(settings: Settings) -> bool:
    async def nobody(_token: str, _url: str | None) -> None:
        raise StartupError("not asked", exit_code=4)

    return {finding.subject: finding.fine async for finding in check(settings, probe=nobody)}["DATABASE_URL"]


async def starts(settings: Settings) -> bool:
    try:
        async with open_alone(settings):
            return True
    except StartupError:
        return False


def tree(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.lstat().st_size) for path in folder.rglob("*"))


@pytest.mark.parametrize("place", [*GOOD, *BAD])
async def test_check_and_start_agree_and_check_leaves_nothing_behind(place, tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite+aiosqlite:///{place(tmp_path)}", discord_token="a.b.c")
    before = tree(tmp_path)
    said = await checked(settings)
    assert tree(tmp_path) == before
    assert (said, await starts(settings)) == (place in GOOD, place in GOOD)


async def test_a_place_that_is_in_use_is_a_good_one(tmp_path: Path) -> None:
    """Whoever asks while the bot is running is told nothing else."""
    settings = Settings(database_url=f"sqlite+aiosqlite:///{tmp_path}/wingcord.db", discord_token="a.b.c")
    async with open_alone(settings):
        assert await checked(settings)
