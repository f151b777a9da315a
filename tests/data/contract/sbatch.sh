#!/bin/bash
# tiny-pipeline, written by torchport contract. sbatch takes it as it is, and more options before it: -p, -t, --cpus-per-task.
# Outputs are in $TORCHPORT_OUTPUT, else in tiny-pipeline beside the folder that it is submitted from; that disk is the nodes' own, too.
#SBATCH --job-name=tiny-pipeline
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=2
#SBATCH --output=tiny-pipeline-%j.log
#SBATCH --open-mode=append
set -euo pipefail
out=${TORCHPORT_OUTPUT:-$SLURM_SUBMIT_DIR/tiny-pipeline}
# A step whose output is there is passed over: a job that was put into the queue again goes on.
[[ -e "$out"/convert/output ]] || srun --mpi=pmix --kill-on-bad-exit=1 --nodes=1 --ntasks-per-node=1 --ntasks=1 torchport run convert_to_image_directory \
  --input_path=/data/photos \
  --output_path="$out"/convert/output \
  --min_categories=2 \
  --run-dir="$out"/convert/run
[[ -e "$out"/split/second ]] || srun --mpi=pmix --kill-on-bad-exit=1 --nodes=1 --ntasks-per-node=1 --ntasks=1 torchport run split_image_directory \
  --src_path="$out"/convert/output \
  --tgt_train_path="$out"/split/first \
  --tgt_test_path="$out"/split/second \
  --fraction=0.5 \
  --run-dir="$out"/split/run
[[ -e "$out"/init/output ]] || srun --mpi=pmix --kill-on-bad-exit=1 --nodes=1 --ntasks-per-node=1 --ntasks=1 torchport run init_image_transformation \
  --output_path="$out"/init/output \
  '--size=[40, 36]' \
  --crop_size=32 \
  --random_horizontal_flip=False \
  --run-dir="$out"/init/run
[[ -e "$out"/train_photos/output ]] || srun --mpi=pmix --kill-on-bad-exit=1 --nodes=1 --ntasks-per-node=1 --ntasks=1 torchport run apply_image_transformation \
  --input_image_transform_path="$out"/init/output \
  --input_image_dir_path="$out"/split/first \
  --output_path="$out"/train_photos/output \
  '--mode=For training' \
  --run-dir="$out"/train_photos/run
[[ -e "$out"/other_photos/output ]] || srun --mpi=pmix --kill-on-bad-exit=1 --nodes=1 --ntasks-per-node=1 --ntasks=1 torchport run apply_image_transformation \
  --input_image_transform_path="$out"/init/output \
  --input_image_dir_path="$out"/split/second \
  --output_path="$out"/other_photos/output \
  '--mode=For inference' \
  --run-dir="$out"/other_photos/run
[[ -e "$out"/network/untrained_model ]] || srun --mpi=pmix --kill-on-bad-exit=1 --nodes=1 --ntasks-per-node=1 --ntasks=1 torchport run resnet \
  --untrained_model_path="$out"/network/untrained_model \
  --model_name=resnet18 \
  --pretrained=False \
  --run-dir="$out"/network/run
[[ -e "$out"/train/trained_model ]] || srun --mpi=pmix --kill-on-bad-exit=1 --nodes=2 --ntasks-per-node=2 --ntasks=4 torchport run train_pytorch_model \
  --untrained-model-path="$out"/network/untrained_model \
  --train-data-path="$out"/train_photos/output \
  --valid-data-path="$out"/other_photos/output \
  --trained-model-path="$out"/train/trained_model \
  --epochs=2 \
  --batch-size=4 \
  --learning-rate=1e-05 \
  --comm-timeout=60 \
  --run-dir="$out"/train/run
[[ -e "$out"/score/scored_dataset ]] || srun --mpi=pmix --kill-on-bad-exit=1 --nodes=1 --ntasks-per-node=1 --ntasks=1 torchport run score_image_model \
  --trained-model="$out"/train/trained_model \
  --dataset="$out"/other_photos/output \
  --scored-dataset="$out"/score/scored_dataset \
  --run-dir="$out"/score/run
[[ -e "$out"/evaluate/evaluation ]] || srun --mpi=pmix --kill-on-bad-exit=1 --nodes=1 --ntasks-per-node=1 --ntasks=1 torchport run evaluate_model \
  --scored-dataset="$out"/score/scored_dataset \
  --evaluation-results="$out"/evaluate/evaluation \
  --run-dir="$out"/evaluate/run
