// Made by tests/support/opencv_expected.py with OpenCV 5.0.0 - do not edit.
#pragma once

#include <cstdint>

namespace opencv_expected {

struct Case {
  int rows, columns, out_rows, out_columns;
  uint32_t hash;  // FNV-1a of all bytes
};
inline constexpr Case kResized[] = {
    {7, 9, 5, 4, 0xa3dadbc9u},     {5, 4, 7, 9, 0x63bd9595u},         {8, 12, 4, 6, 0xf4163f50u},
    {8, 12, 4, 5, 0xfb9aa8d2u},    {1, 1, 3, 3, 0x45a226aeu},         {1, 13, 6, 2, 0xeb6295d5u},
    {31, 17, 64, 48, 0x34ec7247u}, {120, 161, 53, 40, 0x76972bccu},   {97, 33, 97, 66, 0xa9ea3fd5u},
    {64, 64, 64, 64, 0x2ca40ac5u}, {200, 300, 107, 160, 0xb8d91a15u},
};
inline constexpr Case kLetterboxed[] = {
    {32, 48, 32, 48, 0x8480505du},   {100, 70, 32, 48, 0xbf7eced4u}, {64, 96, 32, 48, 0x4cfbdb45u},
    {10, 11, 32, 48, 0x23dac2c8u},   {43, 64, 64, 64, 0xf6a217a9u},  {3, 50, 32, 48, 0xffe035ceu},
    {427, 640, 64, 96, 0xd67659a4u},
};
// The first case of kResized in full.
inline constexpr uint8_t kFirst[] = {
    138, 202, 189, 130, 117, 105, 95,  83,  70,  216, 203, 190, 96,  84,  71,  145, 152, 139, 182, 169,
    157, 97,  84,  72,  138, 221, 208, 149, 136, 124, 63,  51,  38,  235, 222, 209, 115, 103, 90,  120,
    107, 107, 201, 188, 176, 116, 103, 91,  125, 189, 176, 161, 148, 142, 82,  70,  57,  202, 189, 176,
};

}  // namespace opencv_expected
