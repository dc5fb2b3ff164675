// The rows themselves. EVEX adds an element size to some names, which nothing here depends on.
#include "codegen/isa/x86_rows.h"

#include <algorithm>

namespace sparsec {

using kir::Opcode;

// The last narrowing decides how bytes are clamped.
static std::string pack_with(const std::string& narrow) {
  return "vpackssdw {b}, {a}, {s0}\nvpackssdw {e}, {c}, {d}\n" + narrow +
         " {d}, {s0}, {d}\nvpshufb .Lpack_{fn}(%rip), {d}, {d}";
}

std::vector<OpText> x86_rows(Encoding encoding) {
  const bool evex = encoding == Encoding::evex;
  const std::string element = evex ? "d" : "", move = evex ? "64" : "";  // the suffixes by which EVEX names differ
  return {
      {Opcode::zero, "vpxor" + element + " {d}, {d}, {d}"},
      {Opcode::move, "vmovdqa" + move + " {a}, {d}"},
      {Opcode::load, "vmovdqu" + move + " {m}, {d}"},
      {Opcode::store, "vmovdqu" + move + " {a}, {m}"},
      {Opcode::broadcast, "vpbroadcastd {m}, {d}"},
      {Opcode::add_i32, "vpaddd {b}, {a}, {d}"},
      {Opcode::shift_left, "vpslld ${i}, {a}, {d}"},
      {Opcode::shift_right, "vpsrld ${i}, {a}, {d}"},
      {Opcode::add, "vaddps {b}, {a}, {d}"},
      {Opcode::sub, "vsubps {b}, {a}, {d}"},
      {Opcode::mul, "vmulps {b}, {a}, {d}"},
      {Opcode::div, "vdivps {b}, {a}, {d}"},
      {Opcode::min, "vminps {b}, {a}, {d}"},
      {Opcode::max, "vmaxps {b}, {a}, {d}"},
      {Opcode::fma, "vfmadd231ps {b}, {a}, {d}"},
      {Opcode::bit_and, "vpand" + element + " {b}, {a}, {d}"},
      {Opcode::bit_or, "vpor" + element + " {b}, {a}, {d}"},
      {Opcode::bit_xor, "vpxor" + element + " {b}, {a}, {d}"},
      {Opcode::to_float, "vcvtdq2ps {a}, {d}"},
      {Opcode::to_int, "vcvtps2dq {a}, {d}"},
      {Opcode::max_u8, "vpmaxub {b}, {a}, {d}"},
      {Opcode::unpack, "vpslld ${24-8i}, {a}, {d}\nvpsrld $24, {d}, {d}"},
      {Opcode::pack, pack_with("vpackuswb")},
      {Opcode::pack_s8, pack_with("vpacksswb")},
  };
}

std::vector<OpText> with_rows(std::vector<OpText> rows, const std::vector<OpText>& own) {
  for (const OpText& row : own) {
    const auto there = std::ranges::find(rows, row.op, &OpText::op);
    if (there == rows.end())
      rows.push_back(row);
    else
      there->text = row.text;
  }
  return rows;
}

std::vector<OnceText> x86_pack_data(int vector_bytes) {
  const auto shuffle = [&](const std::string& name, const std::string& bytes) {
    return ".p2align " + std::string(vector_bytes == 64 ? "6" : "5") + "\n.L" + name + "_{fn}:\n.rept " +
           std::to_string(vector_bytes / 16) + "\n.byte " + bytes + "\n.endr";
  };
  return {{{Opcode::pack, Opcode::pack_s8}, shuffle("pack", "0,4,8,12,1,5,9,13,2,6,10,14,3,7,11,15")},
          {{Opcode::pack_half}, shuffle("halves", "0,1,8,9,2,3,10,11,4,5,12,13,6,7,14,15")}};
}

std::vector<OnceText> with_data(std::vector<OnceText> data, const std::vector<OnceText>& own) {
  data.insert(data.end(), own.begin(), own.end());
  return data;
}

}  // namespace sparsec
