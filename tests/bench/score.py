"""./dev bench score: Score Image Model against other programs with the same weights and images, in turns.

Whole programs are timed from outside, start-up and the writing of the Parquet table included; "scoring" is the loop alone, by each program's
own clock, loading included. `--against torchvision` reads class folders with Pillow in as many worker processes as our loader has threads, as
most users would; `onnxruntime` and `openvino` compute the file that torchport export writes, and load with the fastest decoder for Python that
we know, torchvision.io's, in as many threads. They come from PyPI: onnxruntime, openvino, for the Python that `--python` names or for this one.
"""
import argparse
import itertools
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import images
import programs

ROOT = pathlib.Path(__file__).resolve().parents[2]
TORCHPORT = ROOT / "build/bin/torchport"
SIZE = 224


def main():
    parser = argparse.ArgumentParser(prog="./dev bench score")
    parser.add_argument("--images", type=int, default=640)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--model", default="resnet18")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32", help="ours, and OpenVINO's")
    parser.add_argument("--against", nargs="+", choices=sorted(LOOPS), default=["torchvision"])
    parser.add_argument("--loop", nargs=3, metavar=("NAME", "FOLDER", "MODEL"), help="only that loop, in this process")
    options = parser.parse_args()
    if options.loop:
        name, folder, model = options.loop
        return run_loop(LOOPS[name], options, pathlib.Path(folder), pathlib.Path(model))
    work = ROOT / "build/bench"
    data = work / f"images-16-{options.images}"
    images.make(data, 16, options.images)
    model = prepare(work, data, options.model)
    out = work / "scored"
    commands = {"torchport": [TORCHPORT, "run", "score_image_model", "--trained-model", model, "--dataset", data / "valid.dir", "--scored-dataset", out / "ours",
                              "--batch-size", options.batch, "--precision", options.precision, "--loader-threads", os.cpu_count(), "--run-dir", out / "run"]}
    for name in options.against:
        commands[name] = [sys.executable, __file__, "--model", options.model, "--batch", options.batch, "--precision", options.precision,
                          "--loop", name, data / "valid", model]
    print(f"{options.model}, batch {options.batch}, {options.images} images of {SIZE} x {SIZE}, {options.precision}, {os.cpu_count()} cores")
    compare(commands, options, out)


def compare(commands, options, out):
    print(f"{'':22}{'images/s':>10}{'scoring alone':>15}{'peak MB':>9}")
    rates = {name: [] for name in commands}
    for name in itertools.chain.from_iterable([commands] * options.pairs):
        subprocess.run(["rm", "-rf", out], check=True)
        out.mkdir()
        seconds, rate, peak = timed(commands[name], out)
        rates[name].append(rate)
        print(f"{name:22}{options.images / seconds:10.1f}{rate:15.1f}{peak:9.0f}", flush=True)
    for name in options.against:
        ratios = [ours / theirs for ours, theirs in zip(rates["torchport"], rates[name])]
        print(f"scoring, torchport over {name}: median {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def torchport(work, *words):
    subprocess.run([TORCHPORT, *map(str, words)], cwd=work, check=True, stdout=subprocess.DEVNULL)


def prepare(work, data, name):
    """An ImageDirectory of the validation images and a model trained for one step, exported too; kept for the next time."""
    def run(*words):
        torchport(work, *words)
    if not (data / "valid.dir").exists():
        run("run", "convert_to_image_directory", f"--input_path={data / 'valid'}", f"--output_path={data / 'valid.dir'}")
    if not (work / f"{name}-untrained").exists():
        run("run", programs.family(name), f"--model_name={name}", "--pretrained=False", f"--untrained_model_path={work / name}-untrained")
    trained = work / f"{name}-trained"
    if not trained.exists():
        run("run", "train_pytorch_model", "--untrained-model-path", f"{name}-untrained", "--train-data-path", data / "train", "--valid-data-path", data / "train",
            "--trained-model-path", trained, "--epochs", 1, "--batch-size", 16)
    if not (work / f"{name}-onnx").exists():
        run("export", trained, "--format", "onnx", "-o", work / f"{name}-onnx")
    return trained


def timed(command, out):
    """Seconds from start to end, images per second of the loop, peak memory of the main process in MB."""
    with open(out / "said", "w+") as said:
        started = time.monotonic()
        process = subprocess.Popen([str(word) for word in command], cwd=out, stdout=said)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        said.seek(0)
        rates = re.findall(r"([\d.]+) images per second", said.read())
    assert status == 0 and rates, command
    return seconds, float(rates[-1]), usage.ru_maxrss / 1024


def run_loop(loop, options, folder, model):
    """What a user would write instead: the loop's scores, and pandas for the table."""
    import numpy
    import pandas
    names = sorted(path.name for path in folder.iterdir())
    scores, seconds = loop(options, folder, model, names)
    assert scores.shape[1] == len(names)
    print(f"{len(scores) / seconds:.2f} images per second")
    table = pandas.DataFrame(scores.astype(numpy.float64), columns=[f"Scored Probabilities_{name}" for name in names])
    table["Scored Labels"] = [names[i] for i in scores.argmax(1)]
    table.to_parquet("theirs.parquet")


def torchvision_loop(options, folder, model, names):
    """ImageFolder, DataLoader, softmax."""
    import torch
    from torchvision import datasets, models, transforms
    torch.set_num_threads(os.cpu_count())
    found = datasets.ImageFolder(folder, transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,) * 3, (0.5,) * 3)]))
    network = models.get_model(options.model, num_classes=len(names))
    state = torch.load(model / "model", weights_only=True)
    network.load_state_dict({key.removeprefix("model."): value for key, value in state.items()})
    network.eval()
    started = time.monotonic()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bfloat16"):
        loader = torch.utils.data.DataLoader(found, options.batch, num_workers=os.cpu_count())
        scores = torch.cat([network(batch).float().softmax(1) for batch, _ in loader])
    return scores.numpy(), time.monotonic() - started


def graph_loop(infer_with):
    """Batches decoded by threads ahead of an engine that computes the exported graph, whose inputs and settings its metadata have."""
    def loop(options, folder, model, names):
        import numpy
        import torch
        from torchvision.io import decode_jpeg, read_file
        torch.set_num_threads(1)
        graph = model.with_name(model.name.replace("-trained", "-onnx")) / "model.onnx"
        infer = infer_with(graph, options)
        files = sorted(folder.glob("*/*.jpg"))

        def batch(first):
            pixels = torch.stack([decode_jpeg(read_file(str(path))) for path in files[first:first + options.batch]])
            return pixels.float().div_(127.5).sub_(1).numpy()
        started, scores = time.monotonic(), []
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            waiting = [pool.submit(batch, first) for first in range(0, min(len(files), 4 * options.batch), options.batch)]
            for first in range(0, len(files), options.batch):
                ahead = first + 4 * options.batch
                if ahead < len(files):
                    waiting.append(pool.submit(batch, ahead))
                logits = infer(waiting.pop(0).result())
                powers = numpy.exp(logits - logits.max(1, keepdims=True))
                scores.append(powers / powers.sum(1, keepdims=True))
        return numpy.concatenate(scores), time.monotonic() - started
    return loop


def onnxruntime(graph, options):
    import onnxruntime
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = os.cpu_count()
    session = onnxruntime.InferenceSession(graph, settings, providers=["CPUExecutionProvider"])
    return lambda pixels: session.run(["logits"], {"images": pixels})[0]


def openvino(graph, options):
    import openvino
    core = openvino.Core()
    network = core.read_model(graph)
    network.reshape([options.batch if options.images % options.batch == 0 else -1, 3, SIZE, SIZE])
    hint = {"float32": "f32", "bfloat16": "bf16"}[options.precision]
    compiled = core.compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": os.cpu_count()})
    request = compiled.create_infer_request()
    return lambda pixels: request.infer([pixels])[compiled.output("logits")]


LOOPS = {"torchvision": torchvision_loop, "onnxruntime": graph_loop(onnxruntime), "openvino": graph_loop(openvino)}

if __name__ == "__main__":
    main()
