"""The project's own promises: settings explained, rooms kept apart, modules that say what they are for."""

import ast
import json
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from bot.__main__ import __doc__ as main_doc
from bot.errors import ExitCode
from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-postgresql.lock", "requirements-dev.lock", "requirements-machines.lock")
MODULES = sorted(path for room in ("bot", "cogs", "migrations", "sandbox") for path in (ROOT / room).rglob("*.py"))


def test_every_setting_is_in_the_example_with_its_default_and_a_comment() -> None:
    blocks = re.split(r"\n\n+", (ROOT / ".env.example").read_text().strip())[1:]
    explained: dict[str, str] = {}
    for block in blocks:
        *comments, assignment = block.splitlines()
        assert comments, f"{assignment} has no comment"
        assert all(line.startswith("#") for line in comments), block
        name, _, value = assignment.partition("=")
        explained[name] = value
    assert list(explained) == [name.upper() for name in Settings.model_fields]
    defaults = {name.upper(): field.default for name, field in Settings.model_fields.items()}
    for name, value in explained.items():
        default = defaults[name]
        assert value == ("" if default is None else str(default).lower() if isinstance(default, bool) else str(default))


def test_a_copied_example_is_a_working_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.settings import load_settings

    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text((ROOT / ".env.example").read_text())
    assert load_settings().model_dump() == Settings().model_dump()


def test_every_exit_code_is_explained() -> None:
    assert main_doc
    for code in ExitCode:
        assert re.search(rf"^{int(code)}     \w", main_doc, re.MULTILINE), code


def test_the_locks_name_no_host_and_pin_by_hash() -> None:
    """A host name would break the installation wherever that host is not reachable."""
    for name in LOCKS:
        text = (ROOT / name).read_text()
        assert "://" not in text
        pins = re.findall(r"^[\w.\[\]-]+==.*\\$", text, re.MULTILINE)
        starts = re.findall(r"^[^\s#].*", text, re.MULTILINE)
        assert len(pins) == len(starts) > 5


def test_what_pyproject_asks_for_is_locked() -> None:
    import tomllib

    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = asked["project"]
    for lock, wanted in (
        ("requirements-machines.lock", asked["dependency-groups"]["machines"]),
        ("requirements.lock", project["dependencies"]),
        ("requirements-postgresql.lock", project["dependencies"] + project["optional-dependencies"]["postgresql"]),
        ("requirements-dev.lock", project["dependencies"] + project["optional-dependencies"]["dev"]),
    ):
        locked = set(re.findall(r"^([\w.-]+)==", (ROOT / lock).read_text(), re.MULTILINE))
        names = {re.match(r"[\w.-]+", entry).group().lower().replace(".", "-") for entry in wanted}
        assert names <= locked


def test_stand_ins_and_tests_are_no_part_of_the_bot() -> None:
    """Neither by an import statement nor by a name in a string, such as an extension to load."""
    for path in MODULES:
        if path.relative_to(ROOT).parts[0] in {"bot", "cogs", "migrations"}:
            for node in ast.walk(ast.parse(path.read_text())):
                names: list[str] = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom):
                    names = [node.module or ""]
                elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value:
                    names = [node.value]
                for name in names:
                    assert name.split(".")[0] not in {"sandbox", "tests"}, f"{path}: {name}"


def test_no_annotation_names_a_neighbour_in_its_class_for_a_builtin() -> None:
    """Since Python 3.14 annotations are looked up when they are asked for: `list[str]` beside `def list` is no type."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                methods = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
                taken = {method.name for method in methods}
                for method in methods:
                    arguments = [*method.args.posonlyargs, *method.args.args, *method.args.kwonlyargs]
                    for annotation in filter(None, [method.returns, *(each.annotation for each in arguments)]):
                        used = {each.id for each in ast.walk(annotation) if isinstance(each, ast.Name)}
                        assert not used & taken, f"{path}: {node.name}.{method.name}"


def test_nothing_is_asked_of_sqlite_that_older_systems_do_not_know() -> None:
    """Python comes with the system's SQLite: RETURNING is known since 3.35, and RHEL 9 has 3.34."""
    for path in [*(ROOT / "bot" / "store").rglob("*.py"), *(ROOT / "migrations").rglob("*.py")]:
        asked = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        assert "returning" not in asked, path


def test_the_store_does_not_load_alembic_until_it_migrates() -> None:
    program = "import sys, bot.store.store; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, cwd=ROOT).returncode == 0


def test_make_help_names_every_target() -> None:
    shown = subprocess.run(["make", "help"], check=True, cwd=ROOT, capture_output=True, text=True).stdout
    for target in ("run", "test", "quick", "test-pythons", "lint", "format", "lock"):
        assert f"make {target} " in shown


def test_all_places_name_the_same_pythons() -> None:
    pythons = re.findall(r'Python :: (3\.\d+)"', (ROOT / "pyproject.toml").read_text())
    assert pythons == [f"3.{minor}" for minor in range(11, 11 + len(pythons))]
    matrix = re.search(r"python: \[(.*)\]", (ROOT / ".github" / "workflows" / "ci.yml").read_text())
    assert matrix and re.findall(r"[\d.]+", matrix[1]) == pythons
    spans = re.findall(r"(3\.\d+) to (3\.\d+)", (ROOT / "README.md").read_text())
    assert spans and set(spans) == {(pythons[0], pythons[-1])}
    assert set(re.findall(r"python:(3\.\d+)-", (ROOT / "Dockerfile").read_text())) <= set(pythons)


def test_the_continuous_integration_runs_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert script.read_text().splitlines()[-1] == "make test"


def _anchors(text: str) -> set[str]:
    """What can be linked to in a page, as the forges name it."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_in_the_documents_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
    assert len(pages) > 2
    for page in pages:
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
            if "://" not in target:
                file, _, anchor = target.partition("#")
                there = (page.parent / file).resolve() if file else page
                assert there.exists(), f"{page.name}: {target}"
                assert not anchor or anchor in _anchors(there.read_text()), f"{page.name}: {target}"


def test_the_readme_lists_all_its_chapters_in_order() -> None:
    text = (ROOT / "README.md").read_text()
    contents = re.findall(r"\[[^]]+\]\(#([\w-]+)\)", text.partition("## Try it")[0])
    chapters = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert contents == [chapter.lower().replace(" ", "-") for chapter in chapters]


def test_the_readme_names_files_and_targets_that_are_there() -> None:
    for page in (ROOT / "README.md", ROOT / "docs" / "development.md"):
        text = page.read_text()
        for target in re.findall(r"(?:^|`)make ([a-z][a-z-]+)", text, re.MULTILINE):
            assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), target
        for lock in re.findall(r"requirements[\w-]*\.lock", text):
            assert (ROOT / lock).exists()


@pytest.mark.parametrize("written", ["127.0.0.1:{}", '"127.0.0.1:{}"', " 127.0.0.1:{} ", '"[::1]:{}"'])
def test_the_image_finds_its_health_page_however_its_address_is_quoted(written: str) -> None:
    """An --env-file keeps quotes, which the settings take away: what asks must do so too."""
    (program,) = re.findall(r'^    CMD \["python", "-c", (".*")\]$', (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    page = HTTPServer(("127.0.0.1", 0), _Fine)
    with page:
        Thread(target=page.serve_forever, daemon=True).start()
        for port, fine in ((page.server_port, True), (1, False)):
            environment = {"HTTP_LISTEN": written.format(port), "PATH": "/usr/bin"}
            asked = subprocess.run(
                [sys.executable, "-c", json.loads(program)], env=environment, check=False, capture_output=True
            )
            assert (asked.returncode == 0) is fine, asked.stderr
        page.shutdown()
    for empty in ("", '""'):
        asked = subprocess.run([sys.executable, "-c", json.loads(program)], env={"HTTP_LISTEN": empty}, check=False)
        assert asked.returncode == 0


class _Fine(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Nobody reads it."""
