"""torchport serve: both forms of the designer's requests, answers that are Score's, and what clients get told."""
import csv
import json
import signal

import numpy
import pytest
from PIL import Image

import networks
from harness import SOURCE, torchport
from server import all_of, endpoint, picture, plain, post, serving, text

LABELS = ["cat", "dog", "frog"]
SAMPLES = SOURCE / "tests/data/serving"
PROBABILITIES = [f"Scored Probabilities_{label}" for label in LABELS]


@pytest.fixture(scope="module")
def model(shared):
    networks.trained_directory(shared / "model", "resnet18", LABELS, [["Resize", 72], ["CenterCrop", 64]])
    return shared / "model"


@pytest.fixture(scope="module")
def server(shared, model):
    with serving(shared, model) as running:
        yield running


def sample(name):
    return json.loads((SAMPLES / name).read_text())


def form(value):
    """A document with the kinds of its values in the place of probabilities."""
    if isinstance(value, dict):
        return {key: form(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [form(entry) for entry in value]
    return float if isinstance(value, float) else value


def test_endpoint(server):
    """What clients of a real-time endpoint send, under the addresses of both kinds of clusters."""
    wanted = sample("designer_endpoint_response.json")
    [row] = wanted["Results"]["WebServiceOutput0"]
    for name, of in (("designer_endpoint.json", "0"), ("designer_endpoint_android.json", 1)):
        for path in ("/score", "/api/v1/service/animals/score", "/score?verbose=1"):
            answer = server.scored((SAMPLES / name).read_bytes(), path=path)
            [found] = answer["Results"]["WebServiceOutput0"]
            assert list(found) == list(row) and found["id"] == of and type(found["id"]) is type(of) and found["category"] == ""
            assert all(isinstance(found[column], float) for column in PROBABILITIES) and found["Scored Labels"] in LABELS
            assert abs(sum(found[column] for column in PROBABILITIES) - 1) < 1e-5
            assert found["Scored Labels"] == LABELS[numpy.argmax([found[column] for column in PROBABILITIES])]


def test_list(server):
    """What clients of score.py send; they read the answer twice, and their columns have no names."""
    status, headers, answer = server.ask((SAMPLES / "score_py.json").read_bytes())
    assert status == 200 and headers["Content-Type"] == "application/json"
    found, wanted = json.loads(json.loads(answer)), json.loads(sample("score_py_response.json"))
    assert list(found) == ["result"]
    for ours, theirs in zip(found["result"], wanted["result"], strict=True):
        assert [form(value) for value in ours[:-1]] == [form(value) for value in theirs[:-1]] and ours[-1] in LABELS


def test_names_and_columns(server):
    """Any name of an input is mirrored; id and category come back as they are, where any row has them; more columns are passed over."""
    rows = [{"image": plain(), "id": 1.5, "other": {"a": [1]}}, {"image": plain(), "category": "h\u00e9 \"x\""}]
    for name, output in (("WebServiceInput0", "WebServiceOutput0"), ("input1", "output1"), ("data", "data")):
        answer = server.scored(endpoint(*rows, name=name))["Results"]
        assert list(answer) == [output]
        assert [(row["id"], row["category"]) for row in answer[output]] == [(1.5, None), (None, "h\u00e9 \"x\"")]
    two = server.scored({"Inputs": {"input1": rows[:1], "input2": [{"image": plain((0, 0, 250))}]}})["Results"]
    assert sorted(two) == ["output1", "output2"] and list(two["output2"][0]) == [*PROBABILITIES, "Scored Labels"]
    assert two["output1"][0]["Scored Probabilities_cat"] != two["output2"][0]["Scored Probabilities_cat"]
    assert [len(row) for row in server.scored([{"image": plain()}])["result"]] == [4]
    for parameters in ({}, "", None):
        assert server.scored({**endpoint(rows[0]), "GlobalParameters": parameters})
    assert server.scored("\ufeff".encode() + json.dumps(endpoint(rows[0])).encode())


def photos(folder):
    """Photos of several sizes and formats, one of which its EXIF turns."""
    random, files = numpy.random.default_rng(5), {}
    folder.mkdir()
    for i in range(21):
        height, width = random.integers(70, 120, 2)
        pixels = numpy.full((height, width, 3), random.integers(0, 256, 3)) + random.integers(-40, 40, (height, width, 3))
        image = Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8))
        exif = Image.Exif()
        exif[0x112] = 6
        files[f"{i:02}"] = picture(image, "JPEG", exif=exif) if i % 3 == 1 else picture(image, "WEBP", lossless=True) if i % 3 else picture(image)
        (folder / f"{i:02}.{'jpg' if i % 3 == 1 else 'webp' if i % 3 else 'png'}").write_bytes(files[f"{i:02}"])
    return files


def table_of(answer):
    [rows] = answer["Results"].values()
    return {row["id"]: ([row[column] for column in PROBABILITIES], row["Scored Labels"]) for row in rows}


def scored_by_component(model, folder, batch):
    """What Score Image Model says of each photo: its probabilities and its label."""
    out = folder.parent / f"scored-{batch}"
    torchport("run", "score_image_model", "--trained-model", model, "--dataset", folder, "--scored-dataset", out, "--scored-format", "csv",
              "--batch-size", batch, "--run-dir", f"{out}-run")
    [table] = out.glob("*.csv")
    with open(table, encoding="utf8") as lines:   # ids are numbers in the order of the names
        return {f"{int(row['id']):02}": ([float(row[column]) for column in PROBABILITIES], row["Scored Labels"]) for row in csv.DictReader(lines)}


def test_like_score(work, server, model):
    """Score Image Model's labels; its probabilities to the last bit in batches of the same images, and within 1e-5 in others, as its own are."""
    files = photos(work / "photos")
    by_sixteen, by_one = (scored_by_component(model, work / "photos", batch) for batch in (16, 1))
    together = table_of(server.scored(endpoint(*({"image": text(data), "id": name} for name, data in files.items()))))
    alone = {}
    for name, data in files.items():
        uri = "data:image/tiff;base64," + "\r\n ".join(text(data)[i:i + 76] for i in range(0, len(text(data)), 76))
        alone.update(table_of(server.scored(endpoint({"image": uri, "id": name}))))
    assert sorted(together) == sorted(alone) == sorted(by_one) == sorted(files)
    for name in files:
        for (ours, label), (theirs, wanted) in ((together[name], by_sixteen[name]), (alone[name], by_one[name])):
            assert label == wanted and (numpy.float32(ours) == numpy.float32(theirs)).all(), (name, ours, theirs)
        assert numpy.abs(numpy.subtract(alone[name][0], together[name][0])).max() <= 1e-5
    assert numpy.ptp([alone[name][0] for name in files], axis=0).max() > 0.01, "the photos are too alike to be told apart"


def test_transformation(work, model, server):
    """What is given counts in place of what the model notes; where neither is there, a request's images must have one size."""
    torchport("run", "init_image_transformation", "--resize=True", "--size=40", "--center_crop=True", "--crop_size=32", "--random_horizontal_flip=True",
              f"--output_path={work / 't'}", "--run-dir", work / "r")
    photo = {"image": text(picture(Image.effect_noise((90, 70), 90).convert("RGB")))}
    with serving(work, model, "--transformation", work / "t") as other:
        small = other.scored([photo])
        assert other.scored([photo]) == small != server.scored([photo])
        assert "warning: in training, photos went through another transformation: [[\"Resize\"" in other.log.read_text()
    networks.trained_directory(work / "bare", "resnet18", LABELS)
    with serving(work, work / "bare") as bare:
        assert "the model does not say what photos go through before" in bare.log.read_text()
        assert len(bare.scored([photo, photo])["result"]) == 2
        status, message = bare.refused([photo, {"image": plain(size=(64, 48))}])
        assert status == 400 and message.startswith("[1].image has 64 x 48 pixels, and the request's first image 90 x 70:"), message
        assert "--transformation" in message
        assert "too many for the network" in bare.refused([{"image": plain(size=(2100, 2100))}])[1]


def test_a_fault_is_short(server):
    """However long the text is in which it was found."""
    status, message = server.refused(b'["' + b"\x7f" * 1_000_000 + b'" x')
    assert status == 400 and len(message) < 2000, len(message)


BAD = [
    (b"", "the body is empty"),
    (b"{", "the body is not valid JSON (column 2: the text ends too early)"),
    (b"\xff\xfe{\0}\0", "the body is UTF-16, not UTF-8"),
    (b"[" * 100, "the body is nested deeper than 8 levels"),
    (b"3", "the body is neither {\"Inputs\""),
    (b"{\"inputs\": []}", "the body is neither {\"Inputs\""),
    (b"[]", "the body is a list without rows"),
    ({"Inputs": []}, "Inputs is not an object that has a list of rows"),
    ({"Inputs": {}}, "Inputs is not an object that has a list of rows"),
    ({"Inputs": {"a": {"image": ""}}}, "Inputs.a is not a list of rows"),
    ({"Inputs": {"a": []}}, "Inputs.a has no rows"),
    ({"Inputs": {"Input": [{"image": plain()}], "Output": [{"image": plain()}]}}, "two of the Inputs would both be answered as 'Output'"),
    ({**endpoint({"image": plain()}), "GlobalParameters": {"rate": 1}}, "GlobalParameters is neither absent nor empty"),
    ([3], "[0] is not an object with the key image"),
    ([{"image": plain()}, {"id": 3}], "[1] has no image"),
    ([{"image": 3}], "[0].image is not a text"),
    ([{"image": plain(), "id": [1]}], "[0].id is a list or an object, which does not come back"),
    ([{"image": "\n "}], "[0].image is empty"),
    ([{"image": "data:image/png,abc"}], "[0].image is a data URI without base64"),
    ([{"image": "http://x/y.png"}], "[0].image is not base64: it has the character ':'"),
    ([{"image": plain()[:-1]}], "[0].image is not base64: it has"),
    ([{"image": "QQ==QQ=="}], "[0].image is not base64: it goes on after '='"),
    (endpoint({"image": plain()}, {"image": text(b"no image at all")}), "Inputs.WebServiceInput0[1].image cannot be used: "),
    (endpoint({"image": text(picture(Image.new("RGB", (64, 64)))[:-30])}), "Inputs.WebServiceInput0[0].image cannot be used: "),
]


def test_bad_requests(server):
    """A request with one bad row is refused whole, naming the first such row and what is wrong with it."""
    for body, wanted in BAD:
        status, message = server.refused(body)
        assert status == 400 and message.startswith(wanted), (status, message, wanted)
    server.healthy()


def test_limits(work, model):
    with serving(work, model, "--plain-json", "--max-rows", 2, "--max-body", 1, "--max-pixels", 4000000) as limited:
        row = {"image": plain()}
        answer = json.loads(limited.ask((SAMPLES / "score_py.json").read_bytes())[2])
        assert [len(row) for row in answer["result"]] == [6, 6]
        assert limited.refused([row] * 3) == (413, "the request has more than 2 rows")
        assert limited.refused({"Inputs": {"a": [row] * 2, "b": [row]}}) == (413, "the request has more than 2 rows")
        assert limited.refused(b" " * (1 << 20) + b" ") == (413, "the body is larger than 1 MiB")
        # A bomb of 12 MiB in 12 kB, and one that says it has 3.6 thousand million pixels.
        assert "[0].image cannot be used: 4004001 pixels, more than 4000000" in limited.refused([{"image": plain(size=(2001, 2001))}])[1]
        huge = bytearray(picture(Image.new("1", (8, 8))))
        huge[16:24] = (60000).to_bytes(4, "big") * 2
        status, message = limited.refused([{"image": text(bytes(huge))}])
        assert status == 400 and "[0].image cannot be used: 3600000000 pixels" in message


def test_addresses(server):
    """Every address says what it takes, in JSON."""
    server.healthy()
    assert server.ask(None, "/api/v1/service/animals", "GET")[::2] == (200, "Healthy")
    for path, allowed in (("/", "GET, HEAD, OPTIONS"), ("/score", "POST, OPTIONS"), ("/swagger.json", "GET, HEAD, OPTIONS")):
        status, headers, body = server.ask(None, path, "OPTIONS")
        assert (status, headers["Allow"], body) == (204, allowed, "")
        for method in {"GET", "HEAD", "POST", "PUT", "DELETE", "BREW"} - set(allowed.split(", ")):
            status, headers, body = server.ask(None, path, method)
            assert (status, headers["Allow"]) == (405, allowed) and (method == "HEAD" or "message" in json.loads(body)), (path, method)
    status, headers, body = server.ask(None, "/swagger.json", "HEAD")
    assert status == 200 and body == "" and int(headers["Content-Length"]) == len(server.ask(None, "/swagger.json", "GET")[2])
    assert server.refused(None, path="/scores", method="GET") == (404, "there is nothing at '/scores'; images are scored at /score")
    assert server.refused(b"x", headers={"Content-Encoding": "gzip"})[0] == 415
    document = json.loads(server.ask(None, "/api/v1/service/animals/swagger.json", "GET")[2])
    document["info"]["version"] = ""
    assert document == sample("swagger.json") and "security" not in document   # as openapi-spec-validator took it in tests/ecosystem/
    metrics = server.ask(None, "/metrics", "GET")[2]
    assert 'torchport_requests_total{status="404"} 1\n' in metrics


def test_keys(work, model):
    """Either of two keys admits; none of them is ever written."""
    keys = work / "keys"
    keys.write_text("first-key\r\nsecond-key\n")
    keys.chmod(0o600)
    body = [{"image": plain()}]
    with serving(work, model, "--key-file", keys) as keyed:
        keyed.healthy()
        for scheme in ("Bearer first-key", "bearer second-key"):
            assert len(keyed.scored(body, headers={"Authorization": scheme})["result"]) == 1
        for wrong in (None, "Bearer third-key", "Bearer ", "second-key", "Basic second-key", "Digest second-key", "Bearer second-key2"):
            for path, method in (("/score", "POST"), ("/swagger.json", "GET"), ("/metrics", "GET"), ("/elsewhere", "GET")):
                status, headers, answer = keyed.ask(body if method == "POST" else None, path, method, {"Authorization": wrong} if wrong else {})
                assert status == 401 and headers["WWW-Authenticate"] == "Bearer" and "key" in json.loads(answer)["message"]
        # Without a key nothing of a body is waited for.
        assert keyed.talk(b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", end=True).startswith(b"HTTP/1.1 401 ")
        log = keyed.log.read_text()
        assert "-key" not in log and " 401 " in log
    refusals = {"": "has no key", "a\nb\nc\n": "has 3 keys", "two words\n": "has a key with characters that no header may have"}
    for content, reason in refusals.items():
        keys.write_text(content)
        assert reason in torchport("serve", "--trained-model", model, "--key-file", keys, status=2).stderr
    keys.chmod(0o604)
    assert "is open to all users of this machine" in torchport("serve", "--trained-model", model, "--key-file", keys, status=2).stderr
    assert "cannot be read: No such file" in torchport("serve", "--trained-model", model, "--key-file", work / "none", status=2).stderr


def test_end(work, model):
    """What had come is answered, then the server ends with 0; a port that is taken is an error."""
    body = json.dumps([{"image": plain()}]).encode()
    with serving(work, model) as ending:
        refused = torchport("serve", "--trained-model", model, "--port", ending.port, status=2).stderr
        assert f"nothing can be served at 127.0.0.1, port {ending.port}: Address already in use" in refused
        idle, half = ending.connect(), ending.connect()
        with idle, half:
            idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert idle.recv(1000).endswith(b"Healthy")
            half.sendall(post(body)[:-5])
            ending.healthy()   # so the bytes before have been read
            ending.process.send_signal(signal.SIGTERM)
            ending.until_closed()
            assert all_of(idle) == b""
            half.sendall(body[-5:])
            answer = all_of(half)
            assert answer.startswith(b"HTTP/1.1 200 ") and b"Connection: close" in answer
        assert ending.process.wait(30) == 0
        with serving(work, model) as other:
            assert other.stop(signal.SIGINT) == 0
            other.process.send_signal = lambda _: None   # it has ended
            other.process.poll = lambda: None
        ending.process.send_signal = lambda _: None
        ending.process.poll = lambda: None


def test_signals(work, model):
    """SIGUSR1, by which Slurm tells a training to save, ends nothing; what ends it does so after it too."""
    with serving(work, model) as server:
        for count in (1, 2):
            server.process.send_signal(signal.SIGUSR1)
            server.until_logged("SIGUSR1 changes nothing here; SIGTERM ends the server.\n", count)
        server.healthy()


def test_hosts(work, model):
    """Addresses of both kinds, as people write them."""
    for host in ("::1", "[::1]", "localhost"):
        with serving(work, model, "--host", host) as server:
            server.healthy()
    for host, wanted in (("nowhere.invalid", "nowhere.invalid: "), ("[::1", "[::1: "), ("[]", "'': ")):
        refused = torchport("serve", "--trained-model", model, "--host", host, status=2).stderr
        assert f"nothing can be served at {wanted}" in refused and "--host takes an address of this machine" in refused, refused


def test_refusals(work, model):
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={work / 'untrained'}", "--run-dir", work / "r")
    assert "the trained model is untrained" in torchport("serve", "--trained-model", work / "untrained", status=3).stderr
    assert "--trained-model is missing" in torchport("serve", status=2).stderr
