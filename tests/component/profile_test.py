"""--profile: a trace that trace viewers read, of every rank, with the work of every thread; without it there is none."""
import json
import os

import pytest

from harness import AS_ROOT, class_folders, torchport

LOADER = {"read", "decode", "transform"}
TRAINER = {"step", "wait for batch", "normalise", "forward", "backward", "wait for all-reduce", "optimizer", "validation"}


@pytest.fixture(scope="module")
def place(shared):
    """A model and two directories that carry a transformation."""
    work = shared
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={work}/model", cwd=work)
    for name, seed in (("train", 1), ("valid", 2)):
        folders = class_folders(work / f"{name}_photos", each=12, size=40, seed=seed)
        torchport("run", "convert_to_image_directory", f"--input_path={folders}", f"--output_path={work}/{name}_images", cwd=work)
        torchport("run", "init_image_transformation", "--random_resized_crop=True", "--random_resized_crop_size=32", "--center_crop=False",
                  "--resize=True", "--size=32", f"--output_path={work}/{name}_transformation", cwd=work)
        torchport("run", "apply_image_transformation", f"--input_image_transform_path={work}/{name}_transformation", "--when=every_epoch",
                  f"--input_image_dir_path={work}/{name}_images", f"--output_path={work}/{name}", "--mode=For training", cwd=work)
    return work


def train(work, name, *more):
    torchport("run", "train_pytorch_model", "--untrained-model-path", "model", "--train-data-path", "train", "--valid-data-path", "valid",
              "--trained-model-path", f"{name}-out", "--run-dir", name, "--epochs", 1, "--batch-size", 2, *more, cwd=work)
    return work / name


def by_thread(events):
    """The spans of each thread by the thread's name, in the order in which they began."""
    named = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["ph"] == "M" and e["name"] == "thread_name"}
    threads = {}
    for event in events:
        if event["ph"] != "X":
            continue
        assert event["dur"] >= 0 and event["ts"] > 0 and event["cat"] in ("torchport", "operator", "backward"), event
        threads.setdefault(named[event["pid"], event["tid"]], []).append(event)   # a thread without a name is a KeyError
    return {name: sorted(spans, key=lambda e: (e["ts"], -e["dur"])) for name, spans in threads.items()}


def assert_nested(spans):
    """On one thread a span lies within another or beside it."""
    open_spans = []
    for span in spans:
        while open_spans and open_spans[-1] <= span["ts"]:
            open_spans.pop()
        end = span["ts"] + span["dur"]
        assert not open_spans or end <= open_spans[-1] + 0.002, span   # microseconds in double precision
        open_spans.append(end)


def ours(spans):
    return [span for span in spans if span["cat"] == "torchport"]


def spans_of(file, rank, steps, first):
    events = json.loads(file.read_text())["traceEvents"]
    assert (events[0]["name"], events[0]["args"]) == ("process_name", {"name": f"rank {rank}"}), events[0]
    threads = by_thread(events)
    assert "trainer" in threads and {name.rstrip(" 0123456789") for name in threads} <= {"trainer", "compute", "loader", "collectives"}, threads.keys()
    for spans in threads.values():
        assert_nested(spans)
    trainer = ours(threads["trainer"])
    assert {span["name"] for span in trainer} - LOADER == TRAINER   # who loads images: the loader's threads or those that compute
    loading = [span for name in threads for span in ours(threads[name]) if span["name"] in LOADER]
    assert {span["name"] for span in loading} == LOADER
    for name in ("step", "backward", "optimizer"):
        assert [span["args"] for span in trainer if span["name"] == name] == [{"epoch": 1, "step": first + k} for k in range(steps)]
    operators = {span["name"] for span in threads["trainer"] if span["cat"] == "operator"}
    assert "aten::convolution" in operators or "aten::conv2d" in operators, operators
    stored = {span["args"]["bytes"] for span in loading if span["name"] == "transform"}
    assert stored == {32 * 32 * 3}, stored
    return threads


def test_one_process(place):
    run = train(place, "profiled", "--profile", 4)          # 12 steps an epoch: three are left out first
    threads = spans_of(run / "trace_0.json", 0, steps=4, first=4)
    assert not any(name.startswith("loader") for name in threads), threads.keys()   # images are loaded in between steps, on all cores
    assert "Trace of the steps 4 to 7 and of the validation: " in (run / "logs/70_driver_log_0").read_text()


def test_two_ranks(place):
    run = train(place, "ranks", "--profile", 100, "--process-count-per-node", 2, *AS_ROOT)   # more than the 6 of an epoch
    for rank in (0, 1):
        threads = spans_of(run / f"trace_{rank}.json", rank, steps=6, first=1)
        if len(os.sched_getaffinity(0)) > 1:   # a process of two does not compute on all of them
            loaders = [span for name in threads if name.startswith("loader") for span in ours(threads[name])]
            assert {span["name"] for span in loaders} == LOADER and not LOADER & {span["name"] for span in ours(threads["trainer"])}
        reduced = [size for size in (span["args"]["bytes"] for span in ours(threads["collectives"])) if size > 1000]   # buckets
        parameters = 11_177_538 * 4                         # ResNet-18 with two classes, and the seven numbers of a step
        assert sum(reduced) == 6 * (parameters + 7 * 4) and len(set(reduced)) > 1, reduced


def test_several_batches_an_update(place):
    """Updates begin at steps 1, 3, 5 ...: what is recorded of the steps 4 to 7 begins with step 5 and ends with the update of step 7."""
    run = train(place, "accumulated", "--profile", 4, "--accumulation-steps", 2)
    spans = by_thread(json.loads((run / "trace_0.json").read_text())["traceEvents"])["trainer"]
    assert [span["name"] for span in spans if span["name"] in ("step", "validation")] == ["step", "step", "validation"]


def test_no_trace_unasked(place):
    run = train(place, "plain")
    assert not [*run.glob("trace*")]
