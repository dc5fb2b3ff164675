// The cache of compiled models: <key>.so beside <key>.txt, which tells people what it is and, in its second line, the
// library's digest, so that a damaged library is compiled again and never loaded. The folder is the user's: files whose
// names are not of this kind are somebody else's, and neither listed nor removed.
#include "compiler/cli/cache.h"

#include <elf.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <regex>
#include <span>
#include <string_view>

#include "compiler/engine/files.h"
#include "compiler/error.h"
#include "runtime/core/cpu.h"
#include "sparsec/files.h"

namespace sparsec::cli {
namespace {

namespace fs = std::filesystem;

std::string hex_of(const uint8_t* bytes, size_t count) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (size_t i = 0; i < count; ++i) out += {kDigits[bytes[i] >> 4], kDigits[bytes[i] & 15]};
  return out;
}

// The linker's hash of this program: the first object of dl_iterate_phdr, note of type NT_GNU_BUILD_ID.
int find_build_id(dl_phdr_info* info, size_t, void* result) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    const auto* at =
        reinterpret_cast<const uint8_t*>(info->dlpi_addr + segment.p_vaddr);  // NOLINT(performance-no-int-to-ptr)
    const uint8_t* const end = at + segment.p_memsz;
    const auto padded = [](size_t n) { return (n + 3) & ~size_t{3}; };
    while (at + sizeof(ElfW(Nhdr)) <= end) {
      ElfW(Nhdr) note;
      std::memcpy(&note, at, sizeof note);
      const uint8_t* const content = at + sizeof note + padded(note.n_namesz);
      if (note.n_type == NT_GNU_BUILD_ID && content + note.n_descsz <= end) {
        *static_cast<std::string*>(result) = hex_of(content, note.n_descsz);
        return 1;
      }
      at = content + padded(note.n_descsz);
    }
  }
  return 1;  // the first object only
}

// 64 bits over eight bytes at a time: against damage, not against forgers, who could write the digest too.
std::string digest(std::span<const uint8_t> bytes) {
  uint64_t h = bytes.size();
  for (size_t i = 0; i < bytes.size(); i += sizeof h) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, std::min(sizeof word, bytes.size() - i));
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    h ^= h >> 32;
  }
  return hex_of(reinterpret_cast<const uint8_t*>(&h), sizeof h);
}

// Whether the library is what the second line of its text says.
bool is_whole(const fs::path& library) {
  std::ifstream text(fs::path(library).replace_extension(".txt"));
  std::string about, expected;
  if (!std::getline(text, about) || !std::getline(text, expected)) return false;
  try {
    return digest(read_file(library.string())) == expected;
  } catch (const FileError&) {
    return false;
  }
}

// <64 digits>.so or .txt, and beside them what writers leave that are killed.
bool is_entry(const std::string& name) {
  static const std::regex kName("[0-9a-f]{64}\\.(so|txt)");
  return std::regex_match(name, kName);
}

// A temporary names its writer; one that an earlier version wrote does not, and an hour is enough for any.
bool is_left_over(const fs::path& path, const struct stat& info) {
  static const std::regex kName("[0-9a-f]{64}\\.(?:so|txt)\\.(?:([0-9]{1,9})\\.[0-9]{1,2}|[0-9A-Za-z]{6})\\.tmp");
  constexpr double kHour = 3600;
  std::smatch parts;
  const std::string name = path.filename().string();
  if (!std::regex_match(name, parts, kName)) return false;
  const bool writer_is_gone = parts[1].matched && ::kill(std::stoi(parts[1]), 0) != 0 && errno == ESRCH;
  return writer_is_gone || std::difftime(std::time(nullptr), info.st_mtime) > kHour;
}

void remove_file(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  if (error) throw FileError(path.string(), "cannot remove: " + error.message());
}

std::string size_and_time(const fs::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return {};
  return std::to_string(info.st_size) + "." + std::to_string(info.st_mtim.tv_sec) + "." +
         std::to_string(info.st_mtim.tv_nsec);
}

}  // namespace

std::string compiler_identity() {
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  std::string id;
  ::dl_iterate_phdr(find_build_id, &id);
  if (id.empty()) id = size_and_time(program);
  for (const char* way : {".", "../lib/sparsec"})
    id.append("/").append(size_and_time(program.parent_path() / way / "libsparsec_backend.so"));
  return id;
}

std::string cpu_identity() {
  std::array<char, 256> text{};
  return sparsec_cpu_text(sparsec_cpu_features(), text.data(), text.size());
}

fs::path Cache::default_folder() {
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg && *xdg == '/') return fs::path(xdg) / "sparsec";
  if (const char* home = std::getenv("HOME"); home && *home == '/') return fs::path(home) / ".cache" / "sparsec";
  return {};
}

fs::path Cache::find(const std::string& key) const {
  if (folder_.empty()) return {};
  fs::path library = folder_ / (key + ".so");
  struct stat info{};
  if (::stat(library.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_uid != ::geteuid())
    return {};  // never load what others put there
  if (!is_whole(library)) return {};
  ::utime(library.c_str(), nullptr);
  return library;
}

fs::path Cache::store(const std::string& key, const std::string& about, const std::string& library) const {
  if (folder_.empty()) return {};
  try {
    std::error_code error;
    const bool made = fs::create_directories(folder_, error);
    if (made) fs::permissions(folder_, fs::perms::owner_all, error);
    const fs::path path = folder_ / (key + ".so");
    const std::span bytes(reinterpret_cast<const uint8_t*>(library.data()), library.size());
    engine::Output output;
    output.add(folder_ / (key + ".txt"), about + "\n" + digest(bytes) + "\n");
    output.add(path, library);
    output.commit();
    try {
      trim();
    } catch (const FileError&) {
      return path;  // what is stored is stored
    }
    return path;
  } catch (const CompileError&) {  // a full disk or a read-only home must not stop the command
    return {};
  } catch (const FileError&) {
    return {};
  }
}

// The ordinary files in the folder, each with what the system says of it.
template <class Use>
void Cache::each_file(const Use& use) const {
  std::error_code error;
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    struct stat info{};
    if (::lstat(it->path().c_str(), &info) == 0 && S_ISREG(info.st_mode)) use(it->path(), info);
  }
  if (error && error != std::errc::no_such_file_or_directory)
    throw FileError(folder_.string(), "cannot read: " + error.message());
}

std::vector<Cache::Entry> Cache::entries() const {
  std::vector<Entry> out;
  each_file([&](const fs::path& path, const struct stat& info) {
    if (!is_entry(path.filename().string())) return;
    const fs::path library = fs::path(path).replace_extension(".so"), text = fs::path(path).replace_extension(".txt");
    std::error_code ignored;
    const bool alone = path.extension() == ".txt" && !fs::exists(library, ignored);  // its library is gone
    if (path.extension() != ".so" && !alone) return;
    Entry entry{library, {}, alone ? 0 : info.st_size, info.st_mtime};
    std::ifstream about(text);
    std::getline(about, entry.about);
    out.push_back(std::move(entry));
  });
  std::sort(out.begin(), out.end(),
            [](const Entry& a, const Entry& b) { return a.used != b.used ? a.used > b.used : a.library < b.library; });
  return out;
}

void Cache::remove(const Entry& entry) {
  remove_file(fs::path(entry.library).replace_extension(".txt"));
  remove_file(entry.library);
}

void Cache::remove_left_over() const {
  std::vector<fs::path> found;
  each_file([&](const fs::path& path, const struct stat& info) {
    if (is_left_over(path, info)) found.push_back(path);
  });
  for (const fs::path& path : found) remove_file(path);
}

void Cache::trim() const {
  remove_left_over();
  int64_t total = 0;
  bool newest = true;
  for (const Entry& entry : entries()) {
    if (entry.bytes == 0) continue;  // a text whose library may be on its way
    total += entry.bytes;
    if (total > limit_ && !newest) remove(entry);
    newest = false;
  }
}

}  // namespace sparsec::cli
