"""A judge at an address: asked once, checked strictly, trusted with no more than it needs."""

import json
import socket
import threading
import time

import numpy as np
import pytest
from PIL import Image

from evenflow.continuity import check, endpoint
from evenflow.continuity.endpoint import ANSWER_SCHEMA, Endpoint, read_answer
from evenflow.core.errors import BadInput, Cancelled
from evenflow.core.events import CancelToken

from . import drawn
from .judging import UNCLEAR, YES, said, serving, wrapped

RED, BLUE = (255, 10, 10), (10, 10, 255)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(endpoint, "PAUSE_S", 0.01)
    for name in (endpoint.KEY, endpoint.MODEL):
        monkeypatch.delenv(name, raising=False)


def asked(address, clip=None, prompt="a red wall", **options):
    return check(
        clip or drawn.plain([BLUE], num_frames=26), prompt=prompt, judge=address, **options
    )


def mismatches(report):
    return [f for f in report.findings if f.kind in ("semantic_mismatch", "action_mismatch")]


def test_a_yes_is_no_finding():
    with serving(said(YES)) as (judge, address):
        report = asked(address)
    assert mismatches(report) == [] and report.warnings == ()
    assert not {"semantic_mismatch"} & set(report.not_assessable)
    assert report.signals["prompt_match"].summary == pytest.approx(0.95)
    assert judge.claims() == ["The frames show this: a red wall"]
    assert judge.paths == ["/v1/models", "/v1/chat/completions"]
    assert judge.requests[0]["model"] == "big-eye"


def test_a_no_is_a_finding_over_the_frames_it_names():
    clip = drawn.plain([RED, BLUE], num_frames=96)
    with serving(said(("no", 5, 8, 0.9, "a blue wall"))) as (judge, address):
        report = asked(address, clip)
    [finding] = mismatches(report)
    assert finding.kind == "semantic_mismatch" and finding.confidence == pytest.approx(0.9)
    assert (finding.span.start_frame, finding.span.end_frame) == (48, 96)
    assert "more likely a blue wall" in finding.explanation
    assert judge.times() == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]


def test_severity_follows_the_confidence():
    sizes = []
    for confidence in (0.1, 0.5, 0.7, 0.9, 1.0):
        with serving(said(("no", 1, 3, confidence, ""))) as (_, address):
            found = mismatches(asked(address))
        sizes.append(found[0].severity_jnd if found else 0.0)
    assert sizes == sorted(sizes) and sizes[0] == 0.0 and sizes[-1] == 10.0


def test_actions_are_asked_with_frames_in_order_and_directions_only_where_they_are_not_measured():
    prompt = "A box moves left. A dog barks. The camera pans right."
    clip = drawn.moving(camera=(2.0, 0.0), own=(-3.0, 0.0))
    with serving(said(YES, YES, ("no", 1, 3, 0.8, "it sleeps"))) as (judge, address):
        report = asked(address, clip, prompt)
    assert judge.claims() == [
        "The frames show this: A box moves left",
        "The frames show this: A dog barks",
        "This happens in the video: A dog barks",
    ]
    [finding] = mismatches(report)
    assert finding.kind == "action_mismatch" and "it sleeps" in finding.explanation
    assert report.warnings == ()


def test_references_are_shown_and_asked_for(tmp_path):
    Image.new("RGB", (90, 60), (0, 200, 0)).save(tmp_path / "g.png")
    with serving(said(("no", 1, 3, 0.9, "a wall"))) as (judge, address):
        report = check(drawn.plain([BLUE]), references=[tmp_path / "g.png"], judge=address)
    assert "same subject or place as reference 1" in judge.claims()[0]
    assert [image.shape for image in judge.images()] == [(60, 90, 3)] + [(96, 128, 3)] * 3
    assert np.abs(judge.images()[0].astype(int) - (0, 200, 0)).max() < 8
    assert mismatches(report)[0].evidence["clauses"] == ["reference 1"]


def test_no_more_frames_than_needed_are_sent_and_small_ones():
    clip = drawn.plain([RED] * 8, num_frames=300, fps=10)
    with serving(said(YES)) as (judge, address):
        asked(address, clip)
    assert len(judge.times()) == endpoint.MOST_FRAMES
    assert judge.times() == sorted(judge.times()) and judge.times()[-1] > 28
    assert max(min(image.shape[:2]) for image in judge.images()) <= 336


def test_unclear_is_not_assessable():
    with serving(said(UNCLEAR)) as (_, address):
        report = asked(address)
    assert "cannot tell" in report.not_assessable["semantic_mismatch"]
    assert mismatches(report) == []


# What goes wrong ----------------------------------------------------------------------------------


def entry(**changes):
    good = {"id": 1, "holds": "no", "first_frame": 1, "last_frame": 2, "confidence": 0.5,
            "seen_instead": "a cat"}  # fmt: skip
    return wrapped(json.dumps({"clauses": [{**good, **changes}]}))


BAD = {
    "no json": wrapped("yes, it holds"),
    "a list": wrapped("[]"),
    "another key": wrapped('{"clauses": [], "note": ""}'),
    "no clause": wrapped('{"clauses": []}'),
    "no content": json.dumps({"choices": [{"message": {"content": None}}]}).encode(),
    "no choice": b'{"choices": []}',
    "not even that": b"<html>",
    "holds": entry(holds="maybe"),
    "id": entry(id=2),
    "id text": entry(id="1"),
    "bool": entry(id=True),
    "confidence": entry(confidence=1.5),
    "confidence nan": entry(confidence=float("nan")),
    "confidence bool": entry(confidence=True),
    "frames": entry(first_frame=3, last_frame=2),
    "frames out": entry(last_frame=99),
    "no frames": entry(first_frame=None),
    "instead": entry(seen_instead=None),
    "more": entry(reason="because"),
    "deep": wrapped("[" * 100_000),
}


@pytest.mark.parametrize("name", BAD)
def test_an_answer_that_does_not_follow_the_schema_does_not_count(name):
    with serving(BAD[name]) as (judge, address):
        report = asked(address)
    assert len(judge.requests) == 2  # asked once more
    assert "does not follow the schema" in report.not_assessable["semantic_mismatch"]
    assert mismatches(report) == [] and len(report.warnings) == 1


def test_a_second_answer_counts():
    with serving(BAD["holds"], said(YES, fence=True)) as (_, address):
        report = asked(address)
    assert "semantic_mismatch" not in report.not_assessable and report.warnings == ()


def test_the_schema_that_is_asked_for_is_the_one_that_is_checked():
    jsonschema = pytest.importorskip("jsonschema")
    text = json.loads(json.loads(entry())["choices"][0]["message"]["content"])
    jsonschema.validate(text, ANSWER_SCHEMA)
    [answer] = read_answer(entry(), 1, 3)
    assert (answer.first, answer.last, answer.instead) == (0, 1, "a cat")


def test_what_the_judge_writes_cannot_steer_a_terminal():
    [answer] = read_answer(entry(seen_instead="a\x1b[2J\ncat" + "x" * 500), 1, 3)
    assert answer.instead.startswith("a [2J cat") and len(answer.instead) == 120


@pytest.mark.parametrize(
    ("first", "requests"), [((500, b""), 2), ((503, b"x"), 2), ((429, b""), 2)]
)
def test_a_server_that_stumbles_is_asked_again(first, requests):
    with serving(first, said(YES)) as (judge, address):
        report = asked(address)
    assert len(judge.requests) == requests and report.warnings == ()


@pytest.mark.parametrize(("status", "requests"), [(401, 1), (404, 1), (500, 3)])
def test_a_server_that_will_not_is_a_reason_and_a_warning(status, requests):
    with serving((status, b"secret words")) as (judge, address):
        report = asked(address)
    assert len(judge.requests) == requests
    assert str(status) in report.not_assessable["semantic_mismatch"]
    assert str(status) in report.signals["prompt_match"].reason
    assert len(report.warnings) == 1 and "secret" not in report.dumps()


def test_an_older_server_is_asked_without_a_response_format():
    with serving((400, b""), said(YES)) as (judge, address):
        report = asked(address)
    assert "response_format" in judge.requests[0] and "response_format" not in judge.requests[1]
    assert report.warnings == ()


def test_nobody_there_is_a_reason():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    report = asked(f"http://127.0.0.1:{port}/v1#m")
    assert "cannot be reached" in report.not_assessable["semantic_mismatch"]
    assert report.score is not None


def test_a_redirect_is_not_followed():
    with (
        serving(said(YES)) as (other, elsewhere),
        serving((302, f"{elsewhere}/chat/completions".encode())) as (_, address),
    ):
        report = asked(f"{address}#m")
    assert other.requests == [] and "302" in report.not_assessable["semantic_mismatch"]


def test_silence_ends(monkeypatch):
    monkeypatch.setattr(endpoint, "TRIES", 1)
    monkeypatch.setattr(endpoint, "TIMEOUT_S", 0.2)
    with serving(lambda: time.sleep(1.0) or said(YES)) as (_, address):
        report = asked(f"{address}#m")
    assert "no answer within 0.2 s" in report.not_assessable["semantic_mismatch"]


def test_an_endless_answer_is_cut_off():
    with serving(wrapped("x" * (endpoint.MOST_ANSWER + 10))) as (_, address):
        report = asked(f"{address}#m")
    assert "more than" in report.not_assessable["semantic_mismatch"]


def test_waiting_can_be_cancelled():
    token, waiting = CancelToken(), threading.Event()

    def slow():
        waiting.set()
        time.sleep(3.0)
        return said(YES)

    def stop():
        waiting.wait(30)
        token.cancel()

    threading.Thread(target=stop, daemon=True).start()
    with serving(slow) as (_, address), pytest.raises(Cancelled):
        asked(f"{address}#m", cancel=token)


# The key and the address --------------------------------------------------------------------------


def test_the_key_goes_into_one_header_and_nowhere_else(monkeypatch, caplog):
    monkeypatch.setenv(endpoint.KEY, "sk-very-secret")
    with serving((401, b"bad key sk-very-secret")) as (judge, address):
        report = asked(f"{address}#m")
    assert judge.headers[0]["Authorization"] == "Bearer sk-very-secret"
    assert "sk-very-secret" not in json.dumps(judge.requests)
    assert "sk-very-secret" not in report.dumps() + caplog.text + repr(Endpoint.parse(address))


def test_without_a_key_no_header_is_sent():
    with serving(said(YES)) as (judge, address):
        asked(address)
    assert "Authorization" not in judge.headers[0]


def test_a_key_does_not_travel_unencrypted(monkeypatch):
    monkeypatch.setenv(endpoint.KEY, "sk")
    with pytest.raises(BadInput, match="unencrypted"):
        Endpoint.parse("http://models.example.com/v1")
    for fine in ("https://models.example.com/v1", "http://localhost:1", "http://[::1]:8/v1"):
        Endpoint.parse(fine)


@pytest.mark.parametrize(
    ("text", "url", "name"),
    [
        ("http://h", "http://h/v1/chat/completions", "h/default"),
        ("https://h:8/v1/", "https://h:8/v1/chat/completions", "h/default"),
        ("https://h/api/v1#a/b:c", "https://h/api/v1/chat/completions", "h/a/b:c"),
        ("http://h/v1/chat/completions?v=2#m", "http://h/v1/chat/completions?v=2", "h/m"),
    ],
)
def test_addresses(text, url, name):
    judge = Endpoint.parse(text)
    assert (judge.url, judge.name) == (url, name)


@pytest.mark.parametrize("text", ["file:///etc/passwd", "http://", "http://a:b@h/", "http://h:x/"])
def test_other_addresses_are_refused(text):
    with pytest.raises(BadInput):
        Endpoint.parse(text)


def test_the_model_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv(endpoint.MODEL, "from-env")
    assert Endpoint.parse("http://localhost").model == "from-env"
    assert Endpoint.parse("http://localhost#own").model == "own"


def test_the_digest_names_the_judge_without_its_port_or_key(monkeypatch):
    digests = set()
    for _ in range(2):  # two servers, two ports
        with serving(said(YES)) as (_, address):
            digests.add(asked(f"{address}#m").digest)
    assert len(digests) == 1
    with serving(said(YES)) as (_, address):
        digests.add(asked(f"{address}#other").digest)
    assert len(digests) == 2
