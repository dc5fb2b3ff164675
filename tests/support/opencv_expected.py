#!/usr/bin/env python3
"""Writes tests/runtime/opencv_expected.h: what cv2.resize(..., INTER_LINEAR) makes of small pictures, and what YOLOv5's letterbox makes of them.

    python3 tests/support/opencv_expected.py > tests/runtime/opencv_expected.h

The pictures are made by a formula that the test repeats; only checksums and a few rows are stored. Needs numpy and opencv-python.
"""
import cv2
import numpy as np


def picture(rows, columns):
    i = np.arange(rows * columns * 3, dtype=np.uint64)
    return ((i * 2654435761 >> 7) % 256).astype(np.uint8).reshape(rows, columns, 3)


def fnv(data):
    h = 2166136261
    for b in data.tobytes():
        h = (h ^ b) * 16777619 & 0xFFFFFFFF
    return h


def letterbox(im, shape):
    """YOLOv5's utils/augmentations.py: letterbox with auto=False, scaleup=True."""
    rows, columns = im.shape[:2]
    r = min(shape[0] / rows, shape[1] / columns)
    inner = int(round(columns * r)), int(round(rows * r))
    dw, dh = (shape[1] - inner[0]) / 2, (shape[0] - inner[1]) / 2
    if (columns, rows) != inner:
        im = cv2.resize(im, inner, interpolation=cv2.INTER_LINEAR)
    top, bottom = int(round(dh - 0.1)), int(round(dh + 0.1))
    left, right = int(round(dw - 0.1)), int(round(dw + 0.1))
    return cv2.copyMakeBorder(im, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(114, 114, 114))


print("// Made by tests/support/opencv_expected.py with OpenCV", cv2.__version__, "- do not edit.")
print("#pragma once\n\n#include <cstdint>\n\nnamespace opencv_expected {\n")
print("struct Case {\n  int rows, columns, out_rows, out_columns;\n  uint32_t hash;  // FNV-1a of all bytes\n};")
print("inline constexpr Case kResized[] = {")
for rows, columns, out_rows, out_columns in [(7, 9, 5, 4), (5, 4, 7, 9), (8, 12, 4, 6), (8, 12, 4, 5), (1, 1, 3, 3), (1, 13, 6, 2), (31, 17, 64, 48), (120, 161, 53, 40), (97, 33, 97, 66), (64, 64, 64, 64), (200, 300, 107, 160)]:
    out = cv2.resize(picture(rows, columns), (out_columns, out_rows), interpolation=cv2.INTER_LINEAR)
    print(f"    {{{rows}, {columns}, {out_rows}, {out_columns}, 0x{fnv(out):08x}u}},")
print("};\ninline constexpr Case kLetterboxed[] = {")
for rows, columns, out_rows, out_columns in [(32, 48, 32, 48), (100, 70, 32, 48), (64, 96, 32, 48), (10, 11, 32, 48), (43, 64, 64, 64), (3, 50, 32, 48), (427, 640, 64, 96)]:
    print(f"    {{{rows}, {columns}, {out_rows}, {out_columns}, 0x{fnv(letterbox(picture(rows, columns), (out_rows, out_columns))):08x}u}},")
print("};")
out = cv2.resize(picture(7, 9), (4, 5), interpolation=cv2.INTER_LINEAR)
print("// The first case of kResized in full.\ninline constexpr uint8_t kFirst[] = {")
for row in out:
    print("    " + ", ".join(str(v) for v in row.flatten()) + ",")
print("};\n\n}  // namespace opencv_expected")
