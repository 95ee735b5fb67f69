"""The house holds one of each: one class of a name, one list of stages, one HTTP client, one loop that waits in tests.

That each default is declared once: `tests/deploy/settings/test_settings.py`.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from processors.stages.catalogue import STAGES

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("schemas", "producers", "processors", "sinks", "portal", "deploy")
PRODUCT = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for room in ROOMS for path in (ROOT / room).rglob("*.py")
}
TREES = {name: ast.parse(text) for name, text in PRODUCT.items()}

MAX_LINES = 400
MAX_MEDIAN_LINES = 100

HTTP_CLIENT = "schemas/http_client.py"
OPENERS = {"urlopen", "build_opener", "HTTPConnection", "HTTPSConnection"}

POLLING = "tests/support/polling.py"
OTHER_LOOPS = {
    "tests/sinks/clickhouse/loader/test_members.py": "measures memory at intervals; it waits for nothing",
    "tests/faults/load.py": "sends at a rate",
}
"""Loops with a pause that wait for no condition of a test, and what they are."""


def test_no_two_classes_have_one_name() -> None:
    """Whoever reads the name of a class knows which one it is."""
    places = defaultdict(list)
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name)
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


def test_stages_are_listed_in_one_place() -> None:
    """No collection in the product repeats the names of the stages: everything reads processors/stages/catalogue.py."""
    stages = {stage.name for stage in STAGES}
    lists = (ast.Tuple, ast.List, ast.Set)
    repeated = [
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, lists) and len(stages & {ast.unparse(element).strip("'") for element in node.elts}) > 2
    ]
    assert repeated == []


def test_requests_are_sent_by_one_client() -> None:
    """Only schemas/http_client.py opens HTTP connections: it follows no redirect, and one place says so."""
    found = {name for name, tree in TREES.items() if OPENERS & set(_called_names(tree))}
    assert found == {HTTP_CLIENT}


def test_tests_wait_in_one_loop() -> None:
    """No test looks again and again by itself: that is what tests/support/polling.py is for."""
    found = set()
    for path in (ROOT / "tests").rglob("*.py"):
        loops = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.While))
        if any("sleep" in _called_names(loop) for loop in loops):
            found.add(path.relative_to(ROOT).as_posix())
    assert found - OTHER_LOOPS.keys() == {POLLING}


def test_files_are_short() -> None:
    """A file is one idea: none is over the limit, and most are far below it."""
    lines = {name: text.count("\n") for name, text in PRODUCT.items() if text}
    assert {name: count for name, count in lines.items() if count > MAX_LINES} == {}
    assert median(lines.values()) <= MAX_MEDIAN_LINES


def _called_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
