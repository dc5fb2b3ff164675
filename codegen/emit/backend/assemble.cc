// Assembly text and raw bytes to objects through LLVM's MC layer: a parser, an encoder and an object writer, with no
// code generator between. Megabytes of unrolled kernels take a second or two, where a compiler would take minutes.
#include <llvm/MC/MCAsmBackend.h>
#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCCodeEmitter.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCObjectFileInfo.h>
#include <llvm/MC/MCObjectWriter.h>
#include <llvm/MC/MCParser/MCAsmParser.h>
#include <llvm/MC/MCParser/MCTargetAsmParser.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCSectionELF.h>
#include <llvm/MC/MCStreamer.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/raw_ostream.h>

#include <memory>
#include <stdexcept>

#include "codegen/emit/backend/internal.h"

namespace sparsec::backend {
namespace {

const llvm::Target& find_target(const std::string& triple) {
  std::string message;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target) throw std::runtime_error(message);
  return *target;
}

// Everything that MC needs to write one object. The members refer to each other in the order of their declaration.
class ObjectAssembler {
 public:
  ObjectAssembler(llvm::StringRef triple, llvm::StringRef features, std::unique_ptr<llvm::MemoryBuffer> text)
      : triple_(triple), target_(find_target(triple_.str())) {
    sources_.AddNewSourceBuffer(std::move(text), llvm::SMLoc());
    sources_.setDiagHandler(&ObjectAssembler::keep_message, this);
    registers_.reset(target_.createMCRegInfo(triple_.str()));
    info_.reset(target_.createMCAsmInfo(*registers_, triple_.str(), options_));
    instructions_.reset(target_.createMCInstrInfo());
    subtarget_.reset(target_.createMCSubtargetInfo(triple_.str(), "", features));
    context_ = std::make_unique<llvm::MCContext>(triple_, info_.get(), registers_.get(), subtarget_.get(), &sources_,
                                                 &options_);
    sections_.reset(target_.createMCObjectFileInfo(*context_, /*PIC=*/true));
    context_->setObjectFileInfo(sections_.get());
    std::unique_ptr<llvm::MCAsmBackend> backend(target_.createMCAsmBackend(*subtarget_, *registers_, options_));
    std::unique_ptr<llvm::MCObjectWriter> writer = backend->createObjectWriter(stream_);
    std::unique_ptr<llvm::MCCodeEmitter> emitter(target_.createMCCodeEmitter(*instructions_, *context_));
    streamer_.reset(target_.createMCObjectStreamer(triple_, *context_, std::move(backend), std::move(writer),
                                                   std::move(emitter), *subtarget_));
  }

  Bytes parse(llvm::StringRef name) {
    std::unique_ptr<llvm::MCAsmParser> parser(llvm::createMCAsmParser(sources_, *context_, *streamer_, *info_));
    std::unique_ptr<llvm::MCTargetAsmParser> dialect(
        target_.createMCAsmParser(*subtarget_, *parser, *instructions_, options_));
    if (!dialect) throw std::runtime_error("no assembler for " + triple_.str());
    parser->setTargetParser(*dialect);
    if (parser->Run(/*NoInitialTextSection=*/false) || !message_.empty())
      throw std::runtime_error("assembly of " + name.str() + ": " + message_);
    return std::move(object_);
  }

  Bytes place(llvm::StringRef symbol_name, llvm::StringRef bytes) {
    streamer_->initSections(/*NoExecStack=*/true, *subtarget_);
    llvm::MCSection* section =
        context_->getELFSection(".rodata." + symbol_name, llvm::ELF::SHT_PROGBITS, llvm::ELF::SHF_ALLOC);
    streamer_->switchSection(section);
    streamer_->emitValueToAlignment(llvm::Align(64));
    llvm::MCSymbol* symbol = context_->getOrCreateSymbol(symbol_name);
    streamer_->emitSymbolAttribute(symbol, llvm::MCSA_Global);
    streamer_->emitSymbolAttribute(symbol, llvm::MCSA_Hidden);
    streamer_->emitSymbolAttribute(symbol, llvm::MCSA_ELF_TypeObject);
    streamer_->emitELFSize(symbol, llvm::MCConstantExpr::create(static_cast<int64_t>(bytes.size()), *context_));
    streamer_->emitLabel(symbol);
    streamer_->emitBytes(bytes);
    streamer_->finish();
    return std::move(object_);
  }

 private:
  static void keep_message(const llvm::SMDiagnostic& diagnostic, void* self) {
    auto& message = static_cast<ObjectAssembler*>(self)->message_;
    if (diagnostic.getKind() != llvm::SourceMgr::DK_Error || !message.empty()) return;
    message = "line " + std::to_string(diagnostic.getLineNo()) + ": " + diagnostic.getMessage().str() + ": " +
              diagnostic.getLineContents().trim().str();
  }

  llvm::Triple triple_;
  const llvm::Target& target_;
  llvm::MCTargetOptions options_;
  llvm::SourceMgr sources_;
  std::string message_;
  Bytes object_;
  llvm::raw_svector_ostream stream_{object_};
  std::unique_ptr<llvm::MCRegisterInfo> registers_;
  std::unique_ptr<llvm::MCAsmInfo> info_;
  std::unique_ptr<llvm::MCInstrInfo> instructions_;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget_;
  std::unique_ptr<llvm::MCContext> context_;
  std::unique_ptr<llvm::MCObjectFileInfo> sections_;
  std::unique_ptr<llvm::MCStreamer> streamer_;
};

}  // namespace

Bytes assemble(llvm::StringRef triple, llvm::StringRef features, llvm::StringRef name, llvm::StringRef text) {
  return ObjectAssembler(triple, features,
                         llvm::MemoryBuffer::getMemBuffer(text, name, /*RequiresNullTerminator=*/true))
      .parse(name);
}

Bytes object_of_bytes(llvm::StringRef triple, llvm::StringRef symbol, llvm::StringRef bytes) {
  return ObjectAssembler(triple, "", llvm::MemoryBuffer::getMemBuffer("", symbol)).place(symbol, bytes);
}

}  // namespace sparsec::backend
