#!/usr/bin/env bash
# What --when=every_epoch is worth: ResNet-18 on a small part of Fashion-MNIST, its images cropped and mirrored at random once, as the
# original does it, and again in each epoch. Needs ./dev build and the Debian package dataset-fashion-mnist; takes some minutes a seed.
# augmentation.sh [IMAGES [EPOCHS [SEED...]]]
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
images="${1:-1000}" epochs="${2:-20}" seeds=("${@:3}")
run() { "$root/build/bin/torchport" run "$@" >>log || { tail -20 log >&2; exit 1; }; }

idx=(--format=idx --labels="$root/examples/fashion_mnist/labels.txt" --input_path=/usr/share/datasets/fashion-mnist)
run convert_to_image_directory "${idx[@]}" --subset=train --limit="$images" --output_path=train
run convert_to_image_directory "${idx[@]}" --subset=test --limit=2000 --output_path=test
run init_image_transformation --size=32 --center_crop=False --random_crop=True --random_crop_size=28 --output_path=crop_and_flip
run init_image_transformation --size=32 --crop_size=28 --random_horizontal_flip=False --output_path=middle
run apply_image_transformation --mode="For inference" --input_image_transform_path=middle --input_image_dir_path=test --output_path=valid
run resnet --model_name=resnet18 --pretrained=False --untrained_model_path=untrained
for seed in "${seeds[@]:-1}"; do
  for when in once every_epoch; do
    run apply_image_transformation --input_image_transform_path=crop_and_flip --input_image_dir_path=train --random_seed="$seed" \
      --when="$when" --output_path="$when-$seed"
    run train_pytorch_model --untrained-model-path untrained --train-data-path "$when-$seed" --valid-data-path valid \
      --trained-model-path "model-$when-$seed" --epochs "$epochs" --batch-size 32 --learning-rate 0.02 --patience "$epochs" \
      --random-seed "$seed" --run-dir "run-$when-$seed"
    grep -o 'The weights of epoch .*' "run-$when-$seed/logs/70_driver_log_0" | sed "s/^/seed $seed, $when: /"
  done
done
