// Where a command writes.
#include "compiler/cli/outputs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "compiler/engine/temporaries.h"
#include "compiler/error.h"

namespace sparsec::cli {
namespace {

namespace fs = std::filesystem;

void check_folder(const fs::path& output) {
  const fs::path folder = output.has_parent_path() ? output.parent_path() : fs::path(".");
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_directory(folder, error))
    throw CompileError(output.string() + ": cannot write: " + folder.string() + " is no folder");
  if (!fs::is_directory(folder, error))
    throw CompileError(output.string() + ": cannot write: there is no folder " + folder.string());
  if (fs::is_directory(output, error)) throw CompileError(output.string() + ": cannot write: is a folder");
  if (fs::exists(output, error) && !fs::is_regular_file(output, error))
    return;  // a device or a pipe is written as it is
  int descriptor = -1;
  const auto probe = engine::Temporary::file_beside(folder / ".sparsec", &descriptor);
  if (!probe) throw CompileError(output.string() + ": cannot write into the folder " + folder.string());
  ::close(descriptor);
}

}  // namespace

std::string real_path(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error), real = fs::weakly_canonical(absolute, error);
  return (error ? absolute.lexically_normal() : real).string();
}

bool same_file(const std::string& a, const std::string& b) { return real_path(a) == real_path(b); }

void check_outputs(const Outputs& outputs, const std::vector<std::string>& inputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto& [option, path] = outputs[i];
    if (path.empty()) continue;
    for (const std::string& input : inputs)
      if (!input.empty() && same_file(path, input))
        throw CompileError(option + ": " + path + " would replace the input; name another file");
    for (size_t k = 0; k < i; ++k)
      if (!outputs[k].second.empty() && fs::path(path) != "/dev/null" && same_file(path, outputs[k].second))
        throw CompileError(fmt::format("{}: {} is what {} writes; name another file", option, path, outputs[k].first));
    check_folder(path);
  }
}

}  // namespace sparsec::cli
