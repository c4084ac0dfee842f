"""JSON Schemas (2020-12) of report, comparison, span, storyboard, made from the code's own lists.

`python -m evenflow.core.schemas` writes them beside this file; a test says when that is due.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, get_args

from evenflow.core import report, storyboard
from evenflow.core.gate import units
from evenflow.core.kinds import DIMENSIONS, KINDS
from evenflow.core.measurement import SERIES_LIMIT
from evenflow.core.signals import SIGNALS

Schema = dict[str, Any]
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_HOME = "urn:evenflow:schema"

_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
_FRAME: Schema = {"type": "integer", "minimum": 0}
_BOX: Schema = {
    "description": "[x0, y0, x1, y1] in source pixels, half-open; null is the whole frame",
    "type": ["array", "null"],
    "items": {"type": "integer"},
    "minItems": 4,
    "maxItems": 4,
}
_OBJECT: Schema = {"type": ["integer", "null"], "description": "id of the object it concerns"}
_START = _FRAME | {"description": "first frame, from 0"}
_END = {"type": "integer", "minimum": 1, "description": "the frame after the last one"}


def report_schema() -> Schema:
    """What `Report.to_json` gives."""
    return {
        "$schema": _DRAFT,
        "$id": f"{_HOME}:report-1.json",
        "title": "Evenflow report",
        "description": "What `evenflow check --json` says of one clip. Frames are counted from 0, "
        "every end is exclusive; what cannot be measured is null with a reason, never 0.",
        **_closed(
            {
                "schema": {"const": report.SCHEMA},
                "version": _TEXT | {"description": "of Evenflow"},
                "digest": _TEXT
                | {
                    "description": "SHA-256 in hex over version, settings, plug-ins, frames "
                    "and their times; no path, container or worker count"
                },
                "warnings": _list(
                    _TEXT, "what was wrong with the input and did not stop the check"
                ),
                "clip": _ref("clip"),
                "score": {
                    "type": ["number", "null"],
                    "minimum": 0,
                    "maximum": 100,
                    "description": "100 exp(-P / 10), P the 4-norm mean over one-second blocks of "
                    "each block's largest severity, plus what is unseen; null where nothing could "
                    "be assessed",
                },
                "motion": _ref("motion"),
                "unseen": _ref("unseen"),
                "cuts": _list(_ref("cut"), "planned changes of shot, in the order of time"),
                "shots": _list(_ref("shot"), "what lies between the cuts"),
                "objects": _list(_ref("object"), "what was followed through the clip"),
                "signals": _ref("signals"),
                "findings": _list(_ref("finding"), "defects, sorted by first frame"),
                "not_assessable": {
                    "description": "defect kind to the reason why nothing can be said of it",
                    "type": "object",
                    "propertyNames": _ref("kind"),
                    "additionalProperties": _TEXT,
                },
                "gate": _list(_ref("verdict"), "one verdict a clause; empty without a gate"),
                "metrics": {
                    "description": "quantities of the literature that were asked for by name; "
                    "docs/metrics.md lists them",
                    "type": "object",
                    "additionalProperties": {"anyOf": [_ref("unmeasured"), _ref("measured")]},
                },
            },
            optional=("metrics",),
        ),
        "$defs": {
            "clip": _closed(
                {
                    "path": _TEXT | {"description": "as it was given"},
                    "frames": _FRAME | {"description": "frames that were decoded"},
                    "fps": _NUMBER | {"minimum": 0, "description": "nominal frames per second"},
                    "duration_s": _NUMBER | {"minimum": 0, "description": "seconds"},
                    "width": _FRAME | {"description": "of the upright picture, in pixels"},
                    "height": _FRAME | {"description": "of the upright picture, in pixels"},
                    "timecode": {
                        "type": ["string", "null"],
                        "description": "HH:MM:SS:FF of the first frame, if the file carries one",
                    },
                }
            ),
            "motion": _closed(
                {
                    "median_px_per_s": {
                        "type": ["number", "null"],
                        "minimum": 0,
                        "description": "median speed of the picture in source pixels a second",
                    },
                    "assessable": {
                        "type": "boolean",
                        "description": "False if there is too little motion to judge",
                    },
                    "reason": _TEXT | {"description": "why it is not assessable"},
                },
                optional=("reason",),
            ),
            "unseen": _closed(
                {
                    "jnd": _NUMBER
                    | {
                        "minimum": 0,
                        "description": "what softness and stillness may hide, added to P",
                    },
                    "reasons": _list(_TEXT, "why; empty where nothing is hidden"),
                }
            ),
            "cut": _closed(
                {
                    "start_frame": _START
                    | {
                        "description": "first frame of the transition; of a cut, the last old frame"
                    },
                    "end_frame": _END | {"description": "first frame of the new shot"},
                    "kind": {"enum": ["cut", "fade", "dissolve"]},
                }
            ),
            "shot": _closed(
                {
                    "start_frame": _START,
                    "end_frame": _END,
                    "like_previous": {
                        "description": "similarity to an earlier shot, 0 to 1",
                        **_closed(
                            {
                                "shot": {
                                    "type": "integer",
                                    "minimum": 0,
                                    "description": "number of that shot, from 0: the one before, "
                                    "or one that is clearly more alike",
                                },
                                "subject": _share(nullable=True)
                                | {"description": "null where nothing stands out"},
                                "palette": _share(nullable=True),
                                "light": _share(nullable=True),
                                "place": _share(nullable=True),
                            },
                            optional=("shot", "light", "place"),
                        ),
                    },
                },
                optional=("like_previous",),
            ),
            "object": _closed(
                {
                    "id": {"type": "integer"},
                    "start_frame": _START,
                    "end_frame": _END,
                    "identity": _list(
                        _closed(
                            {
                                "lag_s": _NUMBER
                                | {"exclusiveMinimum": 0, "description": "seconds"},
                                "similarity": _share(nullable=True),
                            }
                        ),
                        "similarity to itself some time ago",
                    ),
                    "boxes": _list(
                        _closed({"frame": _START, "box": _BOX}), "where it is at a few frames"
                    ),
                    "mask": _closed(
                        {
                            "frame": _START,
                            "size": _list({"type": "integer"}, "rows and columns of the mask"),
                            "counts": _list(
                                {"type": "integer"}, "lengths of runs in row order, False first"
                            ),
                        }
                    )
                    | {"description": "its shape at one frame, coarser than the picture"},
                },
                optional=("boxes", "mask"),
            ),
            "signals": {
                "description": "per-frame quantities; third-party metrics join by name",
                "type": "object",
                "properties": {
                    name: {
                        "description": f"{signal.meaning}; summary: {signal.summary}",
                        "anyOf": [
                            _ref("unmeasured"),
                            {
                                "allOf": [
                                    _ref("measured"),
                                    {
                                        "properties": {
                                            "unit": {"const": signal.unit},
                                            "better": {"const": signal.better},
                                        }
                                    },
                                ]
                            },
                        ],
                    }
                    for name, signal in SIGNALS.items()
                },
                "additionalProperties": {"anyOf": [_ref("unmeasured"), _ref("measured")]},
            },
            "measured": _closed(
                {
                    "unit": _TEXT,
                    "better": {"enum": ["lower", "higher", "neither"]},
                    "summary": _NUMBER | {"description": "one number for the clip, in the unit"},
                    "series": _series(
                        "one entry a frame, in the unit; entry i compares frames i-1 and i; "
                        "null at 0, after a cut, and where nothing can be said"
                    ),
                    "series_per_second": _series(
                        f"mean of each second in place of more than {SERIES_LIMIT} entries"
                    ),
                },
                optional=("series", "series_per_second"),
            )
            | {"not": {"required": ["series", "series_per_second"]}},
            "unmeasured": _closed(
                {
                    "summary": {"type": "null", "description": "it could not be measured"},
                    "reason": _TEXT | {"description": "why"},
                }
            ),
            "finding": _closed(
                {
                    "kind": _ref("kind"),
                    "dimension": {
                        "enum": list(DIMENSIONS),
                        "description": "the dimension of consistency that the kind breaks",
                    },
                    "start_frame": _START,
                    "end_frame": _END,
                    "start_s": _NUMBER | {"description": "time of the first frame, in seconds"},
                    "end_s": _NUMBER | {"description": "time of the end, in seconds"},
                    "peak_frame": _FRAME | {"description": "the worst frame"},
                    "box": _BOX,
                    "mask": {"anyOf": [{"type": "null"}, _ref("mask")]},
                    "object": _OBJECT,
                    "severity_jnd": _NUMBER
                    | {
                        "minimum": 0,
                        "description": "just-noticeable differences: 1 barely visible, 3 clear, "
                        "10 ruins the shot",
                    },
                    "confidence": _share() | {"description": "how sure kind and span are, 0 to 1"},
                    "repairable": {
                        "type": "boolean",
                        "description": "True if pixels alone can repair it, without a generator",
                    },
                    "explanation": _TEXT | {"description": "one sentence for a person"},
                    "evidence": {
                        "type": "object",
                        "description": "the signal, its value, and the threshold that it passed; "
                        "value and threshold in the signal's unit",
                        "properties": {
                            "signal": _TEXT,
                            "value": {"type": ["number", "null"]},
                            "threshold": {"type": ["number", "null"]},
                        },
                    },
                    "ruled_out": _list(_TEXT, "other causes that were considered and do not fit"),
                }
            ),
            "mask": _closed(
                {
                    "size": {
                        "type": "array",
                        "items": _FRAME,
                        "minItems": 2,
                        "maxItems": 2,
                        "description": "height and width in pixels",
                    },
                    "counts": _list(_FRAME, "run lengths in row order, the first run is outside"),
                }
            ),
            "verdict": _closed(
                {
                    "clause": _TEXT | {"description": "key, comparison, bound and unit"},
                    "passed": {
                        "type": "boolean",
                        "description": "False also where the value cannot be measured",
                    },
                    "value": {"type": ["number", "null"], "description": "in the key's unit"},
                    "start_frame": {
                        "type": ["integer", "null"],
                        "minimum": 0,
                        "description": "first frame of the worst finding",
                    },
                    "end_frame": {
                        "type": ["integer", "null"],
                        "minimum": 1,
                        "description": "the frame after its last one",
                    },
                    "reason": _TEXT | {"description": "why there is no value"},
                },
                optional=("reason",),
            ),
            "kind": _kinds(),
            "gate": _gate(),
        },
    }


def span_schema() -> Schema:
    """What `Span.to_json` gives: a planted defect, a planned event."""
    return {
        "$schema": _DRAFT,
        "$id": f"{_HOME}:span-1.json",
        "title": "Evenflow span",
        "description": "A stretch of a clip where something holds or happens",
        **_closed(
            {
                "schema": {"const": "evenflow.span/1"},
                "kind": _TEXT | {"description": "a defect kind, or the name of a planned event"},
                "start_frame": _START,
                "end_frame": _END,
                "box": _BOX,
                "object": _OBJECT,
                "magnitude": _NUMBER
                | {"description": "in the unit of the kind: strength, JND, ..."},
                "parameters": {
                    "type": "object",
                    "description": "what else is needed to make it again",
                },
            }
        ),
    }


def storyboard_schema() -> Schema:
    """What a storyboard may hold; what depends on other fields or files is checked on reading."""
    text = {"type": "string", "minLength": 1, "maxLength": storyboard.MAX_TEXT}
    texts = _list_or_one(text)
    files = _list_or_one(_ref("file"))
    seed = {"type": "integer", "minimum": 0, "maximum": storyboard.MAX_SEED}
    track = r"^\s*([+-]?[0-9.]+([eE][+-]?[0-9]+)?\s*|[^:]+:[^:]+(,[^:]+:[^:]+)*)$"
    return {
        "$schema": _DRAFT,
        "$id": f"{_HOME}:storyboard-1.json",
        "title": "Evenflow storyboard",
        "description": "What a film should be, shot by shot",
        **_closed(
            {
                "schema": {"const": storyboard.SCHEMA},
                "title": text | {"maxLength": 200},
                "canvas": _ref("canvas"),
                "bible": {
                    "description": "whoever and whatever must stay the same, by id",
                    "type": "object",
                    "propertyNames": _ref("id"),
                    "additionalProperties": _ref("subject"),
                },
                "look": _ref("look"),
                "shots": {"type": "array", "minItems": 1, "items": _ref("shot")},
                "gate": _ref("gate"),
            },
            required=("schema", "shots"),
        ),
        "$defs": {
            "canvas": _closed(
                {
                    "size": {
                        "type": "string",
                        "pattern": r"^\s*[0-9]+\s*[xX×*]\s*[0-9]+\s*$",
                        "default": "1280x720",
                        "description": f"width x height in pixels, each to {storyboard.MAX_SIDE}",
                    },
                    "fps": {
                        "anyOf": [
                            {
                                "type": "number",
                                "exclusiveMinimum": 0,
                                "maximum": storyboard.MAX_FPS,
                            },
                            {"type": "string", "pattern": "^[0-9]+(/[0-9]+|[.][0-9]+)?$"},
                        ],
                        "default": 24,
                        "description": "frames per second; 29.97 is read as 30000/1001",
                    },
                    "color": {"enum": list(get_args(storyboard.ColorSpace)), "default": "bt709"},
                    "colour": {
                        "enum": list(get_args(storyboard.ColorSpace)),
                        "description": "the same as color",
                    },
                },
                required=(),
            )
            | {"not": {"required": ["color", "colour"]}},
            "subject": _closed(
                {
                    "kind": {"enum": list(get_args(storyboard.SubjectKind))},
                    "prompt": text | {"description": "what it looks like"},
                    "refs": files | {"description": "pictures of it"},
                    "lock": texts | {"description": "what in particular may not change"},
                },
                required=("kind",),
            )
            | {"anyOf": [{"required": ["prompt"]}, {"required": ["refs"]}]},
            "look": _closed(
                {
                    "prompt": text | {"description": "added to the prompt of every shot"},
                    "seed": seed | {"description": "start of the randomness of all shots"},
                },
                required=(),
            ),
            "shot": _closed(
                {
                    "id": _ref("id"),
                    "duration": _ref("time")
                    | {"description": "seconds or frames; footage may leave it out"},
                    "prompt": text | {"description": "what to generate"},
                    "clip": _ref("file") | {"description": "footage that is used as it is"},
                    "seed": seed | {"description": "overrides the look's"},
                    "seam": _ref("seam"),
                    "uses": _list_or_one(_ref("id")) | {"description": "ids of the bible"},
                    "camera": text | {"description": "what the camera does"},
                    "beats": _list(_ref("beat"), "what happens when"),
                    "frames": _list(_ref("pin"), "pictures that are given"),
                    "actions": {
                        "anyOf": [text, {"type": "array", "items": _ref("action")}],
                        "description": "controls for models that are steered; a text alone holds "
                        "throughout the shot",
                    },
                    "schedule": {
                        "type": "object",
                        "description": "values that move: '0:(6.0), 96:(4.5)' by frames, "
                        "'0s:(6.0), 4s:(4.5)' by seconds; straight lines between",
                        "additionalProperties": False,
                        "properties": {
                            name: {
                                "anyOf": [
                                    {"type": "number", "minimum": low, "maximum": high},
                                    {"type": "string", "pattern": track},
                                ],
                                "description": f"{meaning}; {low:g} to {high:g}",
                            }
                            for name, (meaning, low, high) in storyboard.SCHEDULES.items()
                        },
                    },
                    "gate": _ref("gate")
                    | {"description": "wins over the storyboard's clause of the same key"},
                },
                required=("id",),
            )
            | {
                "oneOf": [
                    {"required": ["prompt", "duration"], "not": {"required": ["clip"]}},
                    {
                        "required": ["clip"],
                        "not": {
                            "anyOf": [
                                {"required": [name]}
                                for name in ("prompt", *storyboard.FOOTAGE_LACKS)
                            ]
                        },
                    },
                ]
            },
            "seam": _closed(
                {
                    "from": _ref("id")
                    | {"description": "an earlier shot; the one before unless said"},
                    "mode": {
                        "enum": list(get_args(storyboard.SeamMode)),
                        "description": "cut shares nothing; last_frame starts on the source's last "
                        "frame; overlap makes `frames` frames of it again; latent carries latents",
                    },
                    "frames": {"type": "integer", "minimum": 1, "maximum": 10_000},
                },
                required=("mode",),
            )
            | {
                "allOf": [
                    {
                        "if": {"properties": {"mode": {"const": "overlap"}}},
                        "then": {"required": ["frames"]},
                    },
                    {
                        "if": {"properties": {"mode": {"enum": ["cut", "last_frame"]}}},
                        "then": {"not": {"required": ["frames"]}},
                    },
                ]
            },
            "beat": _closed({"at": _ref("moment"), "say": text}),
            "pin": _closed(
                {
                    "at": _ref("time"),
                    "image": _ref("file"),
                    "hold": {
                        "enum": list(get_args(storyboard.Hold)),
                        "default": "hard",
                        "description": "hard is reproduced, soft is aimed at",
                    },
                },
                required=("at", "image"),
            ),
            "action": _closed({"at": _ref("moment"), "do": text}),
            "time": {
                "type": "string",
                "pattern": rf"^\s*({_TIME})\s*$",
                "description": "1.5s, 36f, 50%, MM:SS.xx or end",
            },
            "moment": {
                "type": "string",
                "pattern": rf"^\s*(({_TIME})|({_TIME})?\s*\.\.\s*({_TIME})?)\s*$",
                "description": "a time, or a range A..B without its end",
            },
            "id": {"type": "string", "pattern": f"^{storyboard.ID_PATTERN}$"},
            "file": {
                "type": "string",
                "minLength": 1,
                "maxLength": 1000,
                "description": "below the folder of the storyboard, with /",
                "not": {"pattern": r"^\s*[/~]|\\|(^|/)\.\.(/|$)|^\s*[A-Za-z][A-Za-z0-9+.-]*:"},
            },
            "gate": _gate(),
        },
    }


def compare_schema() -> Schema:
    """What `compare --json` says; `votes` alone where only votes were given."""
    verdict = {
        "type": ["string", "null"],
        "description": "label of the better clip; tie where the interval holds 0; differ where "
        "neither direction is better; null where nothing can be said",
    }
    end = {"type": ["number", "null"]}
    level = _NUMBER | {"minimum": 0, "maximum": 1, "description": "coverage of the interval"}
    label = _TEXT | {"description": "label of a clip"}
    reason = _TEXT | {"description": "why nothing can be said"}
    count = {"type": "integer", "minimum": 0}
    rows = {"type": "object", "additionalProperties": _ref("difference")}
    parts = ("clips", "common", "notes", "pairs", "ranking", "gate", "errors")
    return {
        "$schema": _DRAFT,
        "$id": f"{_HOME}:compare-1.json",
        "title": "Evenflow comparison",
        "description": "What `evenflow compare --json` says of two clips or more. Every difference "
        "is second minus first; what cannot be compared is null with a reason, never 0.",
        **_closed(
            {
                "schema": {"const": "evenflow.compare/1"},
                "version": _TEXT | {"description": "of Evenflow"},
                "clips": _list(_ref("clip"), "in the order in which they came"),
                "common": _closed(
                    {
                        "start_s": _NUMBER | {"description": "start of the time compared, seconds"},
                        "end_s": _NUMBER | {"description": "its end"},
                        "block_s": _NUMBER | {"description": "length of a block in seconds"},
                        "blocks": count | {"description": "blocks that the time is cut into"},
                        "level": level,
                        "seed": {"type": "integer", "description": "of the bootstrap"},
                    }
                ),
                "notes": _list(_TEXT, "what is different about the clips, and what it means"),
                "pairs": _list(_ref("pair"), "every two clips"),
                "ranking": _list(_ref("place"), "best first"),
                "gate": _list(_ref("verdict"), "one verdict a clause and later clip"),
                "errors": _list(
                    _closed({"clip": _closed({"path": _TEXT}), "error": _TEXT}),
                    "clips that could not be checked",
                ),
                "votes": _ref("votes"),
            },
            required=("schema", "version"),
        ),
        "anyOf": [{"required": list(parts)}, {"required": ["votes"]}],
        "$defs": {
            "clip": _closed(
                {
                    "label": label,
                    "score": end | {"description": "of the whole clip"},
                    "path": _TEXT | {"description": "as it was given"},
                    "frames": _FRAME | {"description": "frames that were decoded"},
                    "fps": _NUMBER | {"description": "nominal frames per second"},
                    "duration_s": _NUMBER | {"description": "seconds"},
                    "width": _FRAME | {"description": "in pixels"},
                    "height": _FRAME | {"description": "in pixels"},
                    "timecode": {"type": ["string", "null"], "description": "of the first frame"},
                }
            ),
            "difference": {
                "description": "second minus first, over paired blocks",
                "anyOf": [
                    _closed({"value": {"type": "null"}, "reason": reason}),
                    _closed(
                        {
                            "unit": _TEXT | {"description": "of all numbers"},
                            "better": {"enum": ["lower", "higher", "neither"]},
                            "first": _NUMBER
                            | {"description": "mean over the blocks; of the score, the score"},
                            "second": _NUMBER | {"description": "the same of the second clip"},
                            "value": _NUMBER | {"description": "mean paired difference"},
                            "low": end | {"description": "end of its interval"},
                            "high": end | {"description": "the other end"},
                            "level": level,
                            "blocks": count | {"description": "paired blocks"},
                            "verdict": verdict,
                            "sure": {
                                "type": "boolean",
                                "description": "it also holds where all rows are taken together",
                            },
                            "worst": {
                                "type": "array",
                                "items": _NUMBER,
                                "minItems": 2,
                                "maxItems": 2,
                                "description": "of a kind: largest severity in each clip",
                            },
                            "reason": reason,
                        },
                        optional=("worst", "reason"),
                    ),
                ],
            },
            "pair": _closed(
                {
                    "first": label,
                    "second": label,
                    "better": verdict,
                    "score": _ref("difference"),
                    "severity": _ref("difference"),
                    "kinds": rows | {"description": "by defect kind, in JND"},
                    "signals": rows | {"description": "by signal"},
                    "metrics": rows | {"description": "by metric, where reports have some"},
                    "where": _list(
                        _closed(
                            {
                                "start_s": _NUMBER | {"description": "seconds"},
                                "end_s": _NUMBER | {"description": "seconds"},
                                "better": label,
                                "by_jnd": _NUMBER | {"description": "largest difference"},
                                "mean_jnd": _NUMBER
                                | {"description": "mean difference over quarter seconds"},
                                "low": end | {"description": "end of its interval"},
                                "high": end | {"description": "the other end"},
                                "kinds": _list(_TEXT, "found in the worse clip, worst first"),
                                "start_frame": _START,
                                "end_frame": _END,
                            }
                        ),
                        "who is better when; frames are those of the worse clip",
                    ),
                }
            ),
            "place": _closed(
                {
                    "clip": label,
                    "rank": {
                        "type": ["integer", "null"],
                        "minimum": 1,
                        "description": "1 plus the number of clips that are surely better",
                    },
                    "score": end | {"description": "of the time compared"},
                    "tied": _list(label, "clips that it ties with"),
                    "reason": reason,
                },
                optional=("reason",),
            ),
            "verdict": _closed(
                {
                    "clip": label,
                    "against": label,
                    "clause": _TEXT | {"description": "what bounds clip minus against"},
                    "passed": {
                        "type": "boolean",
                        "description": "False also where the value cannot be measured",
                    },
                    "value": end | {"description": "what has to hold, in the key's unit"},
                    "reason": reason,
                },
                optional=("reason",),
            ),
            "votes": _closed(
                {
                    "votes": count | {"description": "how many were counted"},
                    "tie_share": _share() | {"description": "chance that equals tie"},
                    "ranking": _list(
                        _closed(
                            {
                                "clip": _TEXT | {"description": "its name in the votes"},
                                "rank": {"type": "integer", "minimum": 1},
                                "value": end | {"description": "log-odds above the average clip"},
                                "low": end | {"description": "end of its interval; null is none"},
                                "high": end | {"description": "the other end"},
                                "wins": count,
                                "losses": count,
                                "ties": count,
                                "tied": _list(_TEXT, "clips that it ties with"),
                                "reason": reason,
                            },
                            optional=("reason",),
                        ),
                        "most liked first",
                    ),
                    "pairs": _list(
                        _closed(
                            {
                                "first": _TEXT | {"description": "name of a clip"},
                                "second": _TEXT | {"description": "name of a clip"},
                                "value": end | {"description": "log-odds that the second wins"},
                                "low": end | {"description": "end of its interval; null is none"},
                                "high": end | {"description": "the other end"},
                                "level": level,
                                "votes": count | {"description": "on this very pair"},
                                "verdict": verdict,
                                "reason": reason,
                            },
                            optional=("reason",),
                        ),
                        "every two clips",
                    ),
                }
            ),
        },
    }


_DIGITS = r"([0-9]{1,12}([.][0-9]{1,12})?|[.][0-9]{1,12})"
_TIME = (
    rf"{_DIGITS}[sS%]|[0-9]{{1,12}}([.]0{{1,12}})?[fF]|[eE][nN][dD]"
    r"|([0-9]{1,6}:)?[0-9]{1,6}:[0-9]{1,2}([.][0-9]{1,12})?"
)

SCHEMAS: dict[str, Callable[[], Schema]] = {
    "compare": compare_schema,
    "report": report_schema,
    "span": span_schema,
    "storyboard": storyboard_schema,
}


def write(folder: Path = Path(__file__).parent) -> None:
    """Writes `NAME.schema.json` for each schema."""
    for name, make in SCHEMAS.items():
        text = json.dumps(make(), indent=1, ensure_ascii=False) + "\n"
        (folder / f"{name}.schema.json").write_text(text, encoding="utf-8")


def _closed(
    properties: Schema, *, required: Iterable[str] | None = None, optional: Iterable[str] = ()
) -> Schema:
    """An object with these properties and no others."""
    if required is None:
        required = [name for name in properties if name not in tuple(optional)]
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": properties,
    }


def _list(items: Schema, description: str) -> Schema:
    return {"type": "array", "items": items, "description": description}


def _list_or_one(items: Schema) -> Schema:
    return {"anyOf": [items, {"type": "array", "items": items, "uniqueItems": True}]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _share(*, nullable: bool = False) -> Schema:
    return {"type": ["number", "null"] if nullable else "number", "minimum": 0, "maximum": 1}


def _series(description: str) -> Schema:
    return {"type": "array", "items": {"type": ["number", "null"]}, "description": description}


def _kinds() -> Schema:
    return {"oneOf": [{"const": name, "description": kind.meaning} for name, kind in KINDS.items()]}


def _gate() -> Schema:
    """The closed list of gate keys, each with its own unit."""
    meanings = {**_SUMMARIES, **{k: s.meaning for k, s in SIGNALS.items()}}
    meanings |= {name: kind.meaning for name, kind in KINDS.items()}
    number = "-?[0-9]{1,12}([.][0-9]{1,30})?"
    clauses = {}
    for key, unit in units().items():
        # JSON Schema has no flag that makes the unit's case free
        letters = "".join(f"[{c.upper()}{c.lower()}]" if c.isalpha() else c for c in unit)
        clauses[key] = {
            "type": "string",
            "pattern": rf"^\s*(<=|>=|==|<|>)\s*{number}\s*({letters})?\s*$",
            "description": f"{meanings[key]}; unit: {unit or 'none'}",
            "x-unit": unit,
        }
    return {
        "description": "What a clip must hold: key to a clause like '<= 2 jnd'; the unit may be "
        "left out. A defect kind means the largest severity of its findings, a signal its summary.",
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": clauses,
    }


_SUMMARIES = {
    "any": "largest severity of all findings",
    "score": "consistency, 0 to 100",
    "findings": "how many findings of 2 jnd and more",
}


if __name__ == "__main__":
    write()
