#!/usr/bin/env bash
# Runs the pipeline of this folder, once more to show that everything is reused, and says what came out. What an earlier demo did is
# reused too. Started by ./dev demo, which installs and builds first; with arguments, which go to torchport run, it runs once.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cd "$root"
images=/usr/share/datasets/fashion-mnist
[[ -d $images ]] || { echo "demo: $images is missing (Debian package dataset-fashion-mnist)" >&2; exit 2; }

settings=()
(("$(nproc)" > 1)) || settings+=(--set train.process_count_per_node=1)
((EUID)) || settings+=(--set train.allow_run_as_root=True)   # mpirun refuses root without it
run_pipeline() {   # shows the command, then runs it
  local words=(run examples/fashion_mnist/pipeline.yaml "${settings[@]}" "$@")
  printf '\n$ torchport %s\n' "${words[*]}"
  build/bin/torchport "${words[@]}"
}

run_pipeline "$@"
took=$SECONDS
(($#)) || run_pipeline   # everything is reused

run="$(find runs -maxdepth 1 -name 'fashion_mnist-*' | sort -V | tail -1)"
metrics="$run/evaluate/outputs/evaluation/metrics.json"
[[ -e $metrics ]] || exit 0   # a dry run
top1="$(sed -n 's/.*"accuracy": *\([0-9.]*\).*/\1/p' "$metrics" | head -1)"
printf '\ntop-1 %s on the test images, after %s s\n' "$top1" "$took"
cat <<END
everything is in $run:
  train/outputs/trained_model/          the network, as the original's Score Image Model loads it
  train/                                run.json, metrics.jsonl, logs/70_driver_log_<rank>
  score/outputs/scored_dataset/         the probabilities of each test image
  evaluate/outputs/evaluation/          metrics.json, confusion_matrix.svg
  pipeline.json                         what ran, with which values, and for how long
draw it: build/bin/torchport graph examples/fashion_mnist/pipeline.yaml -o graph.html --run $run
END
