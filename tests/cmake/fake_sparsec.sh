#!/bin/sh
# Stands for the compiler in the test of add_sparse_model: takes its command line, writes it down, and makes a library whose function returns
# the size of the model.
set -eu
echo "$*" >> "${0%/*}/calls.txt"
report= output= name= cpp= model= depfile=
while [ $# -gt 0 ]; do
  case $1 in
    -o) output=$2; shift ;;
    --name) name=$2; shift ;;
    --report) report=$2; shift ;;
    --depfile) depfile=$2; shift ;;
    --emit) cpp=$2; shift ;;
    *.onnx) model=$1 ;;
  esac
  shift
done
made=$output
if [ -n "$cpp" ]; then made=$output/Makefile; fi
echo "$made: $model ${model%/*}/weights.bin" > "$depfile"
if [ -n "$report" ]; then echo "<html></html>" > "$report"; fi
if [ -n "$cpp" ]; then mkdir -p "$output"; echo "// $name" > "$output/$name.cc"; touch "$output/$name.h" "$output/Makefile"; exit; fi
folder=${output%/*}
echo "int ${name}_size(void);" > "$folder/$name.h"
echo "int ${name}_size(void) { return $(wc -c < "$model"); }" > "$folder/$name.c"
cc -c "$folder/$name.c" -o "$folder/$name.o"
ar rcs "$output" "$folder/$name.o"
