"""The near end of the decoding worker: starts it, sends jobs, and puts failures into one line."""

import atexit
import json
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import (
    BackendMissing,
    EvenflowError,
    ResourceShortage,
    UnreadableVideo,
)
from evenflow.core.events import CancelToken
from evenflow.io.outlet import HEADER

MAX_JSON = 1 << 28
MAX_PAYLOAD = 1 << 33

SILENCE_S = 60.0
"""Seconds without a byte after which a job counts as hung."""

MEMORY_BYTES = 8 << 30
"""Address space that one job may take beyond what the idle worker holds."""

_lock = threading.Lock()
_server: "tuple[int, subprocess.Popen[bytes], socket.socket] | None" = None


def _start() -> "tuple[int, subprocess.Popen[bytes], socket.socket]":
    near, far = socket.socketpair()
    root = str(Path(__file__).resolve().parents[2])
    env = dict(os.environ)
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [root, env.get("PYTHONPATH", "")]))
    # One thread per library keeps the process forkable.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        env[name] = "1"
    env.pop("PYTHONINSPECT", None)
    with tempfile.TemporaryFile() as noise:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "evenflow.io.worker", str(far.fileno())],
            pass_fds=[far.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=noise,
            env=env,
            start_new_session=True,  # Ctrl-C is for the parent; it closes the socket
        )
        far.close()
        near.settimeout(120)
        try:
            ready = near.recv(1)
        except OSError:
            ready = b""
        near.settimeout(None)
        if ready != b"R":
            process.kill()
            process.wait()
            near.close()
            noise.seek(0)
            lines = noise.read().decode(errors="replace").strip().splitlines()
            reason = lines[-1] if lines else "no message"
            raise BackendMissing(
                f"the decoding process did not start ({reason}): "
                "check that `python -c 'import av'` works"
            )
    return os.getpid(), process, near


def _hand_over(data_fd: int, link: socket.socket) -> None:
    """Gives both ends of a job to the worker, starting it if it is not there (any more)."""
    global _server
    with _lock:
        for attempt in (0, 1):
            if _server is None or _server[0] != os.getpid() or _server[1].poll() is not None:
                _server = _start()
            try:
                socket.send_fds(_server[2], [b"J"], [data_fd, link.fileno()])
                return
            except OSError:
                _server = None
                if attempt:
                    raise
    raise AssertionError


def _stop() -> None:
    """Ends the worker with the process that started it."""
    global _server
    server, _server = _server, None
    if server is not None and server[0] == os.getpid():
        server[2].close()
        try:
            server[1].wait(timeout=2)
        except subprocess.TimeoutExpired:
            server[1].kill()


atexit.register(_stop)


def _forget_in_child() -> None:
    global _server, _lock
    _server, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_in_child)


class _WorkerGone(EvenflowError):
    """The process that runs the jobs is no more."""


class Job:
    """One job of the worker: an iterator of `(kind, fields, payload)`; closing it ends the work.

    Args:
        fields: the job, with its `op`.
        name: base name of the file, for messages.
        cancel: looked at before every message.
        silence_s: seconds without a byte after which the job counts as hung.
    """

    def __init__(
        self,
        fields: dict[str, Any],
        *,
        name: str,
        cancel: CancelToken | None = None,
        silence_s: float | None = None,
        memory_bytes: int | None = None,
    ) -> None:
        self.name = name
        self.pid: int | None = None
        self._cancel = cancel
        self._silence_s = SILENCE_S if silence_s is None else silence_s
        text = json.dumps({"memory": memory_bytes or MEMORY_BYTES, **fields}).encode()
        self._order = struct.pack("<Q", len(text)) + text
        self._retried = False
        self._launch()

    def _launch(self) -> None:
        self._closed = False
        read_fd, write_fd = os.pipe()
        self._fd = read_fd
        try:
            import fcntl

            fcntl.fcntl(write_fd, fcntl.F_SETPIPE_SZ, 1 << 20)
        except (ImportError, AttributeError, OSError):
            pass
        self._link, far = socket.socketpair()
        try:
            _hand_over(write_fd, far)
            with suppress(OSError):  # a worker that just died shows as the end of the pipe
                self._link.sendall(self._order)
        except BaseException:
            self.close()
            raise
        finally:
            os.close(write_fd)
            far.close()

    def __iter__(self) -> Iterator[tuple[bytes, dict[str, Any], NDArray[np.uint8]]]:
        try:
            while True:
                if self._cancel is not None:
                    self._cancel.check()
                try:
                    head = self._read(HEADER.size)
                except _WorkerGone:
                    if self.pid is not None or self._retried:
                        raise
                    self._retried = True  # the worker died before it took the job: start another
                    self.close()
                    self._launch()
                    continue
                kind, num_text, num_payload = HEADER.unpack(head)
                if num_text > MAX_JSON or num_payload > MAX_PAYLOAD:
                    raise UnreadableVideo(
                        f"{self.name}: the decoder answered nonsense; it was stopped"
                    )
                fields = json.loads(bytes(self._read(num_text)))
                payload = self._read(num_payload)
                if kind == b"H":
                    self.pid = fields.get("pid", self.pid)
                    continue
                if kind == b"X":
                    raise explain(self.name, fields["kind"], fields["text"])
                yield kind, fields, payload
                if kind == b"E":
                    return
        finally:
            self.close()

    def close(self) -> None:
        """Ends the job; what it was doing is killed."""
        if not self._closed:
            self._closed = True
            os.close(self._fd)
            self._link.close()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            self.close()

    def _read(self, size: int) -> NDArray[np.uint8]:
        buffer = np.empty(size, np.uint8)
        view = memoryview(buffer)
        got = 0
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        waited = 0.0
        while got < size:
            # Wake up now and then: a cancelled job must not wait for its decoder.
            if not poll.poll(100):
                if self._cancel is not None:
                    self._cancel.check()
                waited += 0.1
                if waited >= self._silence_s:
                    raise UnreadableVideo(
                        f"{self.name}: the decoder has been silent for {self._silence_s:g} s and "
                        "was stopped: the file is damaged, or its disk does not answer"
                    )
                continue
            waited = 0.0
            num = os.readv(self._fd, [view[got:]])
            if num == 0:
                raise self._autopsy()
            got += num
        return buffer

    def _autopsy(self) -> EvenflowError:
        self._link.settimeout(5)
        try:
            told = self._link.recv(4)
        except OSError:
            told = b""
        code = struct.unpack("<i", told)[0] if len(told) == 4 else None
        if code == -9:
            return ResourceShortage(
                f"{self.name}: the decoder was killed, most likely for want of memory: "
                "close other programs or use a smaller file"
            )
        if code is not None and code < 0:
            return UnreadableVideo(
                f"{self.name}: the decoder crashed on this file (signal {-code}): it is damaged or "
                "hostile; re-encode it with another program"
            )
        if code is None:
            return _WorkerGone(
                f"{self.name}: the decoding process was ended from outside: run it again"
            )
        return UnreadableVideo(
            f"{self.name}: the decoder ended without an answer: the file is damaged; re-encode it"
        )


def explain(name: str, kind: str, text: str) -> EvenflowError:
    """The error behind what a job reported: what is true, what came, what to do."""
    if kind == "memory":
        return ResourceShortage(
            f"{name}: decoding takes more memory than there is or is allowed: use a smaller file"
        )
    if kind == "disk":
        return ResourceShortage("the disk is full: free some space and run it again")
    if kind == "need_exr":
        return BackendMissing(f"{name}: reading EXR needs an extra: pip install 'evenflow[exr]'")
    line = {
        "missing": f"{name} does not exist: check the path",
        "permission": f"{name} may not be read: change its permissions",
        "empty": f"{name} is empty (0 bytes): nothing was written to it",
        "no_video": f"{name} has no video stream, only sound or text: give a file with pictures",
        "no_frames": f"{name} has a video stream without a single picture that can be decoded",
        "no_decoder": f"{name} {text}: re-encode it as H.264 or FFV1",
        "image": f"{name}: {text}",
        "mixed": f"{name}: the pictures differ in size ({text}): scale them to one size first",
        "size": f"{name} {text}: the file is damaged, or must be scaled down first",
        "pixel_format": f"{name} {text}: re-encode it with pix_fmt yuv420p or gbrp",
        "not_image": f"{name} is not an image that can be read",
        "image_broken": f"{name} is a damaged image: save it again",
        "image_kind": f"{name} {text}: save it as 8- or 16-bit PNG, TIFF or as EXR",
    }.get(kind)
    return UnreadableVideo(line or f"{name} cannot be read as video ({text.lower()})")
