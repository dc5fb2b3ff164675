// The window attributes that Conv, QLinearConv, ConvInteger and MaxPool share.
#pragma once

#include "compiler/import/node_import.h"

namespace sparsec::importer {

// kernel, strides, dilations and pads, with auto_pad and ceil_mode resolved for an input of shape `x`.
Window window_of(NodeImport& n, const Shape& x, std::array<int64_t, 2> kernel);

// A convolution of `x` with weights of shape `w`.
Conv convolution_of(NodeImport& n, const Shape& x, const Shape& w);

}  // namespace sparsec::importer
