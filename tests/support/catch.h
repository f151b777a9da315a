// Catch2, 2.13 (Debian 12) or 3: the one place that knows which; and skip(), as Catch2 has SKIP() since 3.3 only.
#pragma once
#if __has_include(<catch2/catch.hpp>)
#include <catch2/catch.hpp>
#else
#include <catch2/catch_all.hpp>
using Catch::Approx;
#endif

namespace torchport::test {

/// For a check that cannot run on this machine: prints why, and the program ends with 77, which ctest knows, unless a check fails.
/// The caller returns after it.
void skip(const char* why);

}  // namespace torchport::test
