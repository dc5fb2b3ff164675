// The cache: what is stored is found, what is too much goes, what cannot be written is no error.
#include "compiler/cli/cache.h"

#include <gtest/gtest.h>
#include <utime.h>

#include "tests/support/shell.h"

namespace sparsec::cli {
namespace {

TEST(Cache, StoresFindsListsRemoves) {
  const testing::Folder folder;
  const Cache cache(folder / "deep/sparsec");
  EXPECT_TRUE(cache.find("k").empty());
  const auto path = cache.store("k", "yolo.onnx  host", "bytes");
  ASSERT_FALSE(path.empty());
  EXPECT_EQ(testing::read_file(path), "bytes");
  EXPECT_EQ(cache.find("k"), path);
  const auto entries = cache.entries();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].about, "yolo.onnx  host");
  EXPECT_EQ(entries[0].bytes, 5);
  Cache::remove(entries[0]);
  EXPECT_TRUE(cache.find("k").empty());
  EXPECT_TRUE(std::filesystem::is_empty(cache.folder()));
}

TEST(Cache, DamagedLibrariesAreNotFound) {
  const testing::Folder folder;
  const Cache cache(folder / "c");
  const std::string library(1001, 'x');
  const auto path = cache.store("k", "about", library);
  for (const std::string& damaged : {library.substr(0, 1000), "y" + library.substr(1), library + "x", std::string()}) {
    std::ofstream(path, std::ios::binary) << damaged;
    EXPECT_TRUE(cache.find("k").empty());
  }
  EXPECT_FALSE(cache.store("k", "about", library).empty());
  EXPECT_EQ(cache.find("k"), path);
  std::filesystem::remove(folder / "c/k.txt");
  EXPECT_TRUE(cache.find("k").empty()) << "without a digest";
}

TEST(Cache, TextsWithoutALibraryAreListedAndRemoved) {
  const testing::Folder folder;
  const Cache cache(folder / "c");
  std::filesystem::remove(cache.store("k", "yolo.onnx  host", "bytes"));
  cache.store("whole", "other.onnx", "bytes");
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
  for (const char* key : {"a", "b"}) {
    const utimbuf then{std::time(nullptr) - age, std::time(nullptr) - age};
    ASSERT_EQ(::utime(cache.store(key, key, library).c_str(), &then), 0);
    age -= 100;
  }
  cache.find("a");  // used again: now b is the oldest
  cache.store("c", "c", library);
  EXPECT_FALSE(cache.find("a").empty());
  EXPECT_TRUE(cache.find("b").empty());
  EXPECT_FALSE(cache.find("c").empty());
}

TEST(Cache, NoFolderIsNoError) {
  EXPECT_TRUE(Cache("").find("k").empty());
  EXPECT_TRUE(Cache("").store("k", "", "x").empty());
  EXPECT_TRUE(Cache("/proc/none/sparsec").store("k", "", "x").empty());
  EXPECT_TRUE(Cache("/proc/none/sparsec").entries().empty());
}

TEST(Cache, IdentitiesAreNotEmpty) {
  EXPECT_GT(compiler_identity().size(), 10U);
  EXPECT_EQ(compiler_identity(), compiler_identity());
}

}  // namespace
}  // namespace sparsec::cli
