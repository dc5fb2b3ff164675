// Prints a Function: one instruction a line, loops indented.
#include "codegen/program.h"

#include <array>

namespace sparsec::kir {
namespace {

struct Shape {
  const char* name;
  const char* operands;  // of d a b c e (vectors), D A B (tiles), m (memory), i (immediate)
};

constexpr std::array kShapes{
    Shape{"loop tiles", ""},
    Shape{"if tiles", "i"},
    Shape{"loop", "i"},
    Shape{"end", ""},
    Shape{"advance", "m"},
    Shape{"zero", "d"},
    Shape{"move", "da"},
    Shape{"load", "dm"},
    Shape{"load_s8", "dm"},
    Shape{"store", "ma"},
    Shape{"broadcast", "dm"},
    Shape{"prefetch", "m"},
    Shape{"select", "dam"},
    Shape{"even_lanes", "dab"},
    Shape{"odd_lanes", "dab"},
    Shape{"lanes_from", "dabi"},
    Shape{"dot4", "dam"},
    Shape{"dot8", "dabm"},
    Shape{"dot12", "dabcm"},
    Shape{"dot4_words", "dab"},
    Shape{"dot4_s8", "dam"},
    Shape{"dot2", "dam"},
    Shape{"fma_word", "dam"},
    Shape{"add_i32", "dab"},
    Shape{"shift_left", "dai"},
    Shape{"shift_right", "dai"},
    Shape{"shift_right_s", "dai"},
    Shape{"add", "dab"},
    Shape{"sub", "dab"},
    Shape{"mul", "dab"},
    Shape{"div", "dab"},
    Shape{"min", "dab"},
    Shape{"max", "dab"},
    Shape{"fma", "dab"},
    Shape{"limit", "dab"},
    Shape{"fma_scale", "dam"},
    Shape{"mul_word", "dam"},
    Shape{"add_word", "dam"},
    Shape{"bit_and", "dab"},
    Shape{"bit_or", "dab"},
    Shape{"bit_xor", "dab"},
    Shape{"to_float", "da"},
    Shape{"to_int", "da"},
    Shape{"lookup8", "dam"},
    Shape{"lookup16", "dam"},
    Shape{"permute16", "dab"},
    Shape{"max_u8", "dab"},
    Shape{"unpack", "dai"},
    Shape{"pair_bytes", "dabi"},
    Shape{"pack", "dabce"},
    Shape{"pack_s8", "dabce"},
    Shape{"pack_half", "dabce"},
    Shape{"lookup256", "dam"},
    Shape{"permute256", "dab"},
    Shape{"tile_config", "m"},
    Shape{"tile_release", ""},
    Shape{"tile_zero", "D"},
    Shape{"tile_load", "Dmi"},
    Shape{"tile_store", "mAi"},
    Shape{"tile_dot", "DAB"},
};
static_assert(kShapes.size() == size_t(Opcode::tile_dot) + 1);

std::string operand(char kind, const Insn& x) {
  switch (kind) {
    case 'd':
      return "v" + std::to_string(x.d);
    case 'a':
      return "v" + std::to_string(x.a);
    case 'b':
      return "v" + std::to_string(x.b);
    case 'c':
      return "v" + std::to_string(x.c);
    case 'e':
      return "v" + std::to_string(x.e);
    case 'D':
      return "t" + std::to_string(x.d);
    case 'A':
      return "t" + std::to_string(x.a);
    case 'B':
      return "t" + std::to_string(x.b);
    case 'i':
      return std::to_string(x.imm);
    default:
      return (x.p == kScratch ? "[scratch" : "[p" + std::to_string(x.p)) + (x.offset < 0 ? " - " : " + ") +
             std::to_string(x.offset < 0 ? -int64_t(x.offset) : x.offset) + "]";
  }
}

}  // namespace

std::string print(const Function& function) {
  std::string out = "kernel " + function.name + "(" + std::to_string(function.pointers) + " pointers)";
  if (!function.comment.empty()) out += "  # " + function.comment;
  out += '\n';
  int depth = 1;
  for (const Insn& x : function.code) {
    if (x.op == Opcode::loop_end) --depth;
    const Shape& shape = kShapes[size_t(x.op)];
    out.append(size_t(depth) * 2, ' ').append(shape.name);
    if (x.op == Opcode::loop_tiles && x.imm > 1) out += " by " + std::to_string(x.imm);
    for (const char* k = shape.operands; *k; ++k) out.append(k == shape.operands ? " " : ", ").append(operand(*k, x));
    out += '\n';
    if (opens_block(x.op)) ++depth;
  }
  return out;
}

}  // namespace sparsec::kir
