"""Rows H: numbers that are not finite, and clocks that jump. H3 is distributed.ranks_test."""
import json
import re
import signal

from checkpoints import checkpoints, train
from ending import ended
from harness import BIN
from job import LONG

PRELOAD = BIN / "torchport-faulty-calls.so"


def test_h1(start):
    """A learning rate that is far too high from the second epoch on: all ranks stop before the weights change, with the last finite state."""
    rate = ["--learning-rate=1e30", "--checkpoint-minutes=0"]
    ended(start(*rate, "--stop-at=2.0"), 75, "0", "the training stands at 2.0, where it was to stop, and is saved", failures=[0, 1], saved=1, state="stopped")
    job = ended(start(*rate), 10, ".*", r"the (training|validation) loss is not finite.*", failures=[0, 1], speak=[0, 1], saved=1, also=[r".*\.1?"])
    assert "learning rate" in job.text("stderr"), job.text("stderr")   # the hint
    assert checkpoints(job.run)[0].name == "2.0"


def test_h2(start):
    """A validation loss that is not finite ends the run: it never counts as better."""
    job = start("--learning-rate=1e30", "--num-warmup-steps=1", "--batch-size=8", "--epochs=4")
    ended(job, 10, ".*", r"the validation loss is not finite.*", failures=[0, 1], speak=[0, 1])


def test_h4(start, inputs, work):
    """The wall clock of one rank jumps by an hour, either way: nobody takes it for lost, no rate is negative, and the weights are the same."""
    train(inputs, work / "plain", work / "plain-run", "--checkpoints=False", ranks=2)
    for hours in (1, -1):
        name = f"clock{hours}"
        (work / name).mkdir()
        job = start("--comm-timeout=20", work=work / name, env={"LD_PRELOAD": str(PRELOAD), "FAULT_RANK": "1", "FAULT_CLOCK": str(3600 * hours)})
        job.trains(1).hurt(job.rank(1), signal.SIGUSR2)
        ended(job, 0, out=True)
        assert (job.out / "model").read_bytes() == (work / "plain/model").read_bytes()
        rates = [float(value) for value in re.findall(r"Avg_Ips_Batch/Avg_Ips_Epoch\(img/s\): (\S+?)/", job.log(0) + job.log(1))]
        assert rates and min(rates) > 0, rates
        for line in (job.run / "metrics.jsonl").read_text().splitlines():
            assert "second" not in line or all(value >= 0 for value in json.loads(line).get("row", {}).values() if isinstance(value, (int, float))), line
