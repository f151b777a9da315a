#!/usr/bin/env bash
# What deb.sh does in the fresh root, where /packages has the packages.
set -euo pipefail
whole="$1"
source /packages/in_root.sh
files() { find / -xdev \( -path /proc -o -path /dev -o -path /tmp -o -path /packages -o -path /home -o -path /var -o -path /run \) -prune -o ! -type d -print | sort; }

apt_get update
useradd --create-home owner
files >/tmp/before
before_kb="$(du -xsk /usr | cut -f1)"
apt_get install -y --no-install-recommends /packages/torchport_*.deb dataset-fashion-mnist
after_kb="$(du -xsk /usr | cut -f1)"
step "installed: $(dpkg-query -W -f='${Version}' torchport), /usr grew by $(((after_kb - before_kb) / 1024)) MB, $(($(stat -c %s /packages/torchport_*.deb) / 1000000)) MB of it in the package"
for tool in cc gcc g++ cmake python3; do ! command -v "$tool" >/dev/null || fail "$tool is in the fresh root: it shows nothing"; done
dpkg -L torchport torchport-opencv 2>/dev/null | grep -q opencv && fail "the package has the module of OpenCV"
owner 'torchport --version && torchport list >list && grep -q train_pytorch_model list'
[[ -s /usr/share/man/man1/torchport.1.gz && -s /usr/share/doc/torchport/copyright && -e /usr/share/doc/torchport/examples/photos/pipeline.yaml ]] ||
  fail "manual page, copyright or examples are not there"
[[ -s /usr/share/torchport/licences/torch-LICENSE ]] || fail "LibTorch's licence is not there"

settings="--set train_images.limit=800 --set test_images.limit=200 --set train.epochs=1"
[[ $whole != --whole ]] || settings=
owner "torchport run /usr/share/torchport/examples/fashion_mnist/pipeline.yaml $settings >demo.log 2>&1 || { tail -40 demo.log; exit 1; }"
owner "grep -hE 'INFO +accuracy ' demo.log | tail -1"
step "demo: the pipeline, training in 2 processes"
owner 'mpirun --oversubscribe -np 2 torchport run train_pytorch_model --untrained-model-path runs/fashion_mnist-1/network/outputs/untrained_model \
  --train-data-path runs/fashion_mnist-1/valid_transformed/outputs/output --valid-data-path runs/fashion_mnist-1/valid_transformed/outputs/output \
  --trained-model-path trained --epochs 1 --run-dir run >mpirun.log 2>&1 || { tail -40 mpirun.log; exit 1; }
  [[ -s trained/model && -s run/logs/70_driver_log_1 ]]'
step "mpirun -np 2 torchport"

# A BMP photo of 2 x 2 pixels: without its module a sentence says what is missing, with it the photo is read.
owner 'mkdir -p photos/a && printf "BM\106\0\0\0\0\0\0\0\066\0\0\0\050\0\0\0\002\0\0\0\002\0\0\0\001\0\030\0\0\0\0\0\020\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\2\3\4\5\6\0\0\1\2\3\4\5\6\0\0" >photos/a/1.bmp'
owner '! torchport check-data photos >bmp.log 2>&1; grep -q torchport-opencv.so bmp.log' || fail "an error without OpenCV does not name its module: $(cat /home/owner/bmp.log)"
apt_get install -y --no-install-recommends /packages/torchport-opencv_*.deb
owner 'torchport check-data photos >bmp.log 2>&1; ! grep -q torchport-opencv.so bmp.log' || fail "the BMP photo is not read: $(cat /home/owner/bmp.log)"
step "torchport-opencv: $(($(dpkg-query -W -f='${Installed-Size}' torchport-opencv))) kB, and $(($(du -xsk /usr | cut -f1) / 1024 - after_kb / 1024)) MB of OpenCV"

dpkg -L torchport torchport-opencv | sort -u >/tmp/ours
apt_get install -y --reinstall --no-install-recommends /packages/torchport_*.deb /packages/torchport-opencv_*.deb
owner 'torchport run resnet --model_name=resnet18 --pretrained=False --untrained_model_path=again >again.log 2>&1' || fail "after the upgrade: $(cat /home/owner/again.log)"
step "upgraded over itself"
apt_get install -y --simulate /packages/torchport-dev_*.deb   # Debian has all that it depends on
apt_get purge -y torchport torchport-opencv
while read -r path; do
  [[ -d $path && ! -L $path ]] && ! [[ $path == */torchport* ]] && continue
  [[ ! -e $path && ! -L $path ]] || fail "left behind: $path"
done </tmp/ours
files >/tmp/after
left="$(comm -13 /tmp/before /tmp/after | grep -i torchport || true)"
[[ -z $left ]] || fail "left behind: $left"
step "removed: no file is left"
