// The steps on planes that have files of their own, for lower_planes.
#pragma once

#include <string>

#include "codegen/kernels/rows.h"
#include "compiler/plan/lowering.h"

namespace sparsec {

std::string describe(const Lowering& to, const Node& node);

// lower_phases.cc: where the phases of a picture go, and its border's step.
kernels::PhaseRows begin_phases(Lowering& to, const SpaceToDepth& op, ValueId y, uint32_t fill, int64_t planes);
void lower_space_to_depth(Lowering& to, const Node& node, int32_t index);

// lower_quantise.cc: the quantised input, also by phases (`quantise` then has no step of its own); and back.
void lower_quantise(Lowering& to, const Node& node, int32_t index);
void lower_quantised_phases(Lowering& to, const Node& quantise, const Node& node, int32_t index);
void lower_dequantise(Lowering& to, const Node& node, int32_t index);

}  // namespace sparsec
