"""Our networks beside the real torchvision's with the same weights: logits of all variants, gradients, statistics, first weights."""
import tempfile

import torch
import torchvision

import networks

TOLERANCE = 1e-4
torch.set_num_threads(2)


def images(count, size, seed=2):
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def assert_close(ours, theirs, what, tolerance=TOLERANCE):
    difference, scale = (ours - theirs).abs().max().item(), max(1.0, theirs.abs().max().item())
    assert torch.isfinite(theirs).all() and theirs.std() > 0, f"{what}: nothing to compare"
    assert difference <= tolerance * scale, f"{what}: differs by {difference} of {scale}"


def test_logits_of_every_variant():
    sizes = {"resnet18": 224, "densenet121": 224}
    for _, name, _ in networks.variants():
        with tempfile.TemporaryDirectory() as folder:
            network, batch = networks.torchvision_network(name, 3).eval(), images(2, sizes.get(name, 64))
            networks.save_weights(network, f"{folder}/model")
            with torch.no_grad():
                theirs = network(batch)
            weights = ("--classes", 3, "--weights", f"{folder}/model")
            assert_close(networks.Ours(folder, name, *weights, images=batch).logits(3), theirs, name)
            if name in sizes:
                ours = networks.Ours(folder, name, *weights, "--channels-last", images=batch).logits(3)
                assert_close(ours, theirs, f"{name}, channels last")


def test_a_training_step():
    for name, flag in (("resnet18", None), ("resnext50_32x4d", None), ("densenet121", None), ("densenet121", "memory_efficient")):
        with tempfile.TemporaryDirectory() as folder:
            network = networks.torchvision_network(name, 3, **({flag: True} if flag else {})).train()
            batch = images(4, 64)
            networks.save_weights(network, f"{folder}/model")
            logits = network(batch)
            torch.nn.functional.cross_entropy(logits, torch.arange(4) % 3).backward()
            options = ("--classes", 3, "--weights", f"{folder}/model", "--train", "--state") + (("--parameter", flag, "True") if flag else ())
            ours = networks.Ours(folder, name, *options, images=batch)
            assert_close(ours.logits(3), logits.detach(), f"{name} {flag}")
            gradients = ours.gradients(network)
            for key, parameter in network.named_parameters():
                assert_close(gradients[key], parameter.grad, f"{name} {flag}: gradient of {key}")
            # With memory_efficient, torchvision's recomputed batch norms see each batch twice; so do ours.
            seen = set()
            state = ours.state()
            for key, tensor in network.state_dict().items():
                if key.endswith("num_batches_tracked"):
                    assert state[key] == tensor, f"{name} {flag}: {key} is {state[key]}, not {tensor}"
                    seen.add(int(tensor))
                elif "running" in key:
                    assert_close(state[key], tensor, f"{name} {flag}: {key}")
            assert seen == ({1, 2} if flag else {1}), seen


def test_memory_efficient():
    """It saves memory (torchvision's saves as much) and changes no bit of the result."""
    with tempfile.TemporaryDirectory() as folder:
        network, batch = networks.torchvision_network("densenet121", 3), images(16, 96)
        networks.save_weights(network, f"{folder}/model")
        runs = []
        for flag in ((), ("--parameter", "memory_efficient", "True")):
            run = networks.Ours(folder, "densenet121", "--classes", 3, "--weights", f"{folder}/model", "--train", *flag, images=batch)
            runs.append((run.logits(3), run.gradients(network), run.peak_kib))
        (logits, gradients, peak), (other_logits, other_gradients, other_peak) = runs
        assert torch.equal(logits, other_logits)
        assert all(torch.equal(gradients[key], other_gradients[key]) for key in gradients)
        assert peak - other_peak > 40 * 1024, (peak, other_peak)


def test_first_weights():
    """The same seed draws torchvision's weights, bit for bit."""
    cases = [("resnet18", {}), ("resnet50", {"zero_init_residual": True}), ("resnext50_32x4d", {}), ("densenet121", {})]
    for name, options in cases:
        torch.manual_seed(7)
        theirs = torchvision.models.get_model(name, weights=None, num_classes=3, **options).state_dict()
        with tempfile.TemporaryDirectory() as folder:
            flags = [word for option in options for word in ("--parameter", option, "True")]
            ours = networks.Ours(folder, name, "--classes", 3, "--seed", 7, "--state", *flags).state()
        assert list(ours) == list(theirs)
        for key in theirs:
            assert torch.equal(ours[key], theirs[key]), f"{name}: {key}"
        zeros = [key for key in theirs if key.endswith("bn3.weight") and not theirs[key].any()]
        assert len(zeros) == (16 if options else 0)


def test_smallest_images():
    for spec, name, _ in networks.variants():
        smallest = spec["architecture"]["minimum_size"]
        if name not in ("resnet18", "densenet121", "densenet161"):
            continue
        network = torchvision.models.get_model(name, weights=None, num_classes=3).eval()
        with tempfile.TemporaryDirectory() as folder:
            assert network(images(1, smallest)).shape == (1, 3)
            assert networks.Ours(folder, name, "--classes", 3, images=images(1, smallest)).logits(3).shape == (1, 3)
            if smallest == 1:
                continue
            try:
                network(images(1, smallest - 1))
                raise AssertionError(f"torchvision's {name} takes images of {smallest - 1}")
            except RuntimeError as error:
                reason = str(error).split(".")[0]
            ours = networks.Ours(folder, name, "--classes", 3, images=images(1, smallest - 1), status=1)
            assert reason in ours.process.stderr, ours.process.stderr


def test_published_weights_files():
    for _, name, row in networks.variants():
        url = torchvision.models.get_model_weights(name).IMAGENET1K_V1.url
        assert row["weights"] == url.rsplit("/", 1)[1], name
