// The backend's own stages, each from text or bytes to bytes. They throw std::runtime_error, which backend.cc turns
// into messages at the C border.
#pragma once

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/TargetParser/Triple.h>

#include <string>

namespace sparsec::backend {

using Bytes = llvm::SmallVector<char, 0>;

inline llvm::StringRef text_of(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }

void initialise_targets();

// assemble.cc: LLVM's MC layer, without code generation.
Bytes assemble(llvm::StringRef triple, llvm::StringRef features, llvm::StringRef name, llvm::StringRef text);
Bytes object_of_bytes(llvm::StringRef triple, llvm::StringRef symbol, llvm::StringRef bytes);

// ir.cc: a light pass pipeline and LLVM's code generator, for the baseline CPU of the triple.
enum class Output { object, assembly };
Bytes compile_ir(llvm::StringRef triple, llvm::StringRef name, llvm::StringRef text, Output output);

// link.cc: LLD as a library, which writes in `folder`.
Bytes merge(llvm::StringRef folder, llvm::ArrayRef<Bytes> objects);
Bytes link_shared(llvm::StringRef folder, llvm::StringRef triple, llvm::StringRef name, llvm::ArrayRef<Bytes> objects);

// archive.cc
Bytes keep_api(llvm::StringRef name, llvm::StringRef object);
struct ArchiveMember {
  std::string name;
  llvm::StringRef object;
};
Bytes archive(llvm::ArrayRef<ArchiveMember> members);

}  // namespace sparsec::backend
