#!/usr/bin/env bash
# Fashion-MNIST, as Debian packages it, through four components: two image directories, a network, its training with 2 processes.
# Started by ./dev demo, which installs and builds first. Each run gets a folder of its own.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
images=/usr/share/datasets/fashion-mnist
[[ -d $images ]] || { echo "demo: $images is missing (Debian package dataset-fashion-mnist)" >&2; exit 2; }

number=1
while [[ -e "$root/runs/demo-$number" ]]; do ((++number)); done
mkdir -p "$root/runs/demo-$number"
cd "$root/runs/demo-$number"

torchport() {   # shows the command, then runs it
  printf '\n$ torchport %s\n' "$*"
  "$root/build/bin/torchport" "$@"
}

processes=2
(("$(nproc)" > 1)) || processes=1
as_root=()
((EUID)) || as_root=(--allow-run-as-root)   # mpirun refuses root without it
idx=(--format=idx --labels=../../examples/fashion_mnist/labels.txt --input_path="$images")

torchport run convert_to_image_directory "${idx[@]}" --subset=train --limit=6000 --output_path=train
torchport run convert_to_image_directory "${idx[@]}" --subset=test --limit=1000 --output_path=valid
torchport run resnet --model_name=resnet18 --pretrained=False --untrained_model_path=untrained
torchport run train_pytorch_model --untrained-model-path untrained --train-data-path train --valid-data-path valid \
  --trained-model-path trained --epochs 4 --batch-size 32 --learning-rate 0.02 --print-freq 50 --run-dir run \
  --process-count-per-node "$processes" "${as_root[@]}"

# {"kind": "log_row", "name": "Top-1 validation accuracy", "row": {"epoch": 1, "top1_acc": 0.8}}
top1="$(sed -n 's/.*"Top-1 validation accuracy".*"top1_acc": *\([0-9.]*\).*/\1/p' run/metrics.jsonl | sort -n | tail -1)"
printf '\ntop-1 %s after %s s\n' "$top1" "$SECONDS"
cat <<END
everything is in ${PWD/#$root\//}:
  train/ valid/     image directories
  untrained/        the network before training
  trained/          the network after it, as the original's Score Image Model loads it
  run/              run.json, metrics.jsonl, logs/70_driver_log_<rank>
END
