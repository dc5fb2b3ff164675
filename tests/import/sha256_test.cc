// The published test vectors of SHA-256, given whole and in pieces.
#include "compiler/import/sha256.h"

#include <gtest/gtest.h>

namespace sparsec::importer {
namespace {

std::string hash_of(const std::string& text, size_t piece) {
  Sha256 hash;
  const auto bytes = std::as_bytes(std::span(text));
  for (size_t i = 0; i < bytes.size(); i += piece) hash.update(bytes.subspan(i, std::min(piece, bytes.size() - i)));
  return hash.hex();
}

TEST(Sha256, PublishedVectors) {
  for (size_t piece : {1, 7, 64, 1000}) {
    EXPECT_EQ(hash_of("", piece), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hash_of("abc", piece), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hash_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", piece),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(hash_of(std::string(1'000'000, 'a'), piece),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  }
}

TEST(Sha256, EveryLengthAroundABlockDiffers) {
  std::string before;
  for (size_t n = 50; n < 140; ++n) {
    const std::string now = hash_of(std::string(n, 'x'), 64);
    EXPECT_EQ(now, hash_of(std::string(n, 'x'), 3));
    EXPECT_NE(now, before);
    before = now;
  }
}

}  // namespace
}  // namespace sparsec::importer
