"""--weights FILE: the network has the file's weights as torch reads them, whatever the file's form; what does not fit is refused."""
import argparse
import collections
import functools
import pathlib
import re
import tempfile

import safetensors.torch
import torch
import torchvision
import yaml

import harness

SEE = "torchport explain NAME says more about an error.\n"
FOLDER = tempfile.TemporaryDirectory()
ROOT = pathlib.Path(FOLDER.name)


def make(component, name, file, *options, status=0):
    """Runs the component in a fresh folder; returns the process and the folder of the model."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=ROOT))
    done = harness.torchport("run", component, f"--model_name={name}", f"--weights={file}", f"--untrained_model_path={folder}/m",
                             f"--run-dir={folder}/run", *options, env={"TORCH_HOME": f"{folder}/none"}, status=status)
    assert (folder / "m").exists() == (status == 0)
    return done, folder / "m"


def read(model, name):
    state = torch.load(model / "model", weights_only=True)
    network = torchvision.models.get_model(name, weights=None)
    network.load_state_dict({key.removeprefix("model."): tensor for key, tensor in state.items()}, strict=True)
    return network.state_dict()


def torchvision_state(name, classes=1000, seed=3):
    torch.manual_seed(seed)
    return torchvision.models.get_model(name, weights=None, num_classes=classes).state_dict()


def assert_equal(ours, theirs, but=()):
    for key, tensor in theirs.items():
        assert key in but or torch.equal(ours[key], tensor), key


def old_keys(state):
    return {re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", key): tensor for key, tensor in state.items()}


def test_forms():
    """Wrapped, prefixed, of torch before 1.6, old names, half precision, safetensors: the same weights come out."""
    file, state = ROOT / "w.pth", torchvision_state("resnet18")
    prefixed = {"module." + key: tensor for key, tensor in state.items()}
    dense = torchvision_state("densenet121")
    half = {key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in state.items()}
    double = {key: tensor.double() if tensor.is_floating_point() else tensor for key, tensor in state.items()}
    brain = {key: tensor.bfloat16() if tensor.is_floating_point() else tensor for key, tensor in state.items()}
    forms = {
        "plain": ("resnet18", state, state, {}),
        "a training script's, with DataParallel": ("resnet18", {"epoch": 3, "state_dict": prefixed}, state, {}),
        "old DenseNet": ("densenet121", old_keys(dense), dense, {"_use_new_zipfile_serialization": False}),
        "float16": ("resnet18", half, {key: tensor.float() if tensor.is_floating_point() else tensor for key, tensor in half.items()}, {}),
        "float64": ("resnet18", {"model": double}, state, {}),
    }
    for name, (variant, content, wanted, how) in forms.items():
        torch.save(content, file, **how)
        done, model = make(variant.rstrip("0123456789"), variant, file)
        assert_equal(read(model, variant), wanted)
        assert f"Made {variant} with the weights of '{file}'." in done.stdout, f"{name}: {done.stdout}"
        spec = yaml.safe_load((model / "model_spec.yaml").read_text())
        assert spec["flavor_extras"]["init_params"]["pretrained"] is False
        assert spec["inputs"][0]["pre_processor"]["init_params"] == {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
    _, again = make("resnet", "resnet18", model / "model")   # the file of a model directory, keys model.*
    assert_equal(read(again, "resnet18"), state)
    file = ROOT / "w.safetensors"
    safetensors.torch.save_file(brain, file)
    _, model = make("resnet", "resnet18", file)
    assert_equal(read(model, "resnet18"), {key: tensor.float() if tensor.is_floating_point() else tensor for key, tensor in brain.items()})


def test_head():
    """A head of other classes, or none, is replaced by the one that the seed draws; all else is the file's."""
    file, state = ROOT / "head.pth", torchvision_state("resnet18", classes=7)
    fresh = torchvision_state("resnet18", seed=5)
    headless = {key: tensor for key, tensor in state.items() if not key.startswith("fc.")}
    for content in (state, headless):
        torch.save(content, file)
        done, model = make("resnet", "resnet18", file, "--random_seed=5")
        ours = read(model, "resnet18")
        assert_equal(ours, headless)
        assert torch.equal(ours["fc.weight"], fresh["fc.weight"]) and torch.equal(ours["fc.bias"], fresh["fc.bias"])
        assert "its head is not one of ImageNet's classes and is made again from the random seed" in done.stdout, done.stdout


def taken(content, state, *said, component="resnet", variant="resnet18", but=(), options=()):
    """The file of `content` gives the weights `state`, and the log says each of `said`."""
    file = ROOT / "taken.pth"
    torch.save(content, file, **(options[0] if options else {}))
    done, model = make(component, variant, file)
    assert_equal(read(model, variant), state, but)
    for text in said:
        assert text in done.stdout, f"{text!r} is not in\n{done.stdout}"
    return done.stdout


def under(prefix, state):
    return {prefix + key: tensor for key, tensor in state.items()}


def test_prefixes():
    """Whatever a wrapper puts before the names, or in the middle of them, is found by comparing, and named."""
    state = torchvision_state("resnet18")
    for prefix in ("_orig_mod.", "module.", "net.", "model.", "backbone.", "module.encoder_q.", "module._orig_mod.model.", "a.0.b-c.", "größe."):
        taken(under(prefix, state), state, f"Found them under the prefix '{prefix}'.")
    plain = taken(state, state)
    assert "Found them" not in plain and "Left out" not in plain and "Converted" not in plain, plain
    one_layer = {re.sub("^layer1\\.", "layer1._orig_mod.", key): tensor for key, tensor in state.items()}
    taken(one_layer, state)   # model.layer1 = torch.compile(model.layer1)
    sharded = {"_fsdp_wrapped_module." + re.sub(r"^(layer\d)\.", r"\1._fsdp_wrapped_module.", key): tensor for key, tensor in state.items()}
    taken(sharded, state, "under the prefix '_fsdp_wrapped_module.'")
    dense = torchvision_state("densenet121")
    taken(under("net.", old_keys(dense)), dense, "under the prefix 'net.'", component="densenet", variant="densenet121")
    compiled = torch.compile(torchvision.models.get_model("resnet18", weights=None))
    averaged = torch.optim.swa_utils.AveragedModel(compiled)
    network = averaged.module._orig_mod.state_dict()
    taken(averaged.state_dict(), network, "under the prefix 'module._orig_mod.'", "Left out 1 tensor that resnet18 does not have: 'n_averaged'.")


def test_counters_and_types():
    """num_batches_tracked of any type, of one element, or missing; what is converted is said."""
    state = torchvision_state("resnet18")
    counters = [key for key in state if key.endswith("num_batches_tracked")]
    for i, key in enumerate(counters):
        state[key] = torch.tensor(i + 1)
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int8, torch.uint8, torch.int16, torch.int32):
        changed = {key: tensor.to(dtype) if key in counters else tensor for key, tensor in state.items()}
        taken(changed, state, f"Converted to int64: 20 counters of {str(dtype)[6:]}.")
    taken({key: tensor.reshape(1) if key in counters else tensor for key, tensor in state.items()}, state)
    zeros = {**state, **{key: torch.tensor(0) for key in counters}}
    taken({key: tensor for key, tensor in state.items() if key not in counters}, zeros)
    for broken in (float("nan"), float("inf"), -3.0):
        taken({**state, counters[2]: torch.tensor(broken)}, {**state, counters[2]: torch.tensor(0)})
    half = {key: tensor if key in counters else tensor.half() for key, tensor in state.items()}
    taken(half, {key: tensor if key in counters else tensor.float() for key, tensor in half.items()}, "Converted to float32: 102 tensors of float16.")
    averaged = {key: tensor.float() for key, tensor in state.items()}   # as timm's avg_checkpoints.py writes it
    taken(averaged, state, "Converted to int64: 20 counters of float32.")


class Anything:
    """Of a class that only the script which saved it has."""

    def __init__(self, value):
        self.value = value


def test_checkpoints():
    """What Lightning, timm, torchvision's reference scripts and self-supervised trainings save is taken as it is; nothing in it runs."""
    state, other = torchvision_state("resnet18"), torchvision_state("resnet18", seed=4)
    network = torchvision.models.get_model("resnet18", weights=None)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    network(torch.randn(2, 3, 64, 64)).sum().backward()
    optimizer.step()
    args = argparse.Namespace(model="resnet18", data=pathlib.Path("photos"), lr=0.1)
    things = {"a": Anything({1, 2}), "b": functools.partial(max, 3), "c": frozenset("xy"), "d": collections.deque([1.5]), "e": b"bytes",
              "f": 1 << 70, "g": collections.defaultdict(list, {"k": [1]}), "h": torch.float16, "i": torch.Size([2]), "j": torch.device("cpu"),
              "k": torch.zeros(2, dtype=torch.complex64), "l": 2 + 3j, "m": range(3), "n": slice(1, 2), "o": torch.nn.Parameter(torch.ones(2))}
    lightning = {"epoch": 3, "global_step": 77, "pytorch-lightning_version": "2.5.0", "state_dict": collections.OrderedDict(under("net.", state)),
                 "loops": {"fit_loop": {"state_dict": {}}}, "callbacks": {"ModelCheckpoint{'monitor': None}": {"best_model_score": torch.tensor(0.3)}},
                 "optimizer_states": [optimizer.state_dict()], "lr_schedulers": [], "hparams_name": "kwargs", "hyper_parameters": {"args": args, **things}}
    found = "Found them in its 'state_dict', under the prefix 'net.'."
    for protocol in (2, 3, 4, 5):
        said = taken(lightning, state, found, "names things of Python, none of which was loaded: ", options=[{"pickle_protocol": protocol}])
        assert "'argparse.Namespace'" in said, said
    del things["k"]   # the old form does not say how large such a storage is
    lightning["hyper_parameters"] = {"args": args, **things}
    taken(lightning, state, found, options=[{"_use_new_zipfile_serialization": False}])
    timm = {"epoch": 3, "arch": "resnet18", "state_dict": state, "optimizer": optimizer.state_dict(), "version": 2, "args": args,
            "amp_scaler": {"scale": 65536.0}, "state_dict_ema": other, "metric": 70.5}
    not_taken = "The file holds other weights of this form, which were not taken: "
    taken(timm, state, "Found them in its 'state_dict'.", not_taken + "'state_dict_ema'.")
    taken({"state_dict_ema": other, "model": state}, state, "Found them in its 'model'.", not_taken + "'state_dict_ema'.")
    taken({"state_dict_ema": other, "epoch": 3}, other, "Found them in its 'state_dict_ema'.")
    taken({"model": state, "optimizer": optimizer.state_dict(), "lr_scheduler": {"last_epoch": 3}, "epoch": 3, "args": args}, state, "Found them in its 'model'.")
    taken({"net": {"weights": state}, "acc": 0.9}, state, "Found them in its 'net/weights'.")
    moco = {**under("module.encoder_q.", state), **under("module.encoder_k.", other), "module.queue": torch.ones(128, 16)}
    del moco["module.encoder_q.fc.weight"], moco["module.encoder_q.fc.bias"]
    moco |= {"module.encoder_q.fc.0.weight": torch.ones(8, 512), "module.encoder_q.fc.2.weight": torch.ones(4, 8)}
    said = taken({"state_dict": moco}, state, "under the prefix 'module.encoder_q.'", not_taken + "'state_dict/module.encoder_k.'.",
                 "its head is not one of ImageNet's classes and is made again", but=("fc.weight", "fc.bias"))
    assert re.search(r"Left out 125 tensors that resnet18 does not have: '[^']+', '[^']+', '[^']+' and 122 more\.", said), said
    followed = {**under("ema_model.module.", other), **under("model.", state)}   # the average comes first in the file
    taken(followed, state, "under the prefix 'model.'", not_taken + "'ema_model.module.'.")
    counted = {**state, "total_ops": torch.zeros(1, dtype=torch.float64), "layer1.0.total_params": torch.zeros(1, dtype=torch.float64)}
    taken(counted, state, "Left out 2 tensors that resnet18 does not have: 'total_ops', 'layer1.0.total_params'.")
    taken({**state, "note": "trained in May"}, state)


def test_commands_in_checkpoints_do_not_run():
    class Command:
        def __reduce__(self):
            return __import__("os").system, (f"touch {ROOT}/canary",)

    state = torchvision_state("resnet18")
    for legacy in (False, True):
        taken({"state_dict": state, "callbacks": {"x": Command()}}, state, "'posix.system'", options=[{"_use_new_zipfile_serialization": not legacy}])
    assert not (ROOT / "canary").exists()


def test_refusals():
    file, state = ROOT / "bad.pth", torchvision_state("resnet18")

    def refused(content, error, status=3, validated=True):
        if isinstance(content, bytes):
            file.write_bytes(content)
        elif content is not None:
            torch.save(content, file)
        done, _ = make("resnet", "resnet18", file, status=status)
        assert done.stderr == error + SEE, f"--- got\n{done.stderr}--- wanted\n{error}{SEE}"
        checked = harness.torchport("validate", "resnet", "--model_name=resnet18", f"--weights={file}", f"--untrained_model_path={ROOT}/m",
                                    status=status if validated else 0)
        assert checked.stderr == (error + SEE if validated else ""), checked.stderr

    refused(None, f"error[CouldNotOpenFileError] resnet: '{file}' cannot be read: No such file or directory\n"
                  "  hint   Give the path of a readable file.\n", status=2)
    cannot = f"error[InvalidModelDirectoryError] resnet: the weights file '{file}' cannot be used: "
    hint = "\n  hint   Give a state dict: torch.save(model.state_dict(), file), or a safetensors file.\n"
    refused(b"<html>", cannot + "it is neither a torch.save file nor a safetensors file" + hint)
    torch.save(torchvision.models.get_model("resnet18", weights=None), file)
    done, _ = make("resnet", "resnet18", file, status=3)
    assert "it is an object of 'torchvision.models.resnet.ResNet' and not a dict of tensors" in done.stderr, done.stderr
    torch.save({"epoch": 3, "model": torchvision.models.get_model("resnet18", weights=None)}, file)
    done, _ = make("resnet", "resnet18", file, status=3)
    assert "no dict in it has tensors: 'model' is an object of 'torchvision.models.resnet.ResNet'" in done.stderr, done.stderr
    mismatch = "error[InvalidModelDirectoryError] resnet: the weights of the weights file do not fit resnet18; entries that differ: "
    other = "  hint                 The weights file belongs to another network.\n"
    wide = {**state, "module": torch.ones(3), "bn1.bias": torch.ones(32)}
    refused(wide, mismatch + "1\n  bn1.bias   expected float32 [64], found float32 [32]\n" + other.replace(" " * 17, " " * 7), validated=False)
    lacking = {key: tensor for key, tensor in under("net.", state).items() if not key.startswith("net.layer4.1.conv2")}
    refused(lacking, mismatch + "1\n  net.layer4.1.conv2.weight   expected float32 [512, 512, 3, 3], found nothing\n"
            + other.replace(" " * 17, " " * 24), validated=False)
    larger = torchvision_state("resnet34")   # has all that resnet18 has, and more of it
    torch.save(larger, file)
    done, _ = make("resnet", "resnet18", file, status=3)
    assert mismatch + "96\n  layer1.2.conv1.weight" in done.stderr and "expected nothing, found float32 [64, 64, 3, 3]" in done.stderr, done.stderr
    strange = {"stem.w": torch.ones(2), "stem.b": torch.ones(2)}
    torch.save(strange, file)
    done, _ = make("resnet", "resnet18", file, status=3)
    assert "keys of the file" in done.stderr and "'stem.w', 'stem.b'" in done.stderr, done.stderr
    broken_head = {**state, "fc.weight": torch.ones(7, 512)}   # 7 classes by its weight, 1000 by its bias
    refused(broken_head, mismatch + "1\n  fc.weight   expected float32 [1000, 512], found float32 [7, 512]\n" + other.replace(" " * 17, " " * 8),
            validated=False)
    huge = {**state, "bn1.bias": torch.full((64,), 1e300, dtype=torch.float64)}   # finite as it is, infinite as float32
    torch.save(huge, file)
    done, _ = make("resnet", "resnet18", file, status=3)
    assert "the weights of the weights file hold values that are not finite, first in 'bn1.bias'" in done.stderr, done.stderr
