"""The committed schemas are those that the code makes, and list every gate key with its unit."""

import json
import re
import subprocess
import sys
from importlib import resources

import jsonschema
import pytest

from evenflow.core.gate import Clause, units
from evenflow.core.report import report_schema
from evenflow.core.schemas import SCHEMAS, write
from evenflow.core.storyboard import storyboard_schema


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_committed_schema_is_up_to_date(name, tmp_path):
    write(tmp_path)
    made = (tmp_path / f"{name}.schema.json").read_text("utf-8")
    shipped = resources.files("evenflow.core").joinpath(f"{name}.schema.json").read_text("utf-8")
    assert shipped == made, "run: python -m evenflow.core.schemas"
    jsonschema.Draft202012Validator.check_schema(json.loads(shipped))


@pytest.mark.parametrize("schema", [report_schema(), storyboard_schema()])
def test_gate_keys_and_units_are_those_of_the_grammar(schema):
    keys = schema["$defs"]["gate"]["properties"]
    assert {key: clause["x-unit"] for key, clause in keys.items()} == units()
    for key, unit in units().items():
        for text in ("<= 2", f">=2.5 {unit}", f" == -1{unit.upper()} "):
            assert re.search(keys[key]["pattern"], text)
            Clause.parse(key, text)
        assert not re.search(keys[key]["pattern"], "<= 2 parsecs")


def test_every_field_of_a_closed_object_is_described_or_a_reference():
    """A reader of the schema alone knows every unit."""
    for schema in (report_schema(), json.loads(json.dumps(SCHEMAS["span"]()))):
        for owner in (schema, *schema.get("$defs", {}).values()):
            for name, field in owner.get("properties", {}).items():
                told = {"description", "$ref", "const", "enum", "anyOf"} & field.keys()
                assert told or name in PLAIN, name


PLAIN = {"version", "id", "reason", "unit", "lag_s", "object"}


def test_the_nouns_are_light():
    """Reading the nouns loads neither torch nor a parser that is not needed."""
    code = (
        "import sys, evenflow, evenflow.core.storyboard, evenflow.core.contracts\n"
        "import evenflow.core.report, evenflow.core.clip, evenflow.core.events\n"
        "heavy = {'torch', 'yaml', 'pydantic', 'scipy', 'cv2', 'numba', 'av', 'jaxtyping'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
