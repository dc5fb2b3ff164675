// The version of the compiler, as --version prints it and as generated libraries carry it.
#pragma once

namespace sparsec {

inline constexpr const char* kVersion = SPARSEC_VERSION;

}  // namespace sparsec
