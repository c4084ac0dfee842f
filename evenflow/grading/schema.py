"""JSON Schema (2020-12) of a grade, made from the code's own tables.

`python -m evenflow.grading.schema` writes it beside this file; a test says when that is due.
"""

import json
from pathlib import Path
from typing import Any

from evenflow.core.schemas import span_schema
from evenflow.grading.grade import SCHEMA
from evenflow.grading.scores import SCORES

FILE = Path(__file__).with_name("grade.schema.json")


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


def grade_schema() -> dict[str, Any]:
    """What `evenflow world grade --json` gives for one clip."""
    text = {"type": "string"}
    number = {"type": ["number", "null"]}
    frame = {"type": ["integer", "null"], "minimum": 0}
    share = {"type": "number", "minimum": 0, "maximum": 1}
    span = {k: v for k, v in span_schema().items() if k not in ("$schema", "$id")}
    null = {
        "description": "the score on clean clips of the world through the same codec; null where "
        "it was not measured",
        "anyOf": [
            {"type": "null"},
            _closed(
                {
                    "codec": text,
                    "clips": {"type": "integer", "minimum": 1},
                    "quantiles": {
                        "description": "at 1, 5, 25, 50, 75, 95 and 99 %",
                        "type": "array",
                        "items": {"type": "number"},
                        "minItems": 7,
                        "maxItems": 7,
                    },
                    "power": {
                        "description": "area under the ROC curve against defects of strength 2, 3 "
                        "and 4 that this score should see",
                        "type": ["array", "null"],
                        "items": share,
                        "minItems": 3,
                        "maxItems": 3,
                    },
                    "informative_only": {"type": "boolean"},
                }
            ),
        ],
    }
    scores = {
        name: {"$ref": "#/$defs/score", "description": f"{row.family}; unit: {row.unit}"}
        for name, row in SCORES.items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:evenflow:schema:grade-1.json",
        "title": "Evenflow grade",
        "description": "What `evenflow world grade --json` says of one clip. What cannot be told "
        "is null with a reason, never 0.",
        **_closed(
            {
                "schema": {"const": SCHEMA},
                "clip": {
                    **_closed(
                        {
                            "path": text,
                            "frames": {"type": "integer", "minimum": 0},
                            "fps": {"type": "number", "minimum": 0},
                            "width": {"type": "integer", "minimum": 1},
                            "height": {"type": "integer", "minimum": 1},
                        }
                    )
                },
                "caption": {"type": ["string", "null"]},
                "coverage": share | {"description": "share of what is to be seen that was parsed"},
                "clauses": {
                    "description": "what the caption says, statement by statement",
                    "type": "array",
                    "items": _closed(
                        {
                            "text": text,
                            "kind": text,
                            "shown": {
                                "type": ["boolean", "null"],
                                "description": "null is not parsed",
                            },
                            "reason": text,
                            "start_frame": frame,
                            "end_frame": frame,
                        }
                    ),
                },
                "scores": _closed(scores),
                "worst": {
                    "description": "scores on the bad side of the 5th percentile of their null",
                    "type": "array",
                    "items": {"enum": list(SCORES)},
                },
                "cast": {
                    "description": "who was followed",
                    "type": "array",
                    "items": _closed(
                        {
                            "id": {"type": "integer", "minimum": 1},
                            "kind": text,
                            "color": text,
                            "second": text,
                            "pattern": text,
                            "role": text | {"description": "who of the caption it is, or empty"},
                            "start_frame": frame,
                            "end_frame": frame,
                            "seen_frames": frame,
                        }
                    ),
                },
                "warnings": {"type": "array", "items": text},
            }
        ),
        "$defs": {
            "span": span,
            "score": _closed(
                {
                    "value": number,
                    "unit": text,
                    "better": {"enum": ["higher", "lower"]},
                    "family": text,
                    "reason": text | {"description": "why there is no value, or empty"},
                    "low": {
                        "type": "boolean",
                        "description": "on the bad side of the 5th percentile of its null",
                    },
                    "null": null,
                    "spans": {"type": "array", "items": {"$ref": "#/$defs/span"}},
                    "detail": {"type": "object"},
                }
            ),
        },
    }


def write(folder: Path = FILE.parent) -> None:
    """Writes the schema."""
    text = json.dumps(grade_schema(), indent=1, ensure_ascii=False) + "\n"
    (folder / FILE.name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
