// Every thread blocks the signals but one, which waits for them: so what it then does is ordinary code, that may take
// locks, and no handler that interrupts a thread just where it makes a file.
#include "compiler/cli/interrupt.h"

#include <pthread.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "compiler/engine/temporaries.h"
#include "runtime/host/temporary_watch.h"

namespace sparsec::cli {
namespace {

constexpr std::array kEndings{SIGHUP, SIGINT, SIGTERM};
constexpr size_t kStackBytes = size_t{1} << 20;

sigset_t awaited;

[[noreturn]] void end_by(int signal) {
  std::signal(signal, SIG_DFL);  // LLVM puts handlers of its own there
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal);
  pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
  ::kill(::getpid(), signal);
  ::_exit(128 + signal);  // the first process of a container is not ended by its own signals
}

void* wait_for_signals(void*) {
  int signal = 0;
  while (sigwait(&awaited, &signal) != 0) {
  }
  engine::Temporaries::instance().remove_all();
  end_by(signal);
}

bool is_ignored(int signal) {
  struct sigaction action{};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

bool start_waiting() {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const bool started = pthread_create(&thread, &attributes, wait_for_signals, nullptr) == 0;
  pthread_attr_destroy(&attributes);
  return started;
}

}  // namespace

// What is ignored is blocked too, and not waited for: LLVM's handlers would take it.
void remove_temporaries_on_signals() {
  sigset_t before, blocked;
  pthread_sigmask(SIG_BLOCK, nullptr, &before);
  sigemptyset(&awaited);
  sigemptyset(&blocked);
  for (const int signal : kEndings) {
    sigaddset(&blocked, signal);
    if (!is_ignored(signal) && sigismember(&before, signal) == 0) sigaddset(&awaited, signal);
  }
  watch_temporaries(&engine::Temporaries::instance());
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  if (!start_waiting()) pthread_sigmask(SIG_UNBLOCK, &awaited, nullptr);  // then they end it as they always did
}

}  // namespace sparsec::cli
