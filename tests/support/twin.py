"""A training of torchport's and the same one in PyTorch: the tests of single options change one of both."""
import torch
import torch.nn.functional as F

import reference
from harness import ORIGINAL, torchport

TRAIN, VALID = ORIGINAL / "image_directory_labelled", ORIGINAL / "image_directory_valid"
ROWS, RATE, SEED = 24, 0.001, 1
torch.set_num_threads(1)


def arguments(model, out, *more, keep="last"):
    return ["run", "train_pytorch_model", "--untrained-model-path", model, "--train-data-path", TRAIN, "--valid-data-path", VALID,
            "--trained-model-path", out, "--run-dir", f"{out}-run", "--learning-rate", RATE, "--memory-format", "contiguous",
            "--patience", 100, "--keep", keep, *more]


def train(model, out, *more, keep="last"):
    torchport(*arguments(model, out, *more, keep=keep), env={"OMP_NUM_THREADS": "1"})


class Twin:
    """The same training in PyTorch: one call of run() is all epochs of it."""

    def __init__(self, model, batch, epochs, optimizer=reference.optimizer, warmup=0):
        self.net = reference.network(model, "resnet18", 3).train()
        self.optimizer, self.epochs, self.warmup = optimizer(self.net), epochs, warmup
        self.images, self.labels = reference.dataset(TRAIN)
        self.plan = [[ranks[0] for ranks in steps] for steps in reference.batches(ROWS, batch, 1, SEED, epochs)]

    def run(self, loss_of=F.cross_entropy, accumulate=1, images_of=lambda images, epoch: images, after_update=lambda epoch: None,
            weights=None, before_update=lambda: None):
        """`loss_of(logits, labels, reduction)`; `weights` of the classes, for the divisor; returns the mean training loss of each epoch."""
        weight_of = torch.ones(3) if weights is None else weights
        losses = []
        for epoch, steps in enumerate(self.plan):
            for group in self.optimizer.param_groups:
                group["lr"] = reference.learning_rate(RATE, 1, self.epochs, self.warmup, epoch)
            total = 0.0
            for first in range(0, len(steps), accumulate):
                update = steps[first:first + accumulate]
                self.optimizer.zero_grad()
                for batch in update:
                    loss = loss_of(self.net(images_of(self.images[batch], epoch)), self.labels[batch], reduction="sum")
                    (loss / sum(weight_of[self.labels[one]].sum() for one in update)).backward()
                    total += loss.item()
                before_update()
                self.optimizer.step()
                after_update(epoch)
            losses.append(total / ROWS)
        return losses


def compare(name, wanted, out, tolerance=1e-4):
    ours = reference.metrics(f"{out}-run", "Train loss")
    print(f"{name}: torch {wanted[-1]:.7f}, ours {ours[-1]:.7f}, largest difference {max(abs(a - b) for a, b in zip(wanted, ours)):.2g}")
    assert len(ours) == len(wanted) and all(abs(a - b) <= tolerance for a, b in zip(wanted, ours)), (wanted, ours)
