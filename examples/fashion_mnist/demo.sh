#!/usr/bin/env bash
# Runs the pipeline of this folder and shows what came out. Started by ./dev demo, which installs and builds first; arguments go to
# torchport run. What an earlier demo did already is reused.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cd "$root"
images=/usr/share/datasets/fashion-mnist
[[ -d $images ]] || { echo "demo: $images is missing (Debian package dataset-fashion-mnist)" >&2; exit 2; }

settings=()
(("$(nproc)" > 1)) || settings+=(--set train.process_count_per_node=1)
((EUID)) || settings+=(--set train.allow_run_as_root=True)   # mpirun refuses root without it
pipeline=examples/fashion_mnist/pipeline.yaml
printf '$ torchport run %s\n' "$pipeline ${settings[*]} $*"
build/bin/torchport run "$pipeline" "${settings[@]}" "$@"

run="$(find runs -maxdepth 1 -name 'fashion_mnist-*' | sort -V | tail -1)"
[[ -e $run/train/metrics.jsonl ]] || exit 0   # a dry run
# {"kind": "log_row", "name": "Top-1 validation accuracy", "row": {"epoch": 1, "top1_acc": 0.8}}
top1="$(sed -n 's/.*"Top-1 validation accuracy".*"top1_acc": *\([0-9.]*\).*/\1/p' "$run/train/metrics.jsonl" | sort -n | tail -1)"
printf '\ntop-1 %s after %s s\n' "$top1" "$SECONDS"
cat <<END
everything is in $run:
  train/outputs/trained_model/   the network, as the original's Score Image Model loads it
  train/                         run.json, metrics.jsonl, logs/70_driver_log_<rank>
  pipeline.json                  what ran, with which values, and for how long
END
