// A portable kernel as an LLVM function: vector and pointer registers are stack slots, each instruction is a call to a
// function of templates/portable_ops.ll, and a loop is a block that asks for another round at its end. The pass
// pipeline (backend/ir.cc) inlines the calls and turns the slots into values.
#include "codegen/emit/function_walk.h"
#include "codegen/emit/llvm.h"
#include "codegen/emit/operands.h"
#include "compiler/error.h"

namespace sparsec::emit {
namespace {

using kir::Insn;

class Writer {
 public:
  explicit Writer(const kir::Function& function) : function_(function) {}

  std::string write(const std::string& symbol) {
    out_ = "define hidden void @" + symbol + "(ptr %pointers, i64 %tiles) {\n";
    for (int v : registers_of(function_)) line("%v" + std::to_string(v) + " = alloca <4 x i32>");
    for (const int p : pointers_of(function_)) line("%p" + std::to_string(p) + " = alloca ptr");
    for (int n = 0; n < loops_of(function_); ++n) line("%n" + std::to_string(n) + " = alloca i64");
    for (const int p : pointers_of(function_))
      line("call void @sparsec_pointer(ptr %p" + std::to_string(p) + ", ptr %pointers, i64 " + std::to_string(p) + ")");
    walk(function_, *this);
    line("ret void");
    return out_ + "}\n";
  }

  // For walk().
  void begin_loop(int loop, std::optional<int32_t> count) {
    const std::string n = std::to_string(loop);
    line("store i64 " + (count ? std::to_string(*count) : "%tiles") + ", ptr %n" + n);
    line("br label %loop" + n);
    out_ += "loop" + n + ":\n";
  }

  void end_loop(int loop) {
    const std::string n = std::to_string(loop);
    line("%again" + n + " = call i1 @sparsec_again(ptr %n" + n + ")");
    line("br i1 %again" + n + ", label %loop" + n + ", label %end" + n);
    out_ += "end" + n + ":\n";
  }

  void instruction(const Insn& insn) {
    const Operands& operands = operands_of(insn.op);
    std::string arguments;
    const auto append = [&](const std::string& argument) { arguments += (arguments.empty() ? "" : ", ") + argument; };
    for (const char kind : std::string_view(operands.list)) {
      if (kind == 'm') {
        append("ptr %p" + std::to_string(insn.p));
        append("i64 " + std::to_string(insn.offset));
      } else if (kind == 'i') {
        append("i32 " + std::to_string(insn.imm));
      } else {
        append("ptr %v" + std::to_string(register_of(insn, kind)));
      }
    }
    line("call void @sparsec_" + std::string(operands.name) + "(" + arguments + ")");
  }

 private:
  void line(const std::string& text) { out_ += "  " + text + "\n"; }

  const kir::Function& function_;
  std::string out_;
};

}  // namespace

std::string ir_function(const Isa& isa, const kir::Function& function, const std::string& symbol) {
  SPARSEC_CHECK(isa.style == Style::calls && isa.lanes == 4, "portable kernels have four lanes");
  return Writer(function).write(symbol);
}

}  // namespace sparsec::emit
