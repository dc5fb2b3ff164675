// The cache: what is stored is found, what is too much goes, what cannot be written is no error.
#include "compiler/cli/cache.h"

#include <gtest/gtest.h>
#include <utime.h>

#include "tests/support/shell.h"

namespace sparsec::cli {
namespace {

// As long as a real one, since other names are not the cache's.
std::string key(char digit) { return std::string(64, digit); }

TEST(Cache, StoresFindsListsRemoves) {
  const testing::Folder folder;
  const Cache cache(folder / "deep/sparsec");
  EXPECT_TRUE(cache.find(key('a')).empty());
  const auto path = cache.store(key('a'), "yolo.onnx  host", "bytes");
  ASSERT_FALSE(path.empty());
  EXPECT_EQ(testing::read_file(path), "bytes");
  EXPECT_EQ(cache.find(key('a')), path);
  const auto entries = cache.entries();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].about, "yolo.onnx  host");
  EXPECT_EQ(entries[0].bytes, 5);
  Cache::remove(entries[0]);
  EXPECT_TRUE(cache.find(key('a')).empty());
  EXPECT_TRUE(std::filesystem::is_empty(cache.folder()));
}

TEST(Cache, DamagedLibrariesAreNotFound) {
  const testing::Folder folder;
  const Cache cache(folder / "c");
  const std::string library(1001, 'x');
  const auto path = cache.store(key('a'), "about", library);
  for (const std::string& damaged : {library.substr(0, 1000), "y" + library.substr(1), library + "x", std::string()}) {
    std::ofstream(path, std::ios::binary) << damaged;
    EXPECT_TRUE(cache.find(key('a')).empty());
  }
  EXPECT_FALSE(cache.store(key('a'), "about", library).empty());
  EXPECT_EQ(cache.find(key('a')), path);
  std::filesystem::remove(folder / ("c/" + key('a') + ".txt"));
  EXPECT_TRUE(cache.find(key('a')).empty()) << "without a digest";
}

TEST(Cache, TextsWithoutALibraryAreListedAndRemoved) {
  const testing::Folder folder;
  const Cache cache(folder / "c");
  std::filesystem::remove(cache.store(key('a'), "yolo.onnx  host", "bytes"));
  cache.store(key('b'), "other.onnx", "bytes");
  ASSERT_EQ(cache.entries().size(), 2U);
  for (const Cache::Entry& entry : cache.entries()) {
    EXPECT_EQ(entry.bytes, entry.about == "yolo.onnx  host" ? 0 : 5);
    Cache::remove(entry);
  }
  EXPECT_TRUE(std::filesystem::is_empty(cache.folder()));
}

TEST(Cache, LeastRecentlyUsedGo) {
  const testing::Folder folder;
  const Cache cache(folder / "c", 250);
  const std::string library(100, 'x');
  int age = 300;
  for (const char digit : {'a', 'b'}) {
    const utimbuf then{std::time(nullptr) - age, std::time(nullptr) - age};
    ASSERT_EQ(::utime(cache.store(key(digit), "about", library).c_str(), &then), 0);
    age -= 100;
  }
  cache.find(key('a'));  // used again: now b is the oldest
  cache.store(key('c'), "about", library);
  EXPECT_FALSE(cache.find(key('a')).empty());
  EXPECT_TRUE(cache.find(key('b')).empty());
  EXPECT_FALSE(cache.find(key('c')).empty());
}

TEST(Cache, NoFolderIsNoError) {
  EXPECT_TRUE(Cache("").find(key('a')).empty());
  EXPECT_TRUE(Cache("").store(key('a'), "", "x").empty());
  EXPECT_TRUE(Cache("/proc/none/sparsec").store(key('a'), "", "x").empty());
  EXPECT_TRUE(Cache("/proc/none/sparsec").entries().empty());
}

TEST(Cache, IdentitiesAreNotEmpty) {
  EXPECT_GT(compiler_identity().size(), 10U);
  EXPECT_EQ(compiler_identity(), compiler_identity());
}

}  // namespace
}  // namespace sparsec::cli
