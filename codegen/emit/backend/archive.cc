// The last steps to a static library: every symbol but the API becomes local, so that two models with the same runtime
// inside link into one program, and the one object goes into an archive without dates and owners, so that the same
// model gives the same bytes.
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/ObjCopy/ConfigManager.h>
#include <llvm/ObjCopy/ObjCopy.h>
#include <llvm/Object/ArchiveWriter.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/raw_ostream.h>

#include <stdexcept>
#include <vector>

#include "codegen/emit/backend/internal.h"

namespace sparsec::backend {
namespace {

void check(llvm::Error error) {
  if (error) throw std::runtime_error(llvm::toString(std::move(error)));
}

}  // namespace

Bytes keep_api(llvm::StringRef name, llvm::StringRef object) {
  auto parsed = llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(object, "merged"));
  if (!parsed) check(parsed.takeError());
  llvm::objcopy::ConfigManager config;
  config.ELF.LocalizeHidden = true;
  const std::string api = (name + "_*").str();  // the pattern keeps a reference
  const auto wrong_pattern = [](llvm::Error error) { return error; };
  check(config.Common.SymbolsToKeepGlobal.addMatcher(
      llvm::objcopy::NameOrPattern::create(api, llvm::objcopy::MatchStyle::Wildcard, wrong_pattern)));
  config.Common.StripDebug = true;
  Bytes result;
  llvm::raw_svector_ostream stream(result);
  check(llvm::objcopy::executeObjcopyOnBinary(config, **parsed, stream));
  return result;
}

Bytes archive(llvm::ArrayRef<ArchiveMember> members) {
  std::vector<llvm::NewArchiveMember> entries;
  for (const ArchiveMember& member : members) entries.emplace_back(llvm::MemoryBufferRef(member.object, member.name));
  Bytes result;
  llvm::raw_svector_ostream stream(result);
  check(llvm::writeArchiveToStream(stream, entries, llvm::SymtabWritingMode::NormalSymtab, llvm::object::Archive::K_GNU,
                                   /*Deterministic=*/true, /*Thin=*/false));
  return result;
}

}  // namespace sparsec::backend
