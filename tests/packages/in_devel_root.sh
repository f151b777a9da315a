#!/usr/bin/env bash
# in_devel_root.sh LIBTORCH_ROOT: what devel.sh does in the fresh root, where /packages has the packages.
set -euo pipefail
source /packages/in_root.sh
apt_get update
useradd --create-home owner
ldconfig
apt_get install -y --no-install-recommends /packages/torchport_*.deb /packages/torchport-dev_*.deb g++ cmake make
step "installed: torchport-dev, g++ and cmake"
owner "cmake -S /usr/share/torchport/examples/consumer -B consumer -DCMAKE_BUILD_TYPE=Release -DLIBTORCH_ROOT=$1 -DARROW_ROOT=/opt/arrow >log 2>&1 ||
  { tail -40 log >&2; exit 1; }"
owner "cmake --build consumer --parallel $(nproc) >log 2>&1 || { tail -60 log >&2; exit 1; }"
step "built: examples/consumer"
photos_of_two_colours /home/owner/photos
owner 'torchport quick photos --set network.model_name=resnet18 --set train.epochs=1 >log 2>&1 || { tail -40 log >&2; exit 1; }'
owner 'consumer/classify runs/photos-1/train/outputs/trained_model photos/red/1.ppm photos/blue/2.ppm >answers'
[[ "$(cut -f2 /home/owner/answers | grep -cE '^(red|blue)$')" == 2 ]] || fail "classify answers: $(cat /home/owner/answers)"
owner 'cd consumer && programs/torchport --spec-dir specs run mobilenet --pretrained=False --untrained_model_path=m >../log 2>&1 || { tail -40 ../log >&2; exit 1; }'
[[ -s /home/owner/consumer/m/model ]] || fail "the network of one's own left no model: $(tail -5 /home/owner/log)"
step "ran: a program of one's own, and torchport with a network of one's own"
