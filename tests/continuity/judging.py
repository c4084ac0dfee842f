"""A vision model's server on this machine: it records what comes and says its line."""

import base64
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np


def said(*entries, fence=False):
    """The reply of a model: `(holds, first, last, confidence, instead)` a claim."""
    clauses = [
        {"id": i, "holds": holds, "first_frame": first, "last_frame": last,
         "confidence": confidence, "seen_instead": instead}
        for i, (holds, first, last, confidence, instead) in enumerate(entries, 1)
    ]  # fmt: skip
    text = json.dumps({"clauses": clauses})
    return wrapped(f"```json\n{text}\n```" if fence else text)


def wrapped(text):
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


YES, UNCLEAR = ("yes", None, None, 0.9, ""), ("unclear", None, None, 0.4, "")


class Judge:
    """What a server was sent, and what it answers: a list of bodies, or `(status, body)`."""

    def __init__(self, answers, models=("big-eye",)):
        self.answers, self.models = list(answers), models
        self.requests, self.headers, self.paths = [], [], []

    def claims(self, number=0):
        text = self.requests[number]["messages"][1]["content"][-1]["text"]
        listed = text.partition("Claims:\n")[2].partition("\n\n")[0]
        return [line.partition(". ")[2] for line in listed.splitlines()]

    def images(self, number=0):
        made = []
        for part in self.requests[number]["messages"][1]["content"]:
            if part["type"] == "image_url":
                code = part["image_url"]["url"].removeprefix("data:image/jpeg;base64,")
                coded = np.frombuffer(base64.b64decode(code), np.uint8)
                made.append(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])
        return made

    def times(self, number=0):
        content = self.requests[number]["messages"][1]["content"]
        found = [re.match(r"Frame (\d+), at ([\d.]+) s:", p.get("text", "")) for p in content]
        return [float(m[2]) for m in found if m]


@contextmanager
def serving(*answers, models=("big-eye",)):
    """A Judge and its address, `http://127.0.0.1:PORT/v1`."""
    judge = Judge(answers, models)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_GET(self):
            judge.paths.append(self.path)
            data = {"data": [{"id": name} for name in judge.models]}
            self._send(200 if judge.models else 404, json.dumps(data).encode())

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            judge.requests.append(json.loads(body))
            judge.headers.append(dict(self.headers))
            judge.paths.append(self.path)
            answer = judge.answers.pop(0) if len(judge.answers) > 1 else judge.answers[0]
            if callable(answer):
                answer = answer()
            status, data = answer if isinstance(answer, tuple) else (200, answer)
            self._send(status, data)

        def _send(self, status, data):
            self.send_response(status)
            if status in (301, 302, 307, 308):
                self.send_header("Location", data.decode())
                data = b""
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            try:
                self.wfile.write(data)
            except OSError:
                pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield judge, f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
