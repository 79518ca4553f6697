"""The shipped schemas are sound, and what the existing network answers fits them."""

import json
from pathlib import Path

import jsonschema
import pytest

from infernet_tui.cli.schema import load_schema, schema_names


@pytest.mark.parametrize("name", schema_names())
def test_a_schema_is_valid_and_names_itself(name: str) -> None:
    schema = load_schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"] == f"infernet.{name}/1"
    assert load_schema(f"infernet.{name}/1") == schema


def enveloped(name: str, **document: object) -> dict[str, object]:
    return {"schema": f"infernet.{name}/1", "ok": True, **document, "warnings": []}


def test_captured_status_and_stats_fit(shared_dir: Path) -> None:
    for name in ("status", "stats"):
        sample = json.loads((shared_dir / f"wire_samples/cli_{name}_json.json").read_text())
        jsonschema.validate(enveloped(name, **sample), load_schema(name))


def test_captured_payments_and_payouts_fit(shared_dir: Path) -> None:
    for name in ("payments", "payouts"):
        for call in json.loads((shared_dir / f"wire_samples/node_{name}.json").read_text()):
            data = call["response"].get("data", {})
            if "rows" in data:
                document = enveloped(name, **{name: data["rows"], "next": None})
                jsonschema.validate(document, load_schema(name))
