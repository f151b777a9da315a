#!/usr/bin/env bash
# Everything that needs a GPU, in one call of at most 8 minutes: proofs, figures, PyTorch on the same card, a training from JPEGs; at the
# end one table. Each part has a limit of its own, and runs whatever becomes of the others, the most valuable first: where the time is over,
# the last ones are named as not run.
#   tests/bench/gpu.sh [--out FOLDER] [--rehearse] [--quick] [--within SECONDS]
# Runs from a build (build/bin) or from the tree of ./dev pack-gpu, and takes the torch of $TORCHPORT_PYTHON, else of python3.
# --rehearse: tiny sizes, with the tests' stand-in for our programs' GPU and the CPU for PyTorch; its figures mean nothing. --quick: one
# part of each kind. --within: instead of 480. FOLDER (gpu-<date>) gets a log of each part, rows.jsonl, and the table as table.txt and table.json.
set -uo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
out="$PWD/gpu-$(date +%Y%m%d-%H%M%S)"
rehearse='' quick='' within=480
while (($#)); do
  case "$1" in
    --out) out="$(realpath -m "$2")"; shift ;;
    --rehearse) rehearse=yes ;;
    --quick) quick=yes ;;
    --within) within="$2"; shift ;;
    *) echo "gpu.sh: unknown word $1" >&2; exit 2 ;;
  esac
  shift
done
python="${TORCHPORT_PYTHON:-python3}"
mkdir -p "$out" && rm -f "$out"/{rows.jsonl,table.txt,table.json} || exit 2
rows="$out/rows.jsonl"
# Programs that are started, and the folder that has them with their modules: in the packed tree the former are scripts.
bin="$root/build/bin" programs="$root/build/bin" libraries=''
if [[ -d "$root/programs" ]]; then
  bin="$root/bin" programs="$root/programs"
  libraries="$("$bin/torchport" --libraries)" || exit 2
fi
work="$(mktemp -d)" || exit 2
watcher=''
trap 'rm -rf "$work"; [[ -z $watcher ]] || kill "$watcher"' EXIT
export PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

# --- what is asked of each part

threads="$(nproc)"
size=224 seconds=3 steps=4 images="$((threads < 16 ? 512 * threads : 8192)) 512" photo=500x375 train_batch=256 epochs=3
modes="$("$bin/gpu_step_bench" --list-modes | paste -sd,)"
device=cuda
rival_steps=20 trained=resnet50 updates='[step],[nan],[strict]'   # tests/gpu/proofs_test.py has the former on the stand-in
ceilings=()
[[ -z $quick ]] || images='512 64'
if [[ -n $rehearse ]]; then
  size=32 seconds=0.01 steps=1 images='32 8' photo=80x60 train_batch=8 epochs=2 device=cpu rival_steps=1 trained=resnet18 updates='[nan]'
  ceilings=(--mebibytes 1 --side 64)
  mkdir "$work/programs"
  for program in "$programs"/{torchport,torchport-worker,gpu_step_bench,gpu_proofs,draw_photos} "$programs"/torchport-*.so; do
    [[ ${program##*/} == torchport-cuda.so ]] || ln "$program" "$work/programs/" 2>/dev/null || cp "$program" "$work/programs/"
  done
  cp "$programs/fake/torchport-cuda.so" "$work/programs/" || { echo "gpu.sh: there is no stand-in for a GPU" >&2; exit 2; }
  export CUDA_VISIBLE_DEVICES=0 TORCHPORT_PROGRAMS="$work/programs"
  programs="$work/programs"
  [[ -n $libraries ]] || bin="$programs"
fi
export PATH="$bin:$PATH"
batch() { if [[ -n $rehearse ]]; then echo 2; else echo "$1"; fi; }

# --- running a part

deadline=$((SECONDS + within - 5))   # the table takes a moment, too
failed=0
part() {   # LIMIT NAME COMMAND...: its words go to NAME.log, how it ended to the rows
  local limit=$1 name=$2 start=$SECONDS begin left=$((deadline - SECONDS)) status=0 ended why='' over='its limit' log="$out/$2.log"; shift 2
  begin="$(date +%s)"
  ((left > limit)) || { limit=$left; over="the $within s were over"; }
  if ((limit <= 3)); then
    ended='not run' why="the $within s were over" failed=1
  else
    timeout -k 5 "$limit" "$@" >"$log" 2>&1 || status=$?
    case $status in
      0) ended=ok ;;
      77) ended='not here' ;;
      124 | 137) ended='too slow' why="ended after $limit s: $over" failed=1 ;;
      *) ended=failed failed=1 ;;
    esac
    if [[ $status != 0 && -z $why ]]; then
      why="$(awk '/FAILED:$/ {getline; if (/due to unexpected/) getline; print; exit} /^(error\[|SKIPPED: |gpu.sh: |gpu_python: |gpu_step_bench: |draw_photos: |torchport: )|^[A-Za-z.]*Error: / {print; exit}' "$log")"
      [[ -n $why ]] || why="$(grep -v '^ *$' "$log" | tail -1)"
      why="${why#"${why%%[! ]*}"}"
    fi
  fi
  printf '%-18s %-8s %4d s  %s\n' "$name" "$ended" $((SECONDS - start)) "$why"
  NAME="$name" ENDED="$ended" WHY="$why" "$python" -S - "$rows" $((SECONDS - start)) "$begin" <<'PYTHON' || echo "gpu.sh: $python does not work" >&2
import json, os, sys
row = {"part": "run", "name": os.environ["NAME"], "ended": os.environ["ENDED"], "why": os.environ["WHY"][:400],
       "seconds": int(sys.argv[2]), "begin": int(sys.argv[3])}
open(sys.argv[1], "a").write(json.dumps(row) + "\n")
PYTHON
}
more() { [[ -n $quick ]] || part "$@"; }   # what --quick leaves out
step() { gpu_step_bench "$@" --size "$size" --seconds "$seconds" --steps "$steps" --json "$rows"; }
rival() { "$python" "$root/tests/bench/gpu_python.py" "$@" --size "$size" --steps "$rival_steps" --device "$device" --json "$rows"; }
tool() {   # a program of the CUDA Toolkit, where that is
  command -v "$1" >/dev/null || { echo "SKIPPED: there is no $1 on this machine"; return 77; }
  "$@"
}
compiled_rival() {   # torch.compile builds C++ on the machine, also for a GPU
  command -v "${CXX:-c++}" >/dev/null || command -v g++ >/dev/null || { echo "SKIPPED: there is no C++ compiler on this machine for torch.compile"; return 77; }
  rival "$@" --compile
}
export -f step rival compiled_rival tool
export size seconds steps rows python root device rival_steps

machine() {
  local file missing
  uname -r; ldd --version | sed -n 1p; nproc
  for file in "$programs/torchport-worker" "$programs/torchport-cuda.so"; do
    missing="$(LD_LIBRARY_PATH="$libraries" ldd "$file" 2>&1 | grep 'not found')" && { echo "$file lacks $missing"; return 1; }
  done
  torchport-worker --version
  "$python" -c 'import torch; print("PyTorch", torch.__version__, "in Python", __import__("platform").python_version())'
  [[ -n $rehearse ]] || nvidia-smi || { echo "gpu.sh: nvidia-smi finds no GPU, or is not here"; return 1; }
}
export -f machine
export programs libraries rehearse

dataset() {   # photos, as the trainer takes them
  set -e
  cd "$work"
  torchport run resnet "--model_name=$trained" --pretrained=False --untrained_model_path=model
  draw_photos photos --train "${images% *}" --valid "${images#* }" --size "$photo" --threads "$threads"
  local name operations
  for name in train valid; do
    torchport run convert_to_image_directory --input_path="photos/$name" --output_path="$name"
    operations=(--resize=False --center_crop=False --random_resized_crop=True "--random_resized_crop_size=$size" --random_horizontal_flip=True)
    [[ $name == train ]] || operations=(--resize=True "--size=$((size * 8 / 7))" --center_crop=True "--crop_size=$size" --random_horizontal_flip=False)
    torchport run init_image_transformation "${operations[@]}" --output_path="$name.transformation"
    torchport run apply_image_transformation --when=every_epoch --input_image_transform_path="$name.transformation" \
      --input_image_dir_path="$name" --output_path="$name.ready"
  done
}
training() {
  cd "$work" && torchport run train_pytorch_model --untrained-model-path model --train-data-path train.ready --valid-data-path valid.ready \
    --trained-model-path trained --run-dir "$out/training" --device cuda --precision bfloat16 --epochs "$epochs" --batch-size "$train_batch"
}
export -f dataset training
export work images photo threads out epochs train_batch trained

# --- the parts: what must hold, what is fast, what others do, and what takes long or may not be there

if command -v nvidia-smi >/dev/null; then
  nvidia-smi --query-gpu=timestamp,clocks.sm,clocks.mem,power.draw,temperature.gpu,memory.used --format=csv,noheader,nounits -l 1 \
    >"$out/clocks.csv" 2>/dev/null &
  watcher=$!
fi
part 30 machine bash -c machine
part 40 ceilings gpu_step_bench --ceilings "${ceilings[@]}" --json "$rows"
part 60 layers gpu_proofs '[norms],[input]'
part 90 updates gpu_proofs "$updates"
part 40 graphs gpu_proofs '[graph]'
part 40 nccl gpu_proofs '[nccl]'
part 45 resnet50-256 bash -c "step resnet50 --batch $(batch 256) --modes $modes"
more 40 resnet50-16 bash -c "step resnet50 --batch $(batch 16) --modes $modes"
part 60 photos bash -c dataset
part 70 training bash -c training
part 40 pytorch-256 bash -c "rival resnet50 --batch $(batch 256)"
more 120 compile-256 bash -c "compiled_rival resnet50 --batch $(batch 256)"
more 40 resnet50-64 bash -c "step resnet50 --batch $(batch 64) --modes $modes"
more 45 densenet121-128 bash -c "step densenet121 --batch $(batch 128) --modes $modes"
more 40 pytorch-dense bash -c "rival densenet121 --batch $(batch 128)"
more 40 resnet18-256 bash -c "step resnet18 --batch $(batch 256) --modes $modes"
more 40 pytorch-16 bash -c "rival resnet50 --batch $(batch 16)"
for precision in float32 tf32; do
  more 40 "$precision-256" bash -c "step resnet50 --batch $(batch 256) --precision $precision"
done
more 60 memcheck bash -c "tool compute-sanitizer --target-processes all --tool memcheck --error-exitcode 1 gpu_proofs '[small]'"
more 60 racecheck bash -c "tool compute-sanitizer --target-processes all --tool racecheck --error-exitcode 1 gpu_proofs '[small]'"
more 60 bytes bash -c "tool ncu --target-processes all --clock-control none --metrics dram__bytes.sum,gpu__time_duration.sum --launch-skip 800 --launch-count 400 \
  --csv --log-file '$out/bytes.csv' gpu_step_bench resnet50 --batch $(batch 64) --size $size --seconds 0 --steps 1"
"$python" "$root/tests/bench/gpu_table.py" "$out" ${rehearse:+--rehearsed} | tee "$out/table.txt"
((PIPESTATUS[0] == 0)) || failed=1
exit "$failed"
