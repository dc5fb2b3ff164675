// The walk over a kernel's instructions that the portable forms share: loops are numbered, opened and closed here, a
// printer says how each thing looks.
//
// Printer has begin_loop(n, count), where count is nullopt for the loop over tiles; end_loop(n); instruction(insn).
#pragma once

#include <optional>
#include <vector>

#include "codegen/program.h"
#include "compiler/error.h"

namespace sparsec::emit {

template <typename Printer>
void walk(const kir::Function& function, Printer& printer) {
  int loops = 0;
  std::vector<int> open;
  for (const kir::Insn& insn : function.code) {
    switch (insn.op) {
      case kir::Opcode::if_tiles:
        SPARSEC_CHECK(false, "portable kernels take one tile at a time");
        break;
      case kir::Opcode::loop_tiles:
      case kir::Opcode::loop_count:
        SPARSEC_CHECK(insn.op == kir::Opcode::loop_count || insn.imm <= 1, "portable kernels take one tile at a time");
        open.push_back(loops++);
        printer.begin_loop(open.back(), insn.op == kir::Opcode::loop_count ? std::optional(insn.imm) : std::nullopt);
        break;
      case kir::Opcode::loop_end:
        SPARSEC_CHECK(!open.empty(), "loop_end without a loop in " + function.name);
        printer.end_loop(open.back());
        open.pop_back();
        break;
      default:
        printer.instruction(insn);
    }
  }
  SPARSEC_CHECK(open.empty(), "open loop in " + function.name);
}

}  // namespace sparsec::emit
