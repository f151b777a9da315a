"""Runs a program of libFuzzer's for a while: run_target.py PROGRAM [SECONDS]. What it finds anew lies beside the program, in corpus/ and crashes/.

SECONDS default to TORCHPORT_FUZZ_SECONDS, else 10. With --keep the corpus of the repository takes what covers more, the small ones first.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "corpus"
MOST_BYTES, MOST_FILES = 12_000, 40   # of a target's corpus in the repository
LIMITS = ["-rss_limit_mb=1024", "-timeout=10", "-max_len=20000", "-print_final_stats=1", "-verbosity=0"]
ENVIRONMENT = {"ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=1:handle_abort=1", "UBSAN_OPTIONS": "print_stacktrace=1"}


def run(program, *words):
    return subprocess.run([program, *words], env={**os.environ, **ENVIRONMENT}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace")


def fuzz(program, seconds):
    """Fails with what is to be repeated where the target finds something."""
    name, beside = program.name.removeprefix("fuzz_"), program.parent
    found, crashes = beside / "corpus" / name, beside / "crashes"
    for folder in (found, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    done = run(program, *LIMITS, f"-max_total_time={seconds}", f"-artifact_prefix={crashes}/{name}-", found, CORPUS / name)
    print(done.stdout[-6000:] if done.returncode else "\n".join(line for line in done.stdout.splitlines() if line.startswith("stat::")))
    if done.returncode:
        print(f"{name} found an input: repeat it with\n  {program} {crashes}/{name}-*\nand put it into {CORPUS / name} when it is mended")
    return done.returncode != 0


def keep(program):
    """Merges what was found into the repository's corpus, up to its size; regression files, crash-*, always stay."""
    name = program.name.removeprefix("fuzz_")
    found, target = program.parent / "corpus" / name, CORPUS / name
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as merged:
        run(program, *LIMITS, "-merge=1", merged, target, found)
        kept = {path: path.stat().st_size for path in target.iterdir() if path.name.startswith(("seed-", "crash-"))}
        for path in target.iterdir():
            if path not in kept:
                path.unlink()
        for path in sorted(pathlib.Path(merged).iterdir(), key=lambda path: path.stat().st_size):
            if sum(kept.values()) + path.stat().st_size <= MOST_BYTES and len(kept) < MOST_FILES:
                kept[target / path.name[:12]] = path.stat().st_size
                shutil.copyfile(path, target / path.name[:12])
    print(f"{name}: {len(kept)} files, {sum(kept.values())} bytes")


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--keep"]
    chosen = pathlib.Path(words[0]).resolve()
    if "--keep" in sys.argv:
        keep(chosen)
        sys.exit(0)
    sys.exit(fuzz(chosen, int(words[1] if len(words) > 1 else os.environ.get("TORCHPORT_FUZZ_SECONDS", "10"))))
