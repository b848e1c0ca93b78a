"""A model hub on loopback: enough of its interface for listing, whole downloads and ranges."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class FakeHub(ThreadingHTTPServer):
    """Serves folders as repositories.

    Attributes:
        repos: Folder of each repository id; that of a data set begins with "datasets/".
        gated: Repositories that refuse access to their files.
        log: Every request as (method, path, Range header).
        tokens: The Authorization header of every request.
        delay: Seconds to wait after each piece of a file.
        wrong: Repository files whose announced checksum does not fit.
        broken: Repository files that it fails to deliver.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repos: dict[str, Path] = {}
        self.gated: set[str] = set()
        self.log: list[tuple[str, str, str]] = []
        self.tokens: list[str] = []
        self.delay = 0.0
        self.wrong: set[str] = set()
        self.broken: set[str] = set()

    @property
    def address(self) -> str:
        """To be named as HF_ENDPOINT."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def ranges(self, name: str) -> list[str]:
        """The Range headers of all GET requests of a file."""
        return [sent for method, path, sent in self.log if method == "GET" and path.endswith(f"/{name}")]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is what some tests are about."""


@contextmanager
def serving() -> Iterator[FakeHub]:
    """A hub that is up within the block."""
    hub = FakeHub()
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: FakeHub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, *_args: object) -> None:
        pass

    def _answer(self) -> None:
        path = self.path.partition("?")[0]
        self.server.log.append((self.command, path, self.headers.get("Range", "")))
        self.server.tokens.append(self.headers.get("Authorization", ""))
        if path.startswith("/api/"):
            self._api(path.removeprefix("/api/").removeprefix("models/"))
        elif "/resolve/" in path:
            self._file(path)
        else:
            self._refuse(404, "EntryNotFound")

    def _api(self, path: str) -> None:
        repo = next((repo for repo in self.server.repos if path == repo or path.startswith(repo + "/")), "")
        if not repo:
            self._refuse(404, "RepoNotFound")
        elif "/tree/" in path:
            if repo in self.server.gated:
                self._refuse(403, "GatedRepo")
            else:
                self._json([_entry(file, name, "path", "oid", "oid") for name, file in self._files(repo)])
        else:
            siblings = [_entry(file, name, "rfilename", "blobId", "sha256") for name, file in self._files(repo)]
            for sibling in siblings:
                if sibling["rfilename"] in self.server.wrong:
                    sibling["lfs"]["sha256"] = "0" * 64
            self._json({"id": repo, "sha": COMMIT, "siblings": siblings})

    def _files(self, repo: str) -> list[tuple[str, Path]]:
        folder = self.server.repos[repo]
        return [(file.relative_to(folder).as_posix(), file) for file in sorted(folder.rglob("*")) if file.is_file()]

    def _file(self, path: str) -> None:
        repo, _, rest = path[1:].partition("/resolve/")
        name = rest.partition("/")[2]
        if repo in self.server.gated:
            self._refuse(403, "GatedRepo")
            return
        if repo not in self.server.repos or not (self.server.repos[repo] / name).is_file():
            self._refuse(404, "EntryNotFound")
            return
        if name in self.server.broken:
            self._refuse(410, "")
            return
        content = (self.server.repos[repo] / name).read_bytes()
        wanted = self.headers.get("Range", "")
        start = int(wanted.removeprefix("bytes=").partition("-")[0]) if wanted else 0
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.command == "GET":
            for at in range(start, len(content), 16384):
                self.wfile.write(content[at : at + 16384])
                time.sleep(self.server.delay)

    def _json(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _entry(file: Path, name: str, path_key: str, blob_key: str, sum_key: str) -> dict[str, object]:
    content = file.read_bytes()
    git = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    entry: dict[str, object] = {"type": "file", path_key: name, "size": len(content), blob_key: git}
    if name.endswith(".safetensors"):
        digest = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {sum_key: digest, "size": len(content), "pointerSize": 130}
    return entry
