"""torchport serve under clients that come all at once, are slow, leave early or do not speak HTTP: nothing hangs, and memory stays bounded."""
import concurrent.futures
import datetime
import email.utils
import http.client
import json
import os
import shutil
import socket
import struct
import threading

import pytest
from PIL import Image

import networks
from harness import command
from server import all_of, endpoint, picture, plain, post, serving, text

LABELS = ["cat", "dog"]
HEAD = b"POST /score HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module")
def model(shared):
    networks.trained_directory(shared / "model", "resnet18", LABELS, [["Resize", 36], ["CenterCrop", 32]], size=32)
    return shared / "model"


@pytest.fixture(scope="module")
def server(shared, model):
    with serving(shared, model, "--timeout", 2, "--max-body", 1) as running:
        yield running
        assert running.peak_mib() < 700, f"{running.peak_mib():.0f} MiB"


def at_once(count, call):
    """The results of `count` calls that begin together."""
    begin = threading.Barrier(count)

    def one(i):
        begin.wait()
        return call(i)
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_two_hundred_at_once(work, model):
    """Each gets its own answer, which is that of the image alone."""
    images = [plain((i, 255 - i, i * 7 % 256)) for i in range(200)]
    with serving(work, model) as many:
        alone = [many.scored(endpoint({"image": images[i], "id": i})) for i in range(0, 200, 40)]
        before = many.peak_mib()
        answers = at_once(200, lambda i: many.scored(endpoint({"image": images[i], "id": i})))
        for i, answer in enumerate(answers):
            [row] = answer["Results"]["WebServiceOutput0"]
            assert row["id"] == i
            if i % 40 == 0:
                [wanted] = alone[i // 40]["Results"]["WebServiceOutput0"]
                assert abs(row["Scored Probabilities_cat"] - wanted["Scored Probabilities_cat"]) <= 1e-5
        assert len({answer["Results"]["WebServiceOutput0"][0]["Scored Probabilities_cat"] for answer in answers}) > 50
        assert many.peak_mib() - before < 300, f"{many.peak_mib() - before:.0f} MiB"
        many.healthy()


def test_full_queue(work, model):
    """More than may wait are refused, to come again."""
    body = endpoint(*[{"image": plain(size=(400, 400))}] * 24)
    with serving(work, model, "--queue", 1, "--batch-size", 1, "--threads", 1) as busy:
        statuses = [status for status, _, _ in at_once(12, lambda _: busy.ask(body))]
        assert set(statuses) == {200, 429}, statuses
        assert busy.scored(body)


def test_slow_clients(server):
    """Who does not send within the time is cut off, at any point of a request, while others are answered."""
    slow = [server.connect() for _ in range(40)]
    begun = (b"", b"P", HEAD, HEAD + b"Content-Length: 50\r\n\r\n[", HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n")
    for i, client in enumerate(slow):
        client.sendall(begun[i % len(begun)])
    assert server.scored([{"image": plain()}])
    for client in slow:
        with client:
            assert all_of(client) == b""
    log = server.log.read_text()
    assert log.count(" 408 ") == 32, log
    server.healthy()


def test_half_closed(server):
    """Who has sent all and closes its side still gets its answer; who leaves in between leaves nothing behind."""
    whole = post([{"image": plain()}])
    answer = server.talk(whole, end=True)
    assert answer.startswith(b"HTTP/1.1 200 ") and b"result" in answer
    for length in (0, 1, 20, len(whole) // 2, len(whole) - 1):
        assert server.talk(whole[:length], end=True) == b""
    for _ in range(20):
        with server.connect() as client:   # gone before the answer
            client.sendall(whole)
    server.healthy()


def test_kept_alive_and_pipelined(server):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    for path, status in (("/", 200), ("/nothing", 404), ("/swagger.json", 200)):
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        assert response.status == status
    own = connection.sock
    connection.request("POST", "/score", json.dumps([{"image": plain()}]))
    assert json.loads(json.loads(connection.getresponse().read()))["result"] and connection.sock is own
    connection.close()
    several = post([{"image": plain()}]) + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + post([{}]) + b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = server.talk(several)
    assert [answer.count(b"HTTP/1.1 " + status) for status in (b"200 ", b"400 ")] == [3, 1] and answer.endswith(b"Healthy"), answer
    assert server.talk(b"GET / HTTP/1.0\r\n\r\n").endswith(b"Healthy")


CLOSE = b"Host: x\r\nConnection: close\r\n"


def test_empty_lines(server):
    """Before a request they are passed over, in one piece with it or not, also between two requests; alone they are no request."""
    get = b"GET / HTTP/1.1\r\n" + CLOSE + b"\r\n"
    for before in (b"\r\n", b"\r\n\r\n"):
        assert server.talk(before + get).endswith(b"Healthy")
        assert server.talk(post([{"image": plain()}]) + before + get).count(b"HTTP/1.1 200 ") == 2
    with server.connect() as client:
        for piece in (b"\r", b"\n", b"\r", b"\nG", get[1:]):
            client.sendall(piece)
            server.healthy()   # so the piece has been read
        assert all_of(client).endswith(b"Healthy")
    for nothing in (b"\r\n" * 1000, b"\r"):
        assert server.talk(nothing, end=True) == b""
    assert server.talk(b"\rGET / HTTP/1.1\r\n" + CLOSE + b"\r\n").startswith(b"HTTP/1.1 400 ")


def test_whole_addresses(server):
    """As clients of a proxy send them."""
    def status(method, target, body=b""):
        return server.talk(b"%s %s HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s" % (method, target, CLOSE, len(body), body)).split(b" ")[1]
    body = json.dumps([{"image": plain()}]).encode()
    for address in (b"http://x/score", b"HTTP://x:5001/score?a=/b", b"https://x/api/v1/service/a/score"):
        assert status(b"POST", address, body) == b"200", address
    for address in (b"http://x", b"http://x/", b"http://x?a=/score"):
        assert status(b"GET", address) == b"200", address
    for address in (b"http:/score", b"x/score", b"ftp://x/score", b"http://x//score"):
        assert status(b"POST", address, body) == b"404", address


def test_unclear_requests(server):
    """What two readers may read differently is refused, and the connection closed: a proxy before the server may have let it through."""
    hidden = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    for head, wanted in ((HEAD + b"Transfer-Encoding: gzip\r\n\r\n", b"501"), (HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n", b"501"),
                         (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", b"501"),
                         (b"POST /score HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
                         (b"GET / HTTP/1.1\r\n\r\n", b"400"), (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b"400")):
        answer = server.talk(head + hidden)
        assert answer.startswith(b"HTTP/1.1 " + wanted) or answer.startswith(b"HTTP/1.0 " + wanted), (head, answer)
        assert answer.count(b"\r\nDate: ") == 1 and b'{"message":' in answer, (head, answer)
    assert " /hidden " not in server.log.read_text()


def test_dates(server):
    """RFC 9110 wants one in every answer that is not a server's fault."""
    for path in ("/", "/nothing"):
        sent = email.utils.parsedate_to_datetime(server.ask(None, path, "GET")[1]["Date"])
        assert abs((sent - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) < 60


def test_clients_that_left(work, model):
    """Are not computed, and are counted; who only ends its side after the request gets its answer."""
    body = endpoint(*[{"image": plain(size=(1500, 1500))}] * 64)
    with serving(work, model, "--batch-size", 1, "--threads", 1) as busy:
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            working = [pool.submit(busy.ask, body) for _ in range(5)]   # seconds of work, on a fast machine too
            busy.until_waiting(4)
            half = pool.submit(busy.talk, post([{"image": plain(), "id": "half"}]), end=True)
            leaving, reset = busy.connect(), busy.connect()
            for client in (leaving, reset):
                client.sendall(post([{"image": plain()}]))
            busy.until_waiting(7)
            reset.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            reset.close()
            busy.healthy_for(1.1)   # from then on who ends their side has left
            leaving.close()
            assert [done.result()[0] for done in working] == [200] * 5
            assert b'\\"half\\"' in half.result()
        busy.until_logged(" 499 rows=0 ", 2)
        assert 'torchport_requests_total{status="499"} 2\n' in busy.ask(None, "/metrics", "GET")[2]


def test_chunked_and_expected(server):
    """Bodies in pieces, and clients that ask before they send, as curl does."""
    body = json.dumps([{"image": plain(), "id": "x"}]).encode()
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 50]), body[i:i + 50]) for i in range(0, len(body), 50)) + b"0\r\n\r\n"
    assert b'\\"x\\"' in server.talk(HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + pieces)

    def asked_by(version):
        return b"POST /score %s\r\n%sExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % (version, CLOSE, len(body))
    assert server.talk(asked_by(b"HTTP/1.1") + body).startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ")
    assert server.talk(asked_by(b"HTTP/1.0") + body).startswith(b"HTTP/1.0 200 ")   # which has no such answer
    # More than is taken, said before and not said before.
    assert server.talk(HEAD + b"Content-Length: 99999999999999\r\n\r\nabc", end=True).startswith(b"HTTP/1.1 413 ")
    assert server.talk(HEAD + b"Expect: 100-continue\r\nContent-Length: 9999999\r\n\r\n", end=True).startswith(b"HTTP/1.1 413 ")
    endless = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    assert server.talk(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + endless * 2, end=True).startswith(b"HTTP/1.1 413 ")


def test_curl(server):
    """Asks before it sends as much as that."""
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    large = json.dumps([{"image": text(picture(Image.effect_noise((700, 700), 200)))}])
    done = command("curl", "-sS", "-H", "Expect: 100-continue", "--data-binary", "@-", f"http://{server.host}:{server.port}/score", text=large)
    assert json.loads(json.loads(done.stdout))["result"]


def test_not_http(server):
    for junk in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", HEAD + b"Content-Length: -1\r\n\r\n",
                 HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n[]]",
                 HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", os.urandom(5000) + b"\r\n\r\n"):
        answer = server.talk(junk, end=True)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ") and b'{"message":' in answer, (junk[:60], answer)
    assert server.talk(HEAD + b"X: " + b"a" * 20000 + b"\r\n\r\n", end=True).startswith(b"HTTP/1.1 431 ")
    server.healthy()


def test_many_large_bodies(server):
    """What clients send at once is bounded: some are refused, to come again, and memory is not theirs."""
    body = post(b" " * (1 << 20))
    before = server.peak_mib()
    answers = at_once(60, lambda _: server.talk(body, end=True))
    assert {answer.split(b" ")[1] for answer in answers if answer} <= {b"400", b"503"}
    assert server.peak_mib() - before < 120, f"{server.peak_mib() - before:.0f} MiB"
    server.healthy()
