"""As much of Google's storage API as reading takes, for the files of a folder: a bucket is a folder in it.

It runs as a process of its own, since pyarrow keeps Python's lock while it waits for Google; it ends with its standard input. An
object whose name holds `forbidden` may not be read.
"""

import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

ROOT = Path(sys.argv[1] if __name__ == "__main__" else ".")
TIME = "2026-01-01T00:00:00Z"


def about(path: Path) -> dict[str, str]:
    """What is told of an object; its generation is the time of its last change."""
    bucket, _, name = path.relative_to(ROOT).as_posix().partition("/")
    known = path.stat()
    return {
        "kind": "storage#object", "bucket": bucket, "name": name, "size": str(known.st_size),
        "generation": str(known.st_mtime_ns), "timeCreated": TIME, "updated": TIME,
    }  # fmt: skip


class Google(BaseHTTPRequestHandler):
    """Answers one request after another."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Nothing is told."""

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        """A bucket, a list of objects, an object, or its bytes."""
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        found = re.fullmatch(r"/storage/v1/b/([^/]+)(/o)?(?:/(.+))?", parts.path)
        assert found is not None
        bucket, name = ROOT / found[1], unquote(found[3] or "")
        path = bucket / name
        if "forbidden" in name:
            self._json(403, {"error": {"code": 403, "message": "secret words"}})
        elif not path.exists() or (name and not path.is_file()):
            self._json(404, {"error": {"code": 404, "message": "secret words"}})
        elif not found[2]:
            self._json(
                200, {"kind": "storage#bucket", "name": found[1], "timeCreated": TIME, "updated": TIME}
            )
        elif not name:
            self._json(200, self._listed(bucket, asked.get("prefix", ""), asked.get("delimiter")))
        elif asked.get("alt") != "media":
            self._json(200, about(path))
        elif asked.get("generation", about(path)["generation"]) != about(path)["generation"]:
            self._json(404, {"error": {"code": 404, "message": "secret words"}})
        else:
            self._bytes(path.read_bytes())

    def _listed(self, bucket: Path, prefix: str, delimiter: str | None) -> dict[str, Any]:
        names = {path.relative_to(bucket).as_posix(): path for path in bucket.rglob("*") if path.is_file()}
        below = {name: path for name, path in names.items() if name.startswith(prefix)}
        deep = {name for name in below if delimiter and delimiter in name[len(prefix) :]}
        folders = sorted({f"{prefix}{name[len(prefix) :].partition('/')[0]}/" for name in deep})
        items = [about(path) for name, path in sorted(below.items()) if name not in deep]
        return {"kind": "storage#objects", "items": items, "prefixes": folders}

    def _bytes(self, data: bytes) -> None:
        said = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "bytes=0-"))
        assert said is not None
        begin, end = int(said[1]), min(int(said[2]) + 1 if said[2] else len(data), len(data))
        where = {"Content-Range": f"bytes {begin}-{end - 1}/{len(data)}"}
        self._answer(206 if "Range" in self.headers else 200, data[begin:end], where)

    def _json(self, status: int, said: dict[str, Any]) -> None:
        self._answer(status, json.dumps(said).encode(), {"Content-Type": "application/json"})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Google)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()
