// LLVM IR text to an object, or to assembly for readers. What is expressed as IR is tables, forwarding functions and
// portable kernels, so the pipeline is light: inline the kernels' one-instruction functions, turn their registers from
// memory into values, tidy up, generate code for the baseline CPU.
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/ErrorHandling.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Target/TargetOptions.h>
#include <llvm/Transforms/IPO/AlwaysInliner.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <unistd.h>

#include <memory>
#include <stdexcept>

#include "codegen/emit/backend/internal.h"

namespace sparsec::backend {
namespace {

std::unique_ptr<llvm::TargetMachine> baseline_machine(llvm::StringRef triple) {
  std::string message;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple.str(), message);
  if (!target) throw std::runtime_error(message);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  const llvm::StringRef cpu = llvm::Triple(triple).isX86() ? "x86-64" : "generic";
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, cpu, "", options, llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Default));
}

void simplify(llvm::Module& module, llvm::TargetMachine& machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);

  llvm::FunctionPassManager per_function;
  per_function.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  per_function.addPass(llvm::EarlyCSEPass());
  per_function.addPass(llvm::InstCombinePass());
  per_function.addPass(llvm::SimplifyCFGPass());
  llvm::ModulePassManager passes;
  passes.addPass(llvm::AlwaysInlinerPass());
  passes.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(per_function)));
  passes.run(module, modules);
}

}  // namespace

// LLVM is built without exceptions: when it finds no memory all that is left is to say so and go.
static void out_of_memory(void*, const char*, bool) {
  constexpr char kText[] = "sparsec: out of memory\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kText, sizeof kText - 1);
  _exit(1);
}

void initialise_targets() {
  llvm::install_bad_alloc_error_handler(out_of_memory);
  llvm::InitializeAllTargetInfos();
  llvm::InitializeAllTargets();
  llvm::InitializeAllTargetMCs();
  llvm::InitializeAllAsmParsers();
  llvm::InitializeAllAsmPrinters();
}

Bytes compile_ir(llvm::StringRef triple, llvm::StringRef name, llvm::StringRef text, Output output) {
  llvm::LLVMContext context;
  llvm::SMDiagnostic diagnostic;
  std::unique_ptr<llvm::Module> module = llvm::parseAssembly(llvm::MemoryBufferRef(text, name), diagnostic, context);
  if (!module)
    throw std::runtime_error("LLVM IR of " + name.str() + ": line " + std::to_string(diagnostic.getLineNo()) + ": " +
                             diagnostic.getMessage().str() + ": " + diagnostic.getLineContents().trim().str());
  std::string message;
  llvm::raw_string_ostream message_stream(message);
  if (llvm::verifyModule(*module, &message_stream))
    throw std::runtime_error("LLVM IR of " + name.str() + ": " + message);

  std::unique_ptr<llvm::TargetMachine> machine = baseline_machine(triple);
  module->setTargetTriple(triple);
  module->setDataLayout(machine->createDataLayout());
  module->setPICLevel(llvm::PICLevel::BigPIC);
  simplify(*module, *machine);

  Bytes result;
  llvm::raw_svector_ostream stream(result);
  llvm::legacy::PassManager code_generation;
  const auto type = output == Output::object ? llvm::CodeGenFileType::ObjectFile : llvm::CodeGenFileType::AssemblyFile;
  if (machine->addPassesToEmitFile(code_generation, stream, nullptr, type))
    throw std::runtime_error("no code generator for " + triple.str());
  code_generation.run(*module);
  return result;
}

}  // namespace sparsec::backend
