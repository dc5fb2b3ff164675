// The table of opcodes, a row each in the order of kir::Opcode.
#include "codegen/emit/operands.h"

#include <array>
#include <set>
#include <string_view>

#include "compiler/error.h"

namespace sparsec::emit {
namespace {

constexpr std::array kOperands{
    Operands{"loop_tiles", "", false},       Operands{"if_tiles", "i", false},
    Operands{"loop_count", "i", false},      Operands{"loop_end", "", false},
    Operands{"add_pointer", "m", false},     Operands{"zero", "d", false},
    Operands{"move", "da", false},           Operands{"load", "dm", false},
    Operands{"load_s8", "dm", false},        Operands{"store", "am", false},
    Operands{"broadcast", "dm", false},      Operands{"prefetch", "m", false},
    Operands{"select", "dam", true},         Operands{"even_lanes", "dab", false},
    Operands{"odd_lanes", "dab", false},     Operands{"lanes_from", "dabi", false},
    Operands{"dot4", "dam", true},           Operands{"dot8", "dabm", true},
    Operands{"dot12", "dabcm", true},        Operands{"dot4_words", "dab", true},
    Operands{"dot4_s8", "dam", true},        Operands{"dot2", "dam", true},
    Operands{"fma_word", "dam", true},       Operands{"add_i32", "dab", false},
    Operands{"shift_left", "dai", false},    Operands{"shift_right", "dai", false},
    Operands{"shift_right_s", "dai", false}, Operands{"add", "dab", false},
    Operands{"sub", "dab", false},           Operands{"mul", "dab", false},
    Operands{"div", "dab", false},           Operands{"min", "dab", false},
    Operands{"max", "dab", false},           Operands{"fma", "dab", true},
    Operands{"limit", "dab", false},         Operands{"fma_scale", "dam", true},
    Operands{"mul_word", "dam", false},      Operands{"add_word", "dam", false},
    Operands{"bit_and", "dab", false},       Operands{"bit_or", "dab", false},
    Operands{"bit_xor", "dab", false},       Operands{"to_float", "da", false},
    Operands{"to_int", "da", false},         Operands{"lookup8", "dam", false},
    Operands{"lookup16", "dam", false},      Operands{"permute16", "dab", false},
    Operands{"max_u8", "dab", false},        Operands{"unpack", "dai", false},
    Operands{"pair_bytes", "dabi", false},   Operands{"pack", "dabce", false},
    Operands{"pack_s8", "dabce", false},     Operands{"pack_half", "dabce", false},
    Operands{"lookup256", "dam", false},     Operands{"permute256", "dab", false},
    Operands{"tile_config", "m", false},     Operands{"tile_release", "", false},
    Operands{"tile_zero", "d", false},       Operands{"tile_load", "dmi", false},
    Operands{"tile_store", "ami", false},    Operands{"tile_dot", "dab", true},
};
static_assert(kOperands.size() == size_t(kir::Opcode::tile_dot) + 1);

}  // namespace

const Operands& operands_of(kir::Opcode op) { return kOperands[static_cast<size_t>(op)]; }

int register_of(const kir::Insn& insn, char kind) {
  switch (kind) {
    case 'd':
      return insn.d;
    case 'a':
      return insn.a;
    case 'b':
      return insn.b;
    case 'c':
      return insn.c;
    case 'e':
      return insn.e;
  }
  SPARSEC_CHECK(false, "not a register operand");
}

std::vector<int> registers_of(const kir::Function& function) {
  std::set<int> used;
  for (const kir::Insn& insn : function.code)
    for (const char kind : std::string_view(operands_of(insn.op).list))
      if (kind != 'm' && kind != 'i') used.insert(register_of(insn, kind));
  return {used.begin(), used.end()};
}

std::vector<int> pointers_of(const kir::Function& function) {
  std::set<int> used;
  for (const kir::Insn& insn : function.code)
    if (std::string_view(operands_of(insn.op).list).find('m') != std::string_view::npos) used.insert(insn.p);
  return {used.begin(), used.end()};
}

int loops_of(const kir::Function& function) {
  int loops = 0;
  for (const kir::Insn& insn : function.code) loops += kir::opens_block(insn.op);
  return loops;
}

}  // namespace sparsec::emit
