"""./dev bench serve: torchport serve beside FastAPI, uvicorn and torchvision with the same weights and photo, in turns.

wrk asks for seconds with one photo of 500 x 375 in each request, by 1 and by 16 connections, which share the cores with the server. Of the
Python server both ways to write it are measured: a function that FastAPI calls on its threads, and one on uvicorn's loop. Ratios are over the
better of the two.
"""
import argparse
import base64
import contextlib
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request

import images
import measure
import score

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "build/bench"
CLIENTS = (1, 16)
ASK = 'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nlocal f = io.open("{}")\nwrk.body = f:read("*a")\nf:close()\n'
UNITS = {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}


def main():
    parser = argparse.ArgumentParser(prog="./dev bench serve")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--model", default="resnet18")
    parser.add_argument("--python-server", nargs=2, metavar=("MODEL", "NAME"), help="only that server, in this process")
    options = parser.parse_args()
    if options.python_server:
        return python_server(*options.python_server)
    data = WORK / "images-16-64"
    images.make(data, 16, 64)
    images.make(WORK / "photo", 1, 0, size=(500, 375))
    trained = score.prepare(WORK, data, options.model)
    transformation = WORK / "serve-transformation"
    if not transformation.exists():
        score.torchport(WORK, "run", "init_image_transformation", "--resize=True", "--size=256", "--center_crop=True", "--crop_size=224", f"--output_path={transformation}")
    [photo] = (WORK / "photo/train").rglob("*.jpg")
    body, script = WORK / "serve.json", WORK / "serve.lua"
    body.write_text(json.dumps([{"image": base64.b64encode(photo.read_bytes()).decode()}]))
    script.write_text(ASK.format(body))
    commands = {"torchport": ([ROOT / "build/bin/torchport", "serve", "--trained-model", trained, "--transformation", transformation, "--port", 5018], "score"),
                **{name: ([sys.executable, __file__, "--python-server", trained, options.model], name) for name in ("threads", "loop")}}
    found, answers = {}, {}
    print(f"{'server':12}{'clients':>8}{'requests/s':>12}{'median ms':>11}{'99 % ms':>9}{'MB':>7}")
    for _ in range(options.pairs):
        for name, (words, path) in commands.items():
            with running(words, path, body) as (process, answer):
                answers[name] = probabilities(answer)
                for clients in CLIENTS:
                    row = asked(script, path, clients, options.seconds)
                    found.setdefault((name, clients), []).append(row)
                    memory = sum(map(measure.pss, measure.tree(process.pid))) / 1024
                    print(f"{name:12}{clients:8}{row['rate']:12.1f}{row['median']:11.1f}{row['tail']:9.1f}{memory:7.0f}", flush=True)
    for name, answer in answers.items():
        if max(abs(ours - theirs) for ours, theirs in zip(answers["torchport"], answer, strict=True)) > 0.001:
            sys.exit(f"{name} answers {answer}, torchport {answers['torchport']}: they did not do the same work")
    for clients in CLIENTS:
        ratios = [ours["rate"] / max(theirs["rate"] for theirs in both) for ours, *both in zip(*(found[name, clients] for name in commands))]
        print(f"{clients} clients, requests/s of torchport over the better of the others: median {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


@contextlib.contextmanager
def running(words, path, body):
    """A server, and its first answer."""
    with open(WORK / "serve.log", "w", encoding="utf8") as log:
        process = subprocess.Popen([str(word) for word in words], stdout=log, stderr=log)
    try:
        yield process, first_answer(process, path, body)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def first_answer(process, path, body):
    request = urllib.request.Request(f"http://127.0.0.1:5018/{path}", body.read_bytes(), {"Content-Type": "application/json"})
    deadline = time.monotonic() + 60
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit((WORK / "serve.log").read_text())
        try:
            return urllib.request.urlopen(request, timeout=60).read()
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:   # it does not listen yet
            time.sleep(0.1)


def probabilities(answer):
    read = json.loads(answer)
    [row] = (json.loads(read) if isinstance(read, str) else read)["result"]
    return [value for value in row if isinstance(value, float)]


def asked(script, path, clients, seconds):
    """Requests per second, median and 99th percentile in ms."""
    said = subprocess.run(["wrk", "--latency", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s", "-s", str(script), f"http://127.0.0.1:5018/{path}"],
                          check=True, stdout=subprocess.PIPE, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        sys.exit(said)
    times = {share: float(number) * UNITS[unit] for share, number, unit in re.findall(r"^ +(\d+)% +([\d.]+)(us|ms|s|m) *$", said, re.M)}
    return {"rate": float(re.search(r"Requests/sec: +([\d.]+)", said)[1]), "median": times["50"], "tail": times["99"]}


def python_server(folder, name):
    """What a user would write instead."""
    import io

    import torch
    import uvicorn
    from fastapi import FastAPI, Request
    from PIL import Image
    from torchvision import models, transforms
    torch.set_num_threads(os.cpu_count())
    state = torch.load(pathlib.Path(folder) / "model", weights_only=True)
    state = {key.removeprefix("model."): value for key, value in state.items()}
    network = models.get_model(name, num_classes=len(list(state.values())[-1]))
    network.load_state_dict(state)
    network.eval()
    prepared = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor(), transforms.Normalize((0.5,) * 3, (0.5,) * 3)])
    app = FastAPI()

    @torch.inference_mode()
    def scores(rows):
        photos = [Image.open(io.BytesIO(base64.b64decode(row["image"]))).convert("RGB") for row in rows]
        return {"result": network(torch.stack([prepared(photo) for photo in photos])).softmax(1).tolist()}

    @app.post("/threads")
    def threads(rows: list[dict]):
        return scores(rows)

    @app.post("/loop")
    async def loop(request: Request):
        return scores(await request.json())

    uvicorn.run(app, host="127.0.0.1", port=5018, log_level="warning")


if __name__ == "__main__":
    main()
