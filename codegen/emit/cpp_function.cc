// A portable kernel as a C++ function: registers are local variables, each instruction is a call to a function of
// templates/portable_ops.h, loops are do-while.
#include "codegen/emit/cpp.h"
#include "codegen/emit/function_walk.h"
#include "codegen/emit/operands.h"
#include "compiler/error.h"

namespace sparsec::emit {
namespace {

using kir::Insn;
using kir::Opcode;

class Writer {
 public:
  explicit Writer(const kir::Function& function) : function_(function) {}

  std::string write(const std::string& symbol) {
    line("extern \"C\" void " + symbol + "(const void* const* pointers, int64_t tiles) {");
    ++depth_;
    for (const int p : pointers_of(function_))
      line("Pointer p" + std::to_string(p) + " = (Pointer)pointers[" + std::to_string(p) + "];");
    std::string vectors;
    for (const int v : registers_of(function_))
      vectors += (vectors.empty() ? "Vector v" : ", v") + std::to_string(v) + " = zero()";
    if (!vectors.empty()) line(vectors + ";");
    line("(void)tiles;");
    walk(function_, *this);
    --depth_;
    line("}");
    return out_;
  }

  // For walk().
  void begin_loop(int loop, std::optional<int32_t> count) {
    const std::string n = "n" + std::to_string(loop);
    line("int64_t " + n + " = " + (count ? std::to_string(*count) : "tiles") + ";");
    line("do {");
    ++depth_;
  }

  void end_loop(int loop) {
    --depth_;
    line("} while (--n" + std::to_string(loop) + " > 0);");
  }

  void instruction(const Insn& insn) {
    switch (insn.op) {
      case Opcode::add_pointer:
        return line("p" + std::to_string(insn.p) + " += " + std::to_string(insn.offset) + ";");
      case Opcode::store:
        return line("store(v" + std::to_string(insn.a) + ", " + memory(insn) + ");");
      default:
        return line("v" + std::to_string(insn.d) + " = " + call(insn) + ";");
    }
  }

 private:
  void line(const std::string& text) { out_ += std::string(static_cast<size_t>(2 * depth_), ' ') + text + "\n"; }

  static std::string memory(const Insn& insn) {
    std::string p = "p" + std::to_string(insn.p);
    if (insn.offset == 0) return p;
    return p + (insn.offset < 0 ? " - " : " + ") +
           std::to_string(insn.offset < 0 ? -static_cast<int64_t>(insn.offset) : insn.offset);
  }

  static std::string call(const Insn& insn) {
    const Operands& operands = operands_of(insn.op);
    std::string arguments;
    for (const char kind : std::string_view(operands.list)) {
      if (kind == 'd' && !operands.reads_d) continue;
      arguments += (arguments.empty() ? "" : ", ");
      arguments += kind == 'm'   ? memory(insn)
                   : kind == 'i' ? std::to_string(insn.imm)
                                 : "v" + std::to_string(register_of(insn, kind));
    }
    return std::string(operands.name) + "(" + arguments + ")";
  }

  const kir::Function& function_;
  std::string out_;
  int depth_ = 0;
};

}  // namespace

std::string cpp_function(const Isa& isa, const kir::Function& function, const std::string& symbol) {
  SPARSEC_CHECK(isa.style == Style::calls && isa.lanes == 4, "portable kernels have four lanes");
  return Writer(function).write(symbol);
}

}  // namespace sparsec::emit
