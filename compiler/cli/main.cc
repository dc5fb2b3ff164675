// The sparsec command: the command line's shape, and how every failure ends.
//
// A user's mistake is one line on standard error and exit code 1, or 2 where the command line tells it by itself,
// without any file; a bug of ours 70.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <new>
#include <system_error>

#include "compiler/cli/commands.h"
#include "compiler/cli/exit_codes.h"
#include "compiler/cli/interrupt.h"
#include "compiler/cli/placement.h"
#include "compiler/cli/tell.h"
#include "compiler/cli/words.h"
#include "compiler/error.h"
#include "compiler/version.h"
#include "sparsec/files.h"

namespace sparsec::cli {
namespace {

int fail(ExitCode code, std::string_view message) {
  tell(message);
  return code;
}

bool is_command(const CLI::App& app, const std::string& word) {
  const auto all = app.get_subcommands(nullptr);
  return std::any_of(all.begin(), all.end(), [&](const CLI::App* command) { return command->get_name() == word; });
}

// A first word that is neither a command nor a file is a command mistyped.
bool is_unknown_command(const CLI::App& app, const std::string& word) {
  std::error_code error;  // a word may be no name that a file can have
  return !word.empty() && word[0] != '-' && !is_command(app, word) && !std::filesystem::exists(word, error) &&
         !std::filesystem::path(word).has_extension();
}

std::string commands_of(const CLI::App& app) {
  std::string names;
  for (const CLI::App* command : app.get_subcommands(nullptr))
    names += (names.empty() ? "" : ", ") + command->get_name();
  return names;
}

int fail_usage(const CLI::App& app, const std::string& word, std::string message) {
  if (is_unknown_command(app, word))
    message = fmt::format("there is no command and no model '{}'; commands: {}", word, commands_of(app));
  const auto chosen = app.get_subcommands();  // none where the parser did not get so far
  const std::string command = !chosen.empty()         ? chosen.front()->get_name() + " "
                              : is_command(app, word) ? word + " "
                                                      : "";
  return fail(kUsage, fmt::format("{}; see sparsec {}--help", message, command));
}

// A file beyond the shell's limit (ulimit -f) is to be an error of that file, like a full disk, and no signal: that
// would leave temporary files. Blocked and not ignored, as LLVM puts a handler of its own there.
void block_file_size_signal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGXFSZ);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

int main(int argc, char** argv) {
  block_file_size_signal();
  remove_temporaries_on_signals();
  CLI::App app("Compiles ONNX YOLOv5 detectors to libraries, and runs them.", "sparsec");
  app.set_version_flag("--version", std::string("sparsec ") + kVersion);
  app.get_formatter()->column_width(34);
  app.require_subcommand(0, 1);
  const Words words(argv + std::min(argc, 1), argv + argc);
  const std::string first_word = words.empty() ? "" : words.front();
  Result result = kOk;
  const auto compile = add_compile(app);
  add_detect(app, result);
  add_run(app, result);
  add_verify(app, result);
  add_analyze(app, result);
  add_benchmark(app, result);
  add_cache(app, result);
  app.parse_complete_callback([&] { check_placement(app, words); });  // before any command runs
  try {
    refuse_empty(words);
    Words backwards = end_lists(words);
    std::ranges::reverse(backwards);  // as CLI11 takes them
    app.parse(backwards);
    if (app.get_subcommands().empty()) result = compile();
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) return fail(kFailed, "cannot write to standard output");
    return result;
  } catch (const CLI::Success& e) {  // --help, --version
    app.exit(e);
    if (!std::cout.flush()) return fail(kFailed, "cannot write to standard output");
    return kOk;
  } catch (const CLI::ParseError& e) {
    return fail_usage(app, first_word, e.what());
  } catch (const UsageError& e) {
    return fail_usage(app, first_word, e.what());
  } catch (const CompileError& e) {
    return fail(kFailed, e.what());
  } catch (const FileError& e) {
    return fail(kFailed, e.what());
  } catch (const std::system_error& e) {  // the system refused: a full disk under standard output, no more threads
    const std::string what = e.what(), by_fmt = "cannot write to file";  // which prints to standard output only
    return fail(kFailed,
                what.starts_with(by_fmt) ? "cannot write to standard output" + what.substr(by_fmt.size()) : what);
  } catch (const std::bad_alloc&) {
    return fail(kFailed, "out of memory");
  } catch (const std::exception& e) {
    return fail(kInternal, std::string(e.what()).starts_with("internal error")
                               ? e.what()
                               : fmt::format("internal error: {}", e.what()));
  }
}

}  // namespace
}  // namespace sparsec::cli

int main(int argc, char** argv) {
  sparsec::cli::fill_standard_streams();
  return sparsec::cli::main(argc, argv);
}
