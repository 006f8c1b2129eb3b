"""What people's machines have and lack: packages beside the environment, and imports that fail as on other machines."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

CODECS = ("zstandard", "compression.zstd", "backports.zstd", "brotli", "brotlicffi", "orjson", "aiodns", "uvloop")
"""What libraries use where they find it."""
FOLDER = Path(sys.prefix) / ".machines"


def packages() -> Path:
    """The folder with the packages of [dependency-groups] machines; without it the test is skipped, in CI it fails."""
    if not FOLDER.is_dir():
        missing = f"{FOLDER} is not there; `make test` makes it"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    return FOLDER


def python_of(folder: Path, *, having: Path | None = None, lacking: tuple[str, ...] = (), start: str = "") -> str:
    """An interpreter in an environment of its own, with all that this one has, and `having` as if it were installed.

    What is `lacking` cannot be imported; `start` is run whenever it starts. Programs that it starts find it the same.
    """
    environment = folder / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(environment)}))
    folders = [having, sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    # Not as sitecustomize: Debian's Pythons have one of their own, which is found first.
    (site / "all.pth").write_text("".join(f"{each}\n" for each in (*folders, "import this_machine") if each))
    (site / "this_machine.py").write_text(
        f"import sys\nsys.modules.update(dict.fromkeys({lacking!r}))  # None: the import fails\n{start}"
    )
    return str(environment / "bin" / "python")


def without_compression(folder: Path) -> dict[str, str]:
    """The environment of a stand-in of Discord that can send none of the compressions that a bot asks for."""
    (folder / "sitecustomize.py").write_text(
        "import sandbox.discord.compression as it\n"
        "def nothing(): raise ImportError('there is nothing to do it with')\n"
        "it.ZlibStream = it.ZstdStream = nothing\n"
    )
    return {"PYTHONPATH": str(folder)}
