// Picks the ISA: the first program whose features are all there and that the operating system lets us use, or the one
// asked for by name. Messages say what is missing.
#include <cstring>

#include "runtime/core/context.h"
#include "runtime/core/cpu.h"
#include "runtime/core/text.h"

namespace sparsec::rt {
namespace {

// The library's ISAs, comma separated.
void list_isas(const sparsec_model& model, char* text, size_t bytes) {
  size_t used = 0;
  text[0] = 0;
  for (uint32_t i = 0; i < model.n_programs && used < bytes; ++i) {
    format(text + used, bytes - used, "%s%s", used ? ", " : "", model.programs[i]->isa);
    used += strlen(text + used);
    if (used + 1 >= bytes) break;
  }
}

int count_bits(uint32_t bits) {  // the compiler's own may call a library that a C program does not link
  int n = 0;
  for (; bits != 0; bits &= bits - 1) ++n;
  return n;
}

}  // namespace

const sparsec_program* choose_program(const sparsec_model& model, const char* isa, uint32_t features, char* error,
                                      size_t error_bytes) {
  char names[128], lacks[128], has[128];
  const sparsec_program* nearest = nullptr;
  uint32_t refused = 0;
  for (uint32_t i = 0; i < model.n_programs; ++i) {
    const sparsec_program* program = model.programs[i];
    if (isa != nullptr && strcmp(isa, program->isa) != 0) continue;
    if ((program->features & ~features) == 0) {
      refused = program->features & ~sparsec_cpu_permit(program->features);
      if (refused == 0) return program;
      features &= ~refused;
    }
    if (nearest == nullptr || count_bits(program->features & ~features) <= count_bits(nearest->features & ~features))
      nearest = program;
  }
  list_isas(model, names, sizeof names);
  if (nearest == nullptr) {
    format(error, error_bytes, "%s: no code for ISA '%s'; the library has: %s", model.name, isa ? isa : "", names);
    return nullptr;
  }
  sparsec_cpu_text(nearest->features & ~features, lacks, sizeof lacks);
  sparsec_cpu_text(features, has, sizeof has);
  const bool is_refused = (nearest->features & refused) != 0;
  format(error, error_bytes, "%s: this %s %s, which '%s' needs (it has: %s; the library has: %s)", model.name,
         is_refused ? "system refuses" : "CPU lacks", lacks, nearest->isa, has, names);
  return nullptr;
}

}  // namespace sparsec::rt
