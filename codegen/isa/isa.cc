// The table of ISAs, best first within an architecture, and what does not depend on it.
#include "codegen/isa/isa.h"

#include <algorithm>

#include "codegen/isa/isas.h"
#include "compiler/error.h"

namespace sparsec {

const std::vector<const Isa*>& all_isas() {
  static const std::vector<const Isa*> isas{&amx(),       &avx512_vnni(),  &avx_vnni(), &avx2(),
                                            &neon_i8mm(), &neon_dotprod(), &scalar()};
  return isas;
}

const Isa* find_isa(std::string_view name) {
  for (const Isa* isa : all_isas())
    if (isa->name == name) return isa;
  return nullptr;
}

std::string_view architecture_of(std::string_view triple) { return triple.substr(0, triple.find('-')); }

std::string_view host_triple() {
#if defined(__aarch64__)
  return "aarch64-unknown-linux-gnu";
#else
  return "x86_64-unknown-linux-gnu";
#endif
}

std::string_view triple_of(const std::vector<const Isa*>& isas) {
  const Isa* first = nullptr;
  for (const Isa* isa : isas) {
    if (isa->triple.empty()) continue;
    if (!first) first = isa;
    if (architecture_of(isa->triple) == architecture_of(first->triple)) continue;
    const auto text = [](const Isa& x) {
      return std::string(x.name) + " is " + std::string(architecture_of(x.triple));
    };
    throw CompileError("--target: " + text(*first) + " and " + text(*isa) +
                       ": a library holds one architecture; write one library for each");
  }
  return first ? first->triple : host_triple();
}

std::string text_of(const Isa& isa, const kir::Function& function, std::string_view symbol) {
  SPARSEC_CHECK(isa.style == Style::assembly, "only assembly ISAs have text");
  return architecture_of(isa.triple) == "aarch64" ? aarch64_text(isa, function, symbol)
                                                  : x86_text(isa, function, symbol);
}

bool has_text(const Isa& isa, kir::Opcode op) {
  return std::ranges::find(isa.texts, op, &OpText::op) != isa.texts.end();
}

bool uses(const kir::Function& function, kir::Opcode op) {
  return std::any_of(function.code.begin(), function.code.end(), [op](const kir::Insn& insn) { return insn.op == op; });
}

bool uses(const kir::Function& function, const std::vector<kir::Opcode>& any) {
  return std::any_of(any.begin(), any.end(), [&](kir::Opcode op) { return uses(function, op); });
}

}  // namespace sparsec
