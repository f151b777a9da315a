"""--pretrained=True: where published weights are looked for, and their download from a server on this machine that misbehaves."""
import contextlib
import hashlib
import http.server
import os
import pathlib
import socket
import tempfile
import threading
import time

import torch
import torchvision

import harness
import published

TORCH = torchvision.models.get_model("resnet18", weights=None)
CONTENT = published.saved(TORCH.state_dict())
NAME = f"resnet18-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"


class Server(http.server.ThreadingHTTPServer):
    """Answers each path as `answer(handler)` says; `paths` are those it was asked for. Given as a proxy, it gets whole URLs."""

    def __init__(self, answer):
        self.answer, self.paths, self.ended = answer, [], threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)

    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def handle_error(self, request, client_address):   # a client that hangs up is no news here
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.paths.append(self.path)
        self.server.answer(self)

    def log_message(self, *_):
        pass

    def give(self, content, length=None, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)


@contextlib.contextmanager
def serving(answer):
    server = Server(answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()


class Place:
    """A folder with a torch cache and specs in which ResNet-18's published file is named after the hash of ours."""

    def __init__(self, folder):
        self.folder, self.cache = pathlib.Path(folder), pathlib.Path(folder, "torch/hub/checkpoints")
        assert published.publish(folder, "resnet", "resnet18", CONTENT) == NAME

    def run(self, url, *options, status=0, **env):
        env = {"TORCH_HOME": f"{self.folder}/torch", "TORCHPORT_WEIGHTS": "", "TORCHPORT_WEIGHTS_URL": url, "http_proxy": "",
               "no_proxy": "", "NO_PROXY": "", **env}
        return harness.torchport("--spec-dir", self.folder / "spec", "run", "resnet", "--model_name=resnet18", *options,
                                 f"--untrained_model_path={self.folder}/m", f"--run-dir={self.folder}/run", status=status, env=env)

    def assert_made(self):
        ours = torch.load(self.folder / "m/model", weights_only=True)
        assert all(torch.equal(ours["model." + key], tensor) for key, tensor in TORCH.state_dict().items())

    def refused(self, url, reason, tries, *options, **env):
        """The whole error, how often the log says that it was tried, and that nothing is left."""
        done = self.run(url, *options, status=15, **env)
        wanted = (f"error[FailedToDownloadFilesError] resnet: the pretrained weights of resnet18 are not there and could not be downloaded "
                  f"from {url}{NAME}: {reason}\n  path   {self.cache}\n  hint   Put the file {NAME} into {self.cache} or into the folder "
                  "that TORCHPORT_WEIGHTS names, or give --pretrained=False.\n")
        assert wanted in done.stderr, f"--- got\n{done.stderr}--- wanted\n{wanted}"
        assert done.stdout.count("WARNING") == tries and f"Try {tries} of 3: {reason}" in done.stdout, done.stdout
        self.assert_nothing()

    def assert_nothing(self):
        assert not (self.folder / "m").exists() and list(self.cache.iterdir()) == [], list(self.cache.iterdir())


def test_good_file():
    """Fetched once, whole, into torch's cache, past a redirect; then it is there. validate does not download."""
    def answer(handler):
        if not handler.path.startswith("/moved"):
            handler.send_response(302)
            handler.send_header("Location", "/moved" + handler.path)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
        else:
            handler.give(CONTENT)

    with tempfile.TemporaryDirectory() as folder, serving(answer) as server:
        place = Place(folder)
        harness.torchport("validate", "resnet", "--untrained_model_path", f"{folder}/m", env={"TORCH_HOME": f"{folder}/torch"})
        done = place.run(server.url().rstrip("/"))
        assert server.paths == [f"/{NAME}", f"/moved/{NAME}"], server.paths
        assert (place.cache / NAME).read_bytes() == CONTENT and [path.name for path in place.cache.iterdir()] == [NAME]
        assert f"Downloading {server.url()}{NAME} into '{place.cache}'." in done.stdout and "Downloaded 47 MB in " in done.stdout, done.stdout
        place.assert_made()
        os.rename(f"{folder}/m", f"{folder}/first")
        place.run(server.url())
        assert len(server.paths) == 2
        place.assert_made()


def test_folder_of_weights():
    with tempfile.TemporaryDirectory() as folder:
        place, own = Place(folder), pathlib.Path(folder, "own")
        own.mkdir()
        (own / NAME).write_bytes(CONTENT)
        done = place.run("http://127.0.0.1:1/", TORCHPORT_WEIGHTS=str(own))
        assert f"with the ImageNet weights of '{own / NAME}'" in done.stdout
        place.assert_made()


def test_wrong_hash():
    """Neither another file of the same length nor a damaged one in the cache is taken."""
    def error(source, found):
        return (f"error[FailedToDownloadFilesError] resnet: the pretrained weights of resnet18 are damaged: the SHA-256 of {source} begins "
                f"with {found}, not with {NAME[9:17]} as the name says\n")

    other = bytes([CONTENT[0] ^ 1]) + CONTENT[1:]
    found = hashlib.sha256(other).hexdigest()[:8]
    with tempfile.TemporaryDirectory() as folder, serving(lambda handler: handler.give(other)) as server:
        place = Place(folder)
        assert error(server.url() + NAME, found) in place.run(server.url(), status=15).stderr
        assert len(server.paths) == 1
        place.assert_nothing()
        (place.cache / NAME).write_bytes(other)
        assert error(f"'{place.cache / NAME}'", found) in place.run(server.url(), status=15).stderr
        assert len(server.paths) == 1, "a file that is there is not silently fetched anew"


def test_bad_servers():
    def too_large(handler):
        handler.send_response(200)
        handler.end_headers()
        with contextlib.suppress(OSError):
            while True:
                handler.wfile.write(bytes(1 << 20))

    limit = 11689512 * 8 + (16 << 20)
    cases = [("404", lambda h: h.give(b"gone", status=404), "The requested URL returned error: 404", 1),
             ("503", lambda h: h.give(b"later", status=503), "The requested URL returned error: 503", 3),
             ("cut off", lambda h: h.give(CONTENT[:100_000], len(CONTENT)),
              f"transfer closed with {len(CONTENT) - 100_000} bytes remaining to read", 3),
             ("endless", too_large, f"it is larger than {limit} bytes", 1)]
    for name, answer, reason, tries in cases:
        with tempfile.TemporaryDirectory() as folder, serving(answer) as server:
            Place(folder).refused(server.url(), reason, tries)
            assert len(server.paths) == tries, name


def test_stalled_server():
    """Bytes that stop coming end the try after --download_timeout seconds; the next one succeeds."""
    def answer(handler):
        if len(handler.server.paths) > 1:
            return handler.give(CONTENT)
        handler.give(CONTENT[:1000], len(CONTENT))
        handler.wfile.flush()
        handler.server.ended.wait(60)

    with tempfile.TemporaryDirectory() as folder, serving(answer) as server:
        place, start = Place(folder), time.monotonic()
        done = place.run(server.url(), "--download_timeout=1")
        assert len(server.paths) == 2 and time.monotonic() - start < 20
        assert "Try 1 of 3: Operation too slow. Less than 1 bytes/sec transferred the last 1 seconds" in done.stdout, done.stdout
        place.assert_made()


def test_no_network():
    """Three tries that fail at once: the error is there within seconds."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))   # bound but not listening: refused
        port = closed.getsockname()[1]
        with tempfile.TemporaryDirectory() as folder:
            start = time.monotonic()
            done = Place(folder).run(f"http://127.0.0.1:{port}/", status=15)
            assert f"could not be downloaded from http://127.0.0.1:{port}/{NAME}: Failed to connect to 127.0.0.1 port {port}" in done.stderr, done.stderr
            assert time.monotonic() - start < 10


def test_proxy():
    """http_proxy is asked for a host that does not exist; no_proxy goes past it."""
    with tempfile.TemporaryDirectory() as folder, serving(lambda handler: handler.give(CONTENT)) as server:
        place = Place(folder)
        place.run("http://weights.invalid/models/", http_proxy=server.url())
        assert server.paths == [f"http://weights.invalid/models/{NAME}"], server.paths
        place.assert_made()
    with tempfile.TemporaryDirectory() as folder, serving(lambda handler: handler.give(CONTENT)) as server:
        Place(folder).run(server.url(), http_proxy="http://127.0.0.1:1/", no_proxy="127.0.0.1")
        assert server.paths == [f"/{NAME}"], server.paths


def test_places():
    """torch's cache is where torch.hub has it."""
    with tempfile.TemporaryDirectory() as folder:
        for env, cache in (({"TORCH_HOME": "~/t", "HOME": folder}, f"{folder}/t"), ({"TORCH_HOME": "", "XDG_CACHE_HOME": f"{folder}/c"}, f"{folder}/c/torch"),
                           ({"TORCH_HOME": "", "XDG_CACHE_HOME": "", "HOME": folder}, f"{folder}/.cache/torch")):
            refused = harness.torchport("run", "resnet", "--model_name=resnet18", f"--untrained_model_path={folder}/m", f"--run-dir={folder}/run", status=15,
                                        env={"TORCHPORT_WEIGHTS_URL": "file:///etc/", **env})
            assert f"Put the file resnet18-f37072fd.pth into {cache}/hub/checkpoints or " in refused.stderr, refused.stderr
