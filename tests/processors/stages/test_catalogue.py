"""The list of stages is the only place that names them, and it says what the stages do."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from processors.domain.spikes.evidence import as_coded
from processors.stages.all_stages import build_stages
from processors.stages.catalogue import STAGES
from processors.stages.reference_policies import reference_context, reference_policies
from schemas.topics import CO_PARTITIONED

ROOT = Path(__file__).parents[3]
PRODUCT = ("deploy", "processors", "producers", "schemas", "sinks")
SAME_WORD = {
    ("sinks/alerts/alertmanager/payload.py", "complaints"),
    ("producers/simulator/ground_truth.py", "complaints"),
}
"""Texts that read like the name of a stage and are none: an annotation and a figure with the number of complaints."""
HEAVY = ("aiokafka", "confluent_kafka", "fastavro", "faust", "numba", "numpy", "pydantic")


def test_stages_are_built_as_the_catalogue_lists_them() -> None:
    """Every stage of the catalogue is built, in its order, with its inputs."""
    stages = build_stages(reference_policies(), reference_context(), lambda code, _at: code, as_coded)
    assert [(stage.name, tuple(stage.inputs)) for stage in stages] == [(stage.name, stage.inputs) for stage in STAGES]


def test_inputs_of_one_stage_are_co_partitioned() -> None:
    """Topics that a stage joins have equal partition counts in every deployment."""
    for stage in STAGES:
        groups = [set(group) for group in CO_PARTITIONED]
        fixed = {topic.value.partitions for topic in stage.inputs}
        assert len(stage.inputs) == 1 or set(stage.inputs) in groups or fixed == {1}, stage.name


def test_no_stage_is_named_outside_the_catalogue() -> None:
    """Product code takes names of stages from the catalogue: no text of it equals or lists them."""
    names = {stage.name for stage in STAGES}
    found = {
        (path.relative_to(ROOT).as_posix(), text)
        for folder in PRODUCT
        for path in (ROOT / folder).rglob("*.py")
        for text in _texts(path)
        if names.issuperset(text.split(","))
    }
    assert found - SAME_WORD == {("processors/stages/catalogue.py", name) for name in names}


def _texts(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_stage_is_explained() -> None:
    """docs/architecture.md describes each stage by its name."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    assert [stage.name for stage in STAGES if f"**`{stage.name}`**" not in text] == []


def test_the_catalogue_is_light() -> None:
    """Settings and `hailong --help` may import it: it loads no library."""
    code = f"import sys, processors.stages.catalogue; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert run.stdout.split() == []
