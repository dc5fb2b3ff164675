// Ctrl-C and its like leave nothing behind.
#pragma once

namespace sparsec::cli {

// From now on a signal that asks the process to end removes the temporaries first; the process still ends by that
// signal. Signals that the caller ignores or blocks stay so. To be called before there is a second thread.
void remove_temporaries_on_signals();

}  // namespace sparsec::cli
