#!/usr/bin/env bash
# What sparsec does, in four commands: an ONNX detector becomes a library, a small program links it, and finds things in a picture.
#
# Called by `./run demo` after a release build. Writes everything into out/demo.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly build=${SPARSEC_BUILD:-build} out=out/demo
mkdir -p "$out"

bold= plain=
if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m'; fi
step() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
show() { printf '$ %s\n' "$*"; "$@"; }

readonly model=samples/models/roadsigns.onnx picture=samples/models/pictures/rain.jpg

step '1. A model and a picture'
echo "$model: a YOLOv5n that knows ten road signs, three quarters of its weights zero, int8 (samples/models/README.md)."
echo "$picture: a drawn scene that no training has seen."

step '2. Compile it to a library'
show "$build/sparsec" "$model" -o "$out/libyolo.a" --report "$out/report.html"
ls -l "$out/libyolo.a" "$out/yolo.h"

step '3. Link it into a program'
show "${CXX:-c++}" -std=c++20 -O2 "-I$out" -Iruntime/include samples/detect_image/detect_image.cc \
  "$out/libyolo.a" "$build/runtime/host/libsparsec_host.a" -lm -pthread -o "$out/detect_image"

step '4. Find things'
show "$out/detect_image" "$picture" "$out/detected.png"

step 'What was skipped'
"$build/sparsec" analyze "$model" | grep -E '^(layer|total)'
echo "layer by layer: $build/sparsec analyze $model"
printf '\nLook at %s and %s\n' "$out/detected.png" "$out/report.html"
