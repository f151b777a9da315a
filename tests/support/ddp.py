"""Python's DistributedDataParallel as the counterpart of a training under mpirun: the same weights, batches and schedule."""
import os

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F

import reference


def train(model, classes, data, plan, rate, store, bfloat16=False, memory_format=torch.contiguous_format, valid=None, nudge=False):
    """Trains the ResNet-18 of a model directory on an ImageDirectory with one process for each share of a batch; `plan` as
    reference.batches has it, `store` a file for them to meet at. Returns the loss of each step and, where `valid` names an
    ImageDirectory, the validation loss at the end. `nudge` moves one weight by its last bit before."""
    shared = mp.Manager().dict()
    mp.spawn(rank_main, (model, classes, data, plan, rate, store, bfloat16, memory_format, valid, nudge, shared), nprocs=len(plan[0][0]))
    return [shared[step] for step in range(sum(map(len, plan)))], shared.get("valid")


def rank_main(rank, model, classes, data, plan, rate, store, bfloat16, memory_format, valid, nudge, shared):
    torch.set_num_threads(1)
    world = len(plan[0][0])
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=world)
    net = reference.network(model, "resnet18", classes).to(memory_format=memory_format).train()
    if nudge:
        weight = net.conv1.weight.data
        weight[0, 0, 0, 0] = torch.nextafter(weight[0, 0, 0, 0], torch.tensor(1.0))
    net = torch.nn.parallel.DistributedDataParallel(net)
    optimizer = reference.optimizer(net)
    images, labels = reference.dataset(data)   # its first images are those of the plan

    def logits_of(images):
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            return net(images.contiguous(memory_format=memory_format)).float()

    number = 0
    for epoch, steps in enumerate(plan):
        for group in optimizer.param_groups:
            group["lr"] = reference.learning_rate(rate, world, len(plan), 0, epoch)
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
    if valid and rank == 0:
        net = net.module.eval()
        images, labels = reference.dataset(valid)
        with torch.no_grad():
            shared["valid"] = F.cross_entropy(logits_of(images), labels).item()
    dist.barrier()
    os._exit(0)   # torch 2.11's Gloo can deadlock on Python's lock when it is torn down; the parent has the losses
