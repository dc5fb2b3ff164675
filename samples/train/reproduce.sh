#!/usr/bin/env bash
# reproduce.sh FOLDER [--smoke]: from nothing to a sparse int8 detector of road signs and its dense float twin: scenes, training at 320 pixels, finishing at 640,
# scores, ONNX. --smoke does the same with a tiny network and few scenes, to see that all works.
set -euo pipefail
folder=${1:?usage: reproduce.sh FOLDER [--smoke]}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${PYTHON:-/usr/bin/python3} signs=$here/../roadsigns
scenes=(--train 2000 --valid 200 --test 1000) model=yolov5n first=320 last=640 dense=() prune=(--epochs 8) finish=()
if [ "${2:-}" = --smoke ]; then
  scenes=(--train 32 --valid 8 --test 8 --size 160) model=tiny first=128 last=160 dense=(--epochs 2) prune=(--epochs 2) finish=(--epochs 2)
fi
"$python" "$signs/generate.py" "$folder/scenes" "${scenes[@]}" --seed 1

# leg RECIPE SIZE OUTPUT ARGUMENTS...
leg() {
  "$python" "$here" train --data "$folder/scenes/data.yaml" --recipe "$here/recipes/$1.yaml" --imgsz "$2" --output "$folder/$3" --batch 8 --cache "${@:4}"
}
leg dense $first dense --cfg $model --hyp "$signs/hyp_320.yaml" "${dense[@]}"

# From the dense checkpoint on the sparse model and its twin train for as many epochs, side by side on half the cores each where there are two.
sparse() {
  leg prune $first prune --weights "$folder/dense/last.pt" --hyp "$signs/hyp_320.yaml" "${prune[@]}"
  leg finish $last finish --weights "$folder/prune/last.pt" --hyp "$here/hyp_adamw.yaml" "${finish[@]}"
}
twin() {
  leg dense_on $first dense_on --weights "$folder/dense/last.pt" --hyp "$signs/hyp_320.yaml" "${prune[@]}"
  leg finish_dense $last twin --weights "$folder/dense_on/last.pt" --hyp "$here/hyp_adamw.yaml" "${finish[@]}"
}
cores=$(env -u OMP_NUM_THREADS nproc)
if [ "$cores" -gt 1 ]; then
  echo "the dense twin trains meanwhile: $folder/twin.log"
  set -m # the twin's own process group, so that it ends with this script
  (export OMP_NUM_THREADS=$((cores / 2)); twin) > "$folder/twin.log" 2>&1 &
  twin=$!
  set +m
  trap 'kill -- -$twin 2> /dev/null || true' EXIT
  (export OMP_NUM_THREADS=$((cores / 2)); sparse)
  wait $twin || { tail -5 "$folder/twin.log" >&2; exit 1; }
  trap - EXIT
else
  sparse
  twin
fi
for which in finish twin; do
  "$python" "$here" eval --weights "$folder/$which/best.pt" --data "$folder/scenes/data.yaml" --split test
done
"$python" "$here" export --weights "$folder/finish/best.pt" --output "$folder/roadsigns.onnx"
"$python" "$here" export --weights "$folder/twin/best.pt" --output "$folder/roadsigns-dense.onnx"
