"""Installing on whatever Python there is: what cannot be installed is a sentence, what has gone stale is made anew."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("bash", "cat", "dirname", "env", "grep", "head", "sed", "sort", "tail")
LOCK = "no-such-package-anywhere==1.0 --hash=sha256:" + "0" * 64 + "\n"


@pytest.fixture
def machine(tmp_path):
    """A machine with a Python of some version, with or without a compiler, whose package index is empty or away."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in TOOLS:
        (tools / tool).symlink_to(shutil.which(tool))
    python = tmp_path / "python"
    lock = tmp_path / "some.lock"
    lock.write_text(LOCK)

    def install(version: str, *, compiler: bool = False, network: bool = True, what=()) -> tuple[int, str]:
        python.write_text(
            "#!/bin/bash\n"
            f'[ "$1" = -c ] && {{ echo {version}; exit; }}\n'
            'case "$*" in *only-binary*) ;; *) echo "a long trace of a compiler" >&2; exit 1;; esac\n'
            f'exec {sys.executable} "$@"\n'
        )
        python.chmod(0o755)
        if compiler:
            (tools / "cc").symlink_to("/bin/true")
        environment = {"PATH": str(tools), "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}
        if network:
            environment["PIP_NO_INDEX"] = "1"
        else:
            environment["PIP_INDEX_URL"] = "http://127.0.0.1:9/simple"
        done = subprocess.run(
            [ROOT / ".ci" / "install", python, *(what or [lock])],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stderr

    return install


def test_a_python_that_is_too_new_is_named_before_pip_says_anything(machine):
    code, said = machine("3.99.1")
    assert code == 1
    first, second = said.splitlines()
    assert first.startswith("Python 3.99.1 is too new: no-such-package-anywhere==1.0 is not made for it yet.")
    assert "Take one of Python 3.11 to 3." in first and "make PYTHON=" in first
    assert second.startswith("There is no compiler here")


def test_with_a_compiler_the_package_is_built_and_its_failure_ends_in_a_sentence(machine):
    code, said = machine("3.99.1", compiler=True)
    assert code == 1
    assert "Building it instead" in said
    assert said.splitlines()[-1].startswith("It could not be built. Take one of Python 3.11")


def test_a_package_missing_for_a_python_that_is_known_does_not_blame_the_python(machine):
    code, said = machine("3.12.1")
    assert code == 1
    assert "too new" not in said
    assert said.startswith("no-such-package-anywhere==1.0 is not ready-made for Python 3.12.1 on this machine.")


@pytest.mark.parametrize("what", [(), ("--no-deps", "no-such-package-anywhere==1.0")])
def test_a_package_index_that_is_out_of_reach_is_told_in_a_sentence_and_in_seconds(machine, what):
    """By each way to install: neither pip's own patience nor its pages, and no package that is taken for missing."""
    began = time.monotonic()
    code, said = machine("3.99.1", network=False, what=what)
    assert (code, time.monotonic() - began < 8) == (1, True)
    first, second = said.splitlines()
    assert first.startswith("What is needed cannot be fetched: the package index cannot be reached.")
    assert second.startswith("What pip says: ") and "onnection" in second
    assert "too new" not in said and "ready-made" not in said


@pytest.mark.parametrize("trouble", ["THESE PACKAGES DO NOT MATCH THE HASHES", "[Errno 28] No space left on device"])
def test_other_trouble_after_a_connection_that_faltered_is_told_as_pip_tells_it(tmp_path, trouble):
    python = tmp_path / "python"
    retry = "WARNING: Retrying (Retry(total=1)) after connection broken by 'ReadTimeoutError(...)': /simple/x/"
    python.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{retry}\nERROR: {trouble}\nEND\nexit 1\n")
    python.chmod(0o755)
    done = subprocess.run([ROOT / ".ci" / "install", python, "some.lock"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert trouble in done.stderr and "cannot be reached" not in done.stderr


def test_every_installation_goes_that_way_and_says_so_instead_of_its_commands():
    """No pip of the Makefile's own, whose silence and noise nobody has looked at; what takes long is told before."""
    text = (ROOT / "Makefile").read_text().replace("\\\n", "")
    rules = re.findall(r"^\$\((RUNTIME|STAMP|MACHINES)\):.*\n((?:\t.*\n)+)", text, re.MULTILINE)
    assert [name for name, _ in rules] == ["RUNTIME", "STAMP", "MACHINES"]
    assert "-m pip" not in text
    for name, commands in rules:
        lines = commands.splitlines()
        assert all(line.startswith("\t@") for line in lines), lines
        assert name == "MACHINES" or "about a minute" in next(line for line in lines if "sys.version_info" not in line)


@pytest.fixture
def plan(tmp_path):
    """What `make` would do for an environment whose interpreter is this script."""
    environment = tmp_path / "env"
    (environment / "bin").mkdir(parents=True)
    stamp = environment / ".installed"

    def would(python: str | None, *arguments: str) -> str:
        if python is not None:
            (environment / "bin" / "python").write_text(f"#!/bin/sh\necho {python}\n")
            (environment / "bin" / "python").chmod(0o755)
        else:
            (environment / "bin" / "python").symlink_to(tmp_path / "gone")
        stamp.touch()
        clean = {name: value for name, value in os.environ.items() if name not in ("PYTHON", "MAKEFLAGS", "MAKELEVEL")}
        done = subprocess.run(
            ["make", "--dry-run", f"VENV={environment}", *arguments, str(stamp)],
            cwd=ROOT, env=clean, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    return would


def test_an_environment_that_works_is_left_alone(plan):
    assert "venv" not in plan("Python 3.11.2")
    own = "Python " + ".".join(map(str, sys.version_info[:3]))
    assert "-m venv" not in plan(own, f"PYTHON={sys.executable}")


def test_an_environment_whose_interpreter_has_gone_is_made_anew(plan):
    assert "-m venv --clear" in plan(None)


def test_an_environment_of_another_python_than_the_one_asked_for_is_made_anew(plan):
    assert f"{sys.executable} -m venv --clear" in plan("Python 3.11.0", f"PYTHON={sys.executable}")
