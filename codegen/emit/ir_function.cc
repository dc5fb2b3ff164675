// A portable kernel as an LLVM function: vector and pointer registers are stack slots, each instruction is a call to a
// function of templates/portable_ops.ll, and a loop is a block that asks for another round at its end. The pass
// pipeline (backend/ir.cc) inlines the calls and turns the slots into values.
#include <array>

#include "codegen/emit/llvm.h"
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
    out_ = "define hidden void @" + symbol + "(ptr %pointers, i64 %tiles) {\n";
    for (int v : registers_of(function_)) line("%v" + std::to_string(v) + " = alloca <4 x i32>");
    for (const int p : pointers_of(function_)) line("%p" + std::to_string(p) + " = alloca ptr");
    for (int n = 0; n < loops_of(function_); ++n) line("%n" + std::to_string(n) + " = alloca i64");
    for (const int p : pointers_of(function_))
      line("call void @sparsec_pointer(ptr %p" + std::to_string(p) + ", ptr %pointers, i64 " + std::to_string(p) + ")");
    for (const Insn& insn : function_.code) instruction(insn);
    SPARSEC_CHECK(open_.empty(), "open loop in " + function_.name);
    line("ret void");
    return out_ + "}\n";
  }

 private:
  void line(const std::string& text) { out_ += "  " + text + "\n"; }

  void instruction(const Insn& insn) {
    switch (insn.op) {
      case Opcode::loop_tiles:
        SPARSEC_CHECK(insn.imm <= 1, "portable kernels take one tile at a time");
        return begin_loop("%tiles");
      case Opcode::loop_count:
        return begin_loop(std::to_string(insn.imm));
      case Opcode::loop_end:
        return end_loop();
      default:
        call(insn);
    }
  }

  void begin_loop(const std::string& count) {
    const std::string n = std::to_string(loops_);
    line("store i64 " + count + ", ptr %n" + n);
    line("br label %loop" + n);
    out_ += "loop" + n + ":\n";
    open_.push_back(loops_++);
  }

  void end_loop() {
    SPARSEC_CHECK(!open_.empty(), "loop_end without a loop in " + function_.name);
    const std::string n = std::to_string(open_.back());
    open_.pop_back();
    line("%again" + n + " = call i1 @sparsec_again(ptr %n" + n + ")");
    line("br i1 %again" + n + ", label %loop" + n + ", label %end" + n);
    out_ += "end" + n + ":\n";
  }

  void call(const Insn& insn) {
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

  const kir::Function& function_;
  std::string out_;
  int loops_ = 0;
  std::vector<int> open_;
};

}  // namespace

std::string ir_function(const Isa& isa, const kir::Function& function, const std::string& symbol) {
  SPARSEC_CHECK(isa.style == Style::calls && isa.lanes == 4, "portable kernels have four lanes");
  return Writer(function).write(symbol);
}

}  // namespace sparsec::emit
