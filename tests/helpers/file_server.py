"""A server of files that answers requests for parts of them, as those with mosaics do."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Served(ThreadingHTTPServer):
    """Serves files by their paths, or answers with an error, or not at all while it is `stalled`."""

    daemon_threads = True

    def __init__(self, files: Mapping[str, bytes], status: int = 200) -> None:
        server = self
        self.asked = 0
        self.stalled = False
        self.over = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.asked += 1
                if server.stalled:
                    server.over.wait()
                    return
                found = self.path in files and status == 200
                content = files.get(self.path, b"")
                span = self.headers.get("Range", "").removeprefix("bytes=").split("-")
                first = int(span[0]) if span[0] else 0
                last = min(int(span[1]), len(content) - 1) if len(span) > 1 and span[1] else len(content) - 1
                part = content[first : last + 1] if found else b""
                self.send_response((206 if span[0] else 200) if found else (404 if status == 200 else status))
                if found and span[0]:
                    self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
                self.send_header("Content-Length", str(len(part)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(part)

            do_HEAD = do_GET

            def log_message(self, *arguments: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path: str = "/m.tif") -> str:
        """Where a file is."""
        return f"http://127.0.0.1:{self.server_address[1]}{path}"
