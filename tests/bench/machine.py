"""What a figure of the bench needs beside it: machine, versions, commit."""
import datetime
import importlib.metadata
import os
import platform
import re
import subprocess

FLAGS = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16")   # what convolutions ask for


def facts(root):
    def git(*words):
        done = subprocess.run(["git", "-C", root, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return done.stdout.strip() if done.returncode == 0 else None
    cpu = open("/proc/cpuinfo").read()
    name = re.search(r"^model name\s*: (.*)$", cpu, re.M)
    present = re.search(r"^flags\s*: (.*)$", cpu, re.M)
    memory = re.search(r"^MemTotal:\s+(\d+)", open("/proc/meminfo").read(), re.M)
    return {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "commit": git("rev-parse", "HEAD"), "changed_files": len((git("status", "--porcelain") or "").splitlines()),
            "cpu": name[1] if name else platform.machine(), "cores": os.cpu_count(),
            "flags": [flag for flag in FLAGS if present and flag in present[1].split()], "memory_gb": round(int(memory[1]) / 2**20, 1),
            "torch": importlib.metadata.version("torch"), "torchvision": importlib.metadata.version("torchvision"),
            "python": platform.python_version(), "load": os.getloadavg()[0]}


def sentence(of):
    when, commit = of["date"][:16].replace("T", " "), (of["commit"] or "unknown")[:9] + ("+" if of["changed_files"] else "")
    return f"{when} UTC, commit {commit}, {of['cores']} x {of['cpu']} ({' '.join(of['flags'])}), torch {of['torch']}"
