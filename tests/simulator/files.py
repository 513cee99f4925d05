"""A web server with one file, in a thread, and an FTP server; they take any upload."""

import asyncio
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@asynccontextmanager
async def files() -> AsyncIterator[tuple[str, list[str]]]:
    """Its address, and the requests it has seen."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(f"GET {self.path}")
            self.send_response(404 if self.path == "/missing" else 200)
            self.end_headers()
            self.wfile.write(b"firmware")

        def do_PUT(self) -> None:
            requests.append(f"PUT {self.path}")
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(201)
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", requests
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()


@asynccontextmanager
async def ftp_folder() -> AsyncIterator[tuple[str, Path]]:
    """The address of an FTP server, a process of its own, and the folder that it shows."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    folder = tempfile.TemporaryDirectory()
    options = ["--interface=127.0.0.1", f"--port={port}", "--write", "--username=cp", "--password=secret"]
    command = [sys.executable, "-m", "pyftpdlib", *options, f"--directory={folder.name}"]
    with folder, subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        while "starting" not in await asyncio.to_thread(server.stderr.readline):
            assert server.poll() is None
        try:
            yield f"ftp://cp:secret@127.0.0.1:{port}", Path(folder.name)
        finally:
            server.terminate()
