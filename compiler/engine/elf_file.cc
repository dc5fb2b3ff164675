// The loader maps a library without asking whether the file is long enough, and touching a page behind its end is a
// signal. So the header is asked first: every segment and the table of sections, which linkers write last, must lie
// within the file. This is against files that were cut short, not against forgers: a library's code is trusted anyway.
#include "compiler/engine/elf_file.h"

#include <elf.h>

#include <bit>
#include <cstring>
#include <fstream>
#include <vector>

#include "compiler/error.h"

namespace sparsec::engine {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "fields are read as they lie in the file");

// Reads `size` bytes at `offset`; false where the file has fewer.
bool read_at(std::ifstream& file, uint64_t offset, void* out, uint64_t size) {
  file.clear();
  return file.seekg(static_cast<std::streamoff>(offset)) &&
         file.read(static_cast<char*>(out), static_cast<std::streamsize>(size));
}

bool lies_within(uint64_t offset, uint64_t size, uint64_t file_size) {
  return offset <= file_size && size <= file_size - offset;
}

}  // namespace

std::string_view check_whole(const fs::path& path) {
  std::error_code error;
  const uint64_t size = fs::file_size(path, error);
  if (error) throw CompileError(path.string() + ": cannot load: " + error.message());
  const auto cut_short = [&] {
    throw CompileError(path.string() + ": the library is cut short: the file has " + std::to_string(size) +
                       " bytes, and its header promises more; copy or compile it again");
  };
  std::ifstream file(path, std::ios::binary);
  Elf64_Ehdr header{};
  if (!read_at(file, 0, &header, SELFMAG) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    throw CompileError(path.string() + ": not a library that sparsec made: no ELF file");
  if (!read_at(file, 0, &header, sizeof header)) cut_short();
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_type != ET_DYN ||
      header.e_phentsize != sizeof(Elf64_Phdr))
    throw CompileError(path.string() + ": not a library that sparsec made: no 64-bit shared library");
  if (!lies_within(header.e_shoff, uint64_t{header.e_shnum} * header.e_shentsize, size)) cut_short();
  std::vector<Elf64_Phdr> segments(header.e_phnum);
  if (!read_at(file, header.e_phoff, segments.data(), segments.size() * sizeof(Elf64_Phdr))) cut_short();
  for (const Elf64_Phdr& segment : segments)
    if (!lies_within(segment.p_offset, segment.p_filesz, size)) cut_short();
  return header.e_machine == EM_X86_64 ? "x86_64" : header.e_machine == EM_AARCH64 ? "aarch64" : "";
}

}  // namespace sparsec::engine
