// LLD as a library. Its inputs are anonymous files in memory, which it opens by their /proc/self/fd names; its output
// is a file in a folder of the caller's, as LLD insists on making it beside its final place. LLD keeps global state, so
// links take turns.
#include <dlfcn.h>
#include <link.h>
#include <lld/Common/Driver.h>
#include <llvm/Config/llvm-config.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/raw_ostream.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "codegen/emit/backend/internal.h"

LLD_HAS_DRIVER(elf)

#if LLVM_VERSION_MAJOR < 20
// A link that meets _GLOBAL_OFFSET_TABLE_ leaves a pointer to its symbol here, and the next link writes through it,
// into memory that is long given back. Of later versions every link has a context of its own.
namespace lld::elf {
class Defined;
struct ElfSym {
  static Defined* globalOffsetTable;
};
}  // namespace lld::elf
#endif

namespace sparsec::backend {
namespace {

void forget_last_link() {
#if LLVM_VERSION_MAJOR < 20
  lld::elf::ElfSym::globalOffsetTable = nullptr;
#endif
}

// An unnamed file in memory that has a name while it is open.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(memfd_create("sparsec", MFD_CLOEXEC)) {
    if (descriptor_ < 0) fail();
    path_ = "/proc/self/fd/" + std::to_string(descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { close(descriptor_); }

  const std::string& path() const { return path_; }

  void write(llvm::StringRef bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(descriptor_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) fail();
      bytes = bytes.drop_front(static_cast<size_t>(n));
    }
  }

 private:
  [[noreturn]] static void fail() {
    throw std::runtime_error(std::string("a file in memory: ") + std::strerror(errno));
  }

  int descriptor_;
  std::string path_;
};

Bytes read(const std::string& file) {
  auto buffer = llvm::MemoryBuffer::getFile(file);
  if (!buffer) throw std::runtime_error(file + ": " + buffer.getError().message());
  return Bytes((*buffer)->getBufferStart(), (*buffer)->getBufferEnd());
}

Bytes run_linker(llvm::StringRef folder, std::vector<std::string> options, llvm::ArrayRef<Bytes> objects) {
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);

  const std::string output = folder.str() + "/linked";
  std::deque<MemoryFile> inputs;
  options.insert(options.begin(), {"ld.lld", "--threads=1", "-o", output});
  std::vector<std::string> files;
  for (const Bytes& object : objects) {
    inputs.emplace_back().write(text_of(object));
    files.push_back(inputs.back().path());
  }
  options.insert(options.begin() + 4, files.begin(), files.end());
  std::vector<const char*> arguments;
  for (const std::string& option : options) arguments.push_back(option.c_str());

  std::string messages;
  llvm::raw_string_ostream stream(messages);
  static bool usable = true;
  if (!usable) throw std::runtime_error("the linker has crashed before and cannot run again");
  forget_last_link();
  const lld::Result result = lld::lldMain(arguments, stream, stream, {{lld::Gnu, &lld::elf::link}});
  usable = result.canRunAgain;
  if (result.retCode != 0) throw std::runtime_error("linker: " + messages);
  return read(output);
}

// Where this process has a library from; empty when it has none of that name.
std::string loaded_library(const char* name) {
  void* const handle = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
  if (!handle) return "";
  const link_map* map = nullptr;
  const bool known = dlinfo(handle, RTLD_DI_LINKMAP, static_cast<void*>(&map)) == 0;
  const std::string path = known ? map->l_name : "";
  dlclose(handle);
  return path;
}

}  // namespace

// Groups are dissolved: a linker would keep one group of a name for all libraries, and leave the local symbols of the
// others without their section.
Bytes merge(llvm::StringRef folder, llvm::ArrayRef<Bytes> objects) {
  return run_linker(folder, {"-r", "--build-id=none", "--force-group-allocation"}, objects);
}

// The C library and libm that this process uses are named as needed, so that the library also links into programs on
// its own.
Bytes link_shared(llvm::StringRef folder, llvm::StringRef triple, llvm::StringRef name, llvm::ArrayRef<Bytes> objects) {
  std::vector<std::string> options = {"-shared",
                                      "-soname",
                                      "lib" + name.str() + ".so",
                                      "-Bsymbolic",
                                      "--build-id=none",
                                      "--hash-style=gnu",
                                      "--gc-sections",
                                      "--exclude-libs=ALL",
                                      "--strip-debug",
                                      "-z",
                                      "relro",
                                      "-z",
                                      "now",
                                      "-z",
                                      "noexecstack",
                                      "--as-needed"};
  if (llvm::Triple(triple).getArch() == llvm::Triple(LLVM_DEFAULT_TARGET_TRIPLE).getArch())
    for (const char* name : {"libm.so.6", "libc.so.6"})
      if (const std::string library = loaded_library(name); !library.empty()) options.push_back(library);
  return run_linker(folder, options, objects);
}

}  // namespace sparsec::backend
