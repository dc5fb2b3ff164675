// Decides the form and layout of every value: planes or plain, pitch, borders, channel slots, and which values lie
// inside a concatenation.
#pragma once

#include "compiler/plan/plan.h"

namespace sparsec {

// Whether the node computes on planes (true) or on plain arrays.
bool works_on_planes(const Graph& graph, const Node& node);

// Whether the value can lie in planes: one picture, u8 or f32, computed at run time.
bool is_picture(const Value& value);

// Throws a CompileError: the value is larger than the offsets of instructions reach, which are 32 bits.
[[noreturn]] void refuse_size(const Graph& graph, const Value& value);

Places assign_places(const Graph& graph, const Isa& isa);

}  // namespace sparsec
