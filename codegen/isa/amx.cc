// AVX-512 VNNI with the int8 tiles of AMX: Sapphire Rapids and later.
//
// avx512_vnni's texts, and the tile opcodes: eight registers of sixteen rows of 64 bytes. r12 holds the stride of a
// tile's rows. Products are of signed weights by unsigned activations: tdpbsud, whose first source (the middle operand
// in AT&T syntax) is the signed one.
#include "codegen/isa/isas.h"
#include "codegen/isa/x86_rows.h"
#include "sparsec/abi.h"

namespace sparsec {
namespace {

using kir::Opcode;

Isa make() {
  Isa isa = avx512_vnni();
  isa.name = "amx";
  isa.description = "AVX-512 VNNI and AMX int8 tiles (Intel Sapphire Rapids and later)";
  isa.tiles = true;
  isa.features |= SPARSEC_CPU_AMX_INT8;
  isa.texts = with_rows(isa.texts, {
                                       {Opcode::tile_config, "ldtilecfg {m}"},
                                       {Opcode::tile_release, "tilerelease"},
                                       {Opcode::tile_zero, "tilezero {td}"},
                                       {Opcode::tile_load, "mov ${i}, %r12d\ntileloadd {off}({base},%r12), {td}"},
                                       {Opcode::tile_store, "mov ${i}, %r12d\ntilestored {ta}, {off}({base},%r12)"},
                                       {Opcode::tile_dot, "tdpbsud {tb}, {ta}, {td}"},
                                   });
  return isa;
}

}  // namespace

const Isa& amx() {
  static const Isa isa = make();
  return isa;
}

}  // namespace sparsec
