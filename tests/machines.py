"""What people's machines have and lack: packages beside the environment, and imports that fail as on other machines."""

import os
import sys
from pathlib import Path

import pytest

FOLDER = Path(sys.prefix) / ".machines"


def packages() -> Path:
    """The folder with the packages of [dependency-groups] machines; without it the test is skipped, in CI it fails."""
    if not FOLDER.is_dir():
        missing = f"{FOLDER} is not there; `make test` makes it"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    return FOLDER


def without_compression(folder: Path) -> dict[str, str]:
    """The environment of a stand-in of Discord that can send none of the compressions that a bot asks for."""
    (folder / "sitecustomize.py").write_text(
        "import sandbox.discord.compression as it\n"
        "def nothing(): raise ImportError('there is nothing to do it with')\n"
        "it.ZlibStream = it.ZstdStream = nothing\n"
    )
    return {"PYTHONPATH": str(folder)}
