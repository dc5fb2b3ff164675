// The sparsec command: the command line's shape, and how every failure ends.
//
// A user's mistake is one line on standard error and exit code 1; a command line that makes no sense 2; a bug of
// ours 70.
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <new>

#include "compiler/cli/commands.h"
#include "compiler/cli/exit_codes.h"
#include "compiler/error.h"
#include "compiler/version.h"
#include "sparsec/files.h"

namespace sparsec::cli {
namespace {

int fail(ExitCode code, std::string_view message) {
  std::fflush(stdout);
  fmt::print(stderr, "sparsec: {}\n", message);
  return code;
}

int main(int argc, char** argv) {
  CLI::App app("Compiles ONNX YOLOv5 detectors to libraries, and runs them.", "sparsec");
  app.set_version_flag("--version", std::string("sparsec ") + kVersion);
  app.get_formatter()->column_width(34);
  app.require_subcommand(0, 1);
  Result result = kOk;
  const auto compile = add_compile(app);
  add_detect(app, result);
  add_run(app, result);
  add_verify(app, result);
  add_analyze(app, result);
  add_benchmark(app, result);
  add_cache(app, result);
  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty()) result = compile();
    if (std::fflush(stdout) != 0) return fail(kFailed, "cannot write to standard output");
    return result;
  } catch (const CLI::Success& e) {  // --help, --version
    app.exit(e);
    return kOk;
  } catch (const CLI::ParseError& e) {
    return fail(kUsage, fmt::format("{}; see sparsec --help", e.what()));
  } catch (const CompileError& e) {
    return fail(kFailed, e.what());
  } catch (const FileError& e) {
    return fail(kFailed, e.what());
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

int main(int argc, char** argv) { return sparsec::cli::main(argc, argv); }
