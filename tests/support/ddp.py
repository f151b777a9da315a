"""Python's DistributedDataParallel as the counterpart of a training under mpirun: the same weights, batches and schedule."""
import os
import typing

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F

import reference


class Training(typing.NamedTuple):
    """The ResNet-18 of a model directory, trained with one process for each share of a batch."""
    model: str
    classes: int
    data: str                # ImageDirectory
    plan: list               # the batches, as reference.batches has them
    rate: float
    store: str               # a file for the processes to meet at
    bfloat16: bool = False
    memory_format: torch.memory_format = torch.contiguous_format
    valid: str = ""          # ImageDirectory, for the loss at the end
    nudge: bool = False      # moves one weight by its last bit before

    @property
    def world(self):
        return len(self.plan[0][0])


def train(training):
    """The loss of each step, and the validation loss at the end or None."""
    shared = mp.Manager().dict()
    mp.spawn(rank_main, (training, shared), nprocs=training.world)
    return [shared[step] for step in range(sum(map(len, training.plan)))], shared.get("valid")


def rank_main(rank, training, shared):
    torch.set_num_threads(1)
    world, plan = training.world, training.plan
    dist.init_process_group("gloo", init_method=f"file://{training.store}", rank=rank, world_size=world)
    net = reference.network(training.model, "resnet18", training.classes).to(memory_format=training.memory_format).train()
    if training.nudge:
        weight = net.conv1.weight.data
        weight[0, 0, 0, 0] = torch.nextafter(weight[0, 0, 0, 0], torch.tensor(1.0))
    net = torch.nn.parallel.DistributedDataParallel(net)
    optimizer = reference.optimizer(net)
    images, labels = reference.dataset(training.data)   # its first images are those of the plan

    def logits_of(images):
        with torch.autocast("cpu", torch.bfloat16, enabled=training.bfloat16):
            return net(images.contiguous(memory_format=training.memory_format)).float()

    number = 0
    for epoch, steps in enumerate(plan):
        for group in optimizer.param_groups:
            group["lr"] = reference.learning_rate(training.rate, world, len(plan), 0, epoch)
        for shares in steps:
            mine = shares[rank]
            loss = F.cross_entropy(logits_of(images[mine]), labels[mine], reduction="sum") / sum(map(len, shares))
            optimizer.zero_grad()
            (loss * world).backward()   # DDP divides the sum of gradients by the number of ranks
            optimizer.step()
            mean = loss.detach().clone()
            dist.all_reduce(mean)
            if rank == 0:
                shared[number] = mean.item()
            number += 1
    if training.valid and rank == 0:
        net = net.module.eval()
        images, labels = reference.dataset(training.valid)
        with torch.no_grad():
            shared["valid"] = F.cross_entropy(logits_of(images), labels).item()
    dist.barrier()
    os._exit(0)   # torch 2.11's Gloo can deadlock on Python's lock when it is torn down; the parent has the losses
