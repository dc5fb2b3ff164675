#!/bin/sh
# if_torch.sh PYTHON SCRIPT ...: runs the script, or says that it is skipped where Python lacks what training needs.
if ! "$1" -c 'import matplotlib, numpy, onnx, PIL, torch, yaml' 2>/dev/null; then
  echo 'SKIPPED: training needs python3-torch, python3-numpy, python3-pil, python3-yaml, python3-onnx and python3-matplotlib'
  exit 0
fi
exec "$@"
