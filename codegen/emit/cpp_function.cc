// A portable kernel as a C++ function: registers are local variables, each instruction is a call to a function of
// templates/portable_ops.h, loops are do-while.
#include "codegen/emit/cpp.h"
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
    for (const Insn& insn : function_.code) instruction(insn);
    SPARSEC_CHECK(open_.empty(), "open loop in " + function_.name);
    --depth_;
    line("}");
    return out_;
  }

 private:
  void line(const std::string& text) { out_ += std::string(static_cast<size_t>(2 * depth_), ' ') + text + "\n"; }

  void instruction(const Insn& insn) {
    switch (insn.op) {
      case Opcode::loop_tiles:
        SPARSEC_CHECK(insn.imm <= 1, "portable kernels take one tile at a time");
        return begin_loop("tiles");
      case Opcode::loop_count:
        return begin_loop(std::to_string(insn.imm));
      case Opcode::loop_end:
        return end_loop();
      case Opcode::add_pointer:
        return line("p" + std::to_string(insn.p) + " += " + std::to_string(insn.offset) + ";");
      case Opcode::store:
        return line("store(v" + std::to_string(insn.a) + ", " + memory(insn) + ");");
      default:
        return line("v" + std::to_string(insn.d) + " = " + call(insn) + ";");
    }
  }

  void begin_loop(const std::string& count) {
    const std::string n = "n" + std::to_string(loops_);
    line("int64_t " + n + " = " + count + ";");
    line("do {");
    ++depth_;
    open_.push_back(loops_++);
  }

  void end_loop() {
    SPARSEC_CHECK(!open_.empty(), "loop_end without a loop in " + function_.name);
    --depth_;
    line("} while (--n" + std::to_string(open_.back()) + " > 0);");
    open_.pop_back();
  }

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
  int depth_ = 0, loops_ = 0;
  std::vector<int> open_;
};

}  // namespace

std::string cpp_function(const Isa& isa, const kir::Function& function, const std::string& symbol) {
  SPARSEC_CHECK(isa.style == Style::calls && isa.lanes == 4, "portable kernels have four lanes");
  return Writer(function).write(symbol);
}

}  // namespace sparsec::emit
