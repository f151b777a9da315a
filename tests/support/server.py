"""A running `torchport serve`, and what clients send to it."""
import base64
import contextlib
import http.client
import io
import json
import pathlib
import re
import select
import signal
import socket
import subprocess
import time

from PIL import Image

import harness


class Server:
    """One server, on a port of its own. Its log is a file, so that it never waits for a reader."""

    def __init__(self, folder, model, *options, cwd=None):
        self.log = pathlib.Path(folder) / "serve.log"
        with open(self.log, "w", encoding="utf8") as log:
            self.process = subprocess.Popen([(harness.BIN / "torchport").resolve(), "serve", "--trained-model", model, "--port", "0", *map(str, options)],
                                            stdout=subprocess.PIPE, stderr=log, text=True, cwd=cwd)
        line = self.process.stdout.readline()
        found = re.fullmatch(r"listening on http://(\S+):(\d+)\n", line)
        assert found, f"{line}{self.log.read_text()}"
        self.host, self.port = found[1].strip("[]"), int(found[2])

    def ask(self, body, path="/score", method="POST", headers=None):
        """Status, headers and text of the answer to one request."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body if isinstance(body, (bytes, str)) or body is None else json.dumps(body), headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode()

    def scored(self, body, **more):
        """The answer, which is good, as a client of score.py or of an endpoint reads it."""
        status, _, text = self.ask(body, **more)
        assert status == 200, text
        answer = json.loads(text)
        return json.loads(answer) if isinstance(answer, str) else answer

    def refused(self, body, **more):
        """Status and message of an answer that is not good."""
        status, headers, text = self.ask(body, **more)
        assert headers["Content-Type"] == "application/json" and list(json.loads(text)) == ["message"], text
        return status, json.loads(text)["message"]

    def healthy(self):
        assert self.ask(None, "/", "GET")[::2] == (200, "Healthy")

    def healthy_for(self, seconds):
        """Asks now and then."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.healthy()
            select.select([], [], [], 0.05)

    def connect(self):
        return socket.create_connection((self.host, self.port), timeout=60)

    def talk(self, data, end=False):
        """All that comes back for these bytes until the server ends the connection."""
        with self.connect() as client:
            client.sendall(data)
            if end:
                client.shutdown(socket.SHUT_WR)
            return all_of(client)

    def peak_mib(self):
        return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1]) / 1024

    def until_logged(self, line, count=1):
        """Waits until the log has it so often."""
        deadline = time.monotonic() + 30
        while self.log.read_text().count(line) < count:
            assert time.monotonic() < deadline, self.log.read_text()
            select.select([], [], [], 0.02)

    def until_waiting(self, count):
        """Waits until at least so many requests wait for the network."""
        deadline = time.monotonic() + 30
        while int(re.search(r"^torchport_waiting_requests (\d+)$", self.ask(None, "/metrics", "GET")[2], re.M)[1]) < count:
            assert time.monotonic() < deadline, "no such number of requests waits"

    def until_closed(self):
        """Waits until no connection is taken any more."""
        deadline = time.monotonic() + 30
        with contextlib.suppress(OSError):
            while True:
                self.connect().close()
                assert time.monotonic() < deadline, "connections are still taken"
                select.select([], [], [], 0.02)

    def stop(self, how=signal.SIGTERM):
        """Its exit status."""
        self.process.send_signal(how)
        return self.process.wait(60)


@contextlib.contextmanager
def serving(folder, model, *options, cwd=None):
    server = Server(folder, model, *options, cwd=cwd)
    try:
        yield server
        assert server.process.poll() is None, server.log.read_text()
        assert server.stop() == 0, server.log.read_text()
    finally:
        server.process.kill()
        server.process.wait()
        server.process.stdout.close()


def all_of(client):
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := client.recv(65536):
            data += piece
    return data


def post(body, path="/score", *headers):
    """The bytes of a request."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def picture(image, form="PNG", **options):
    """The bytes of an image's file."""
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def text(data):
    return base64.b64encode(data).decode()


def plain(color=(200, 30, 30), size=(64, 64)):
    """An image of one colour in base64."""
    return text(picture(Image.new("RGB", size, color)))


def endpoint(*rows, name="WebServiceInput0"):
    return {"Inputs": {name: list(rows)}, "GlobalParameters": {}}


