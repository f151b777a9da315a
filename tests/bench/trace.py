"""What --profile recorded, as a table: python tests/bench/trace.py RUN/trace_0.json

For each of our spans: on which threads, how often, the least and the median microseconds, and the bytes it went over.
"""
import collections
import json
import statistics
import sys


def table(path):
    with open(path, encoding="utf-8") as file:
        events = json.load(file)["traceEvents"]
    threads = {event["tid"]: event["args"]["name"].rstrip(" 0123456789") for event in events if event["name"] == "thread_name"}
    spans = collections.defaultdict(list)
    for event in events:
        if event["ph"] == "X" and event["cat"] == "torchport":
            part = "training" if "step" in event["args"] or event["name"] == "step" else ""
            spans[threads[event["tid"]], event["name"], part].append(event)
    yield f"{'thread':12} {'span':20} {'':9} {'count':>6} {'least us':>10} {'median us':>10} {'bytes':>10}"
    for (thread, name, part), found in sorted(spans.items()):
        durations = [event["dur"] for event in found]
        sizes = [event["args"]["bytes"] for event in found if "bytes" in event["args"]]
        size = f"{statistics.median(sizes):.0f}" if sizes else ""
        yield (f"{thread:12} {name:20} {part:9} {len(found):6} {min(durations):10.0f} {statistics.median(durations):10.0f} {size:>10}")


if __name__ == "__main__":
    print("\n".join(table(sys.argv[1])))
