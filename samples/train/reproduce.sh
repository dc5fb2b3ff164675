#!/usr/bin/env bash
# reproduce.sh FOLDER [--smoke]: from nothing to a sparse int8 detector of road signs: scenes, training at 320 pixels, finishing at 640, score, ONNX.
# --smoke does the same with a tiny network and few scenes, to see that all works.
set -euo pipefail
folder=${1:?usage: reproduce.sh FOLDER [--smoke]}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${PYTHON:-/usr/bin/python3}
scenes=(--train 4000 --valid 300 --test 1000) model=yolov5n first=320 last=640 epochs=() finish=()
if [ "${2:-}" = --smoke ]; then
  scenes=(--train 32 --valid 8 --test 8 --size 160) model=tiny first=128 last=160 epochs=(--epochs 4) finish=(--epochs 2)
fi
"$python" "$here/../roadsigns/generate.py" "$folder/scenes" "${scenes[@]}" --seed 1
"$python" "$here" train --data "$folder/scenes/data.yaml" --recipe "$here/recipes/prune.yaml" --cfg "$model" --imgsz $first --cache --output "$folder/prune" "${epochs[@]}"
"$python" "$here" train --data "$folder/scenes/data.yaml" --recipe "$here/recipes/finish.yaml" --weights "$folder/prune/best.pt" --imgsz $last \
  --output "$folder/finish" "${finish[@]}"
"$python" "$here" eval --weights "$folder/finish/best.pt" --data "$folder/scenes/data.yaml" --split test
"$python" "$here" export --weights "$folder/finish/best.pt" --output "$folder/roadsigns.onnx"
