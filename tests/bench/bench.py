"""./dev bench: our training beside Python's on the same photos, augmentation and first weights, alternating.

Images a second are measured from outside: of the whole program, and without start-up by the difference of a run of one epoch and one
of three. Runs in which others used more than 5 % of the CPU are repeated. A figure of a shared machine is worth its ratio, not more.
Everything goes to build/bench/<date>.json as well. Other benches: ./dev bench allreduce, transform, score, graph.
"""
import argparse
import json
import math
import sys
import time

import compare
import machine
import pairs
import programs


def main():
    options = arguments()
    record = {"command": ["./dev", "bench", *sys.argv[1:]], **machine.facts(programs.ROOT), "options": vars(options), "networks": []}
    print(machine.sentence(record))
    for network in options.models.split(","):
        record["networks"].append(compare.compare(options, network))
    path = programs.WORK / f"{time.strftime('%Y-%m-%dT%H-%M-%S', time.gmtime())}.json"
    path.write_text(json.dumps(without_nan(record), indent=1) + "\n")
    print(f"every row: {path.relative_to(programs.ROOT)}")
    sys.exit(1 if any("disturbed" in network for network in record["networks"]) else 0)


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="resnet18", help="e.g. resnet18,resnet50,densenet121")
    parser.add_argument("--against", default="torchvision,fast", help="torchvision: its reference loop, float32; fast: the fastest Python found")
    parser.add_argument("--precision", default="float32", choices=["float32", "bfloat16"], help="of torchport and of fast")
    parser.add_argument("--pairs", type=int, default=7, help="how often the programs alternate")
    parser.add_argument("--seconds", type=float, default=60, help="what a longer run of the fastest program lasts at least")
    parser.add_argument("--rounds", type=int, default=15, help="how often each limit is measured, steps of our own 2 and 4 times as often")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--no-augment", action="store_true", help="images of 224 x 224 as they are")
    parser.add_argument("--quick", action="store_true", help=f"one pair with {compare.PROBE} images an epoch: does it work? 3 minutes")
    parser.add_argument("--others", type=float, default=pairs.LARGEST_SHARE_OF_OTHERS, metavar="SHARE",
                        help="share of the CPU that others may use in a run that counts (default 0.05; with more, do not quote the figures)")
    parser.add_argument("--discards", type=int, default=14, help="runs discarded for a network before it is given up")
    options = parser.parse_args()
    if unknown := set(options.against.split(",")) - set(programs.COUNTERPARTS):
        parser.error(f"--against takes {' and '.join(programs.COUNTERPARTS)}, not {', '.join(sorted(unknown))}")
    if min(options.pairs, options.rounds, options.discards, options.batch) < 1:
        parser.error("--pairs, --rounds, --discards and --batch are at least 1")
    if options.quick:
        options.pairs, options.rounds = 1, 3
    return options


def without_nan(value):
    """JSON has no nan: null."""
    if isinstance(value, dict):
        return {key: without_nan(one) for key, one in value.items()}
    if isinstance(value, list):
        return [without_nan(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


if __name__ == "__main__":
    main()
