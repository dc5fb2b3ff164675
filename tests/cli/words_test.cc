// Where lists of words end, what is no number, and what is empty.
#include "compiler/cli/words.h"

#include <gtest/gtest.h>

#include "compiler/cli/exit_codes.h"
#include "compiler/cli/numbers.h"

namespace sparsec::cli {
namespace {

TEST(Words, NumbersEndAtTheirCountAndAtTheFirstOtherWord) {
  EXPECT_EQ(end_lists({"--input-shape", "64", "96", "m.onnx"}), (Words{"--input-shape", "64,96", "m.onnx"}));
  EXPECT_EQ(end_lists({"--input-shape", "64", "m.onnx", "96"}), (Words{"--input-shape", "64", "m.onnx", "96"}));
  EXPECT_EQ(end_lists({"--input-shape", "64", "96", "5"}), (Words{"--input-shape", "64,96", "5"}));
  EXPECT_EQ(end_lists({"--input-shape", "64,96", "5"}), (Words{"--input-shape", "64,96", "5"}));
  EXPECT_EQ(end_lists({"--input-shape=64", "96", "a.jpg"}), (Words{"--input-shape=64,96", "a.jpg"}));
  EXPECT_EQ(end_lists({"--input-shape", "64", "-1"}), (Words{"--input-shape", "64,-1"}));  // for the range to refuse
  EXPECT_EQ(end_lists({"--input-shape", "64", "--json"}), (Words{"--input-shape", "64", "--json"}));
  EXPECT_EQ(end_lists({"--input-shape", "64", "2024-11-28"}), (Words{"--input-shape", "64", "2024-11-28"}));
}

TEST(Words, LevelsAndPicturesGetAnOptionEach) {
  EXPECT_EQ(end_lists({"--anchors", "1,2", "3,4.5", "a.jpg", "5,6"}),
            (Words{"--anchors", "1,2", "--anchors", "3,4.5", "a.jpg", "5,6"}));
  EXPECT_EQ(end_lists({"--anchors", "1,2", "3,"}), (Words{"--anchors", "1,2", "3,"}));
  EXPECT_EQ(end_lists({"--images", "a", "b.jpg", "m.onnx", "-q"}),
            (Words{"--images", "a", "--images", "b.jpg", "m.onnx", "-q"}));
  EXPECT_EQ(end_lists({"--images", "a.jpg", "libm.so"}), (Words{"--images", "a.jpg", "libm.so"}));
}

TEST(Words, TheRestStaysAsItIs) {
  for (const Words& words : {Words{}, Words{"--input-shape"}, Words{"--images"}, Words{"m.onnx", "--batch", "2", "3"},
                             Words{"--", "--input-shape", "64", "96"}})
    EXPECT_EQ(end_lists(words), words);
}

TEST(Words, NoneIsEmpty) {
  EXPECT_NO_THROW(refuse_empty({"m.onnx", "--target=avx2", "-o", "x.a"}));
  const auto message = [](const Words& words) {
    try {
      refuse_empty(words);
    } catch (const UsageError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_EQ(message({"m.onnx", "--report", ""}), "--report: the value is empty");
  EXPECT_EQ(message({"m.onnx", "--report="}), "--report: the value is empty");
  EXPECT_EQ(message({"detect", ""}), "word 2 of the command line is empty");
}

TEST(Numbers, AreFiniteAndInTheirRange) {
  const CLI::Validator share = number(0, 1), count = whole_number(1, 256), shape = whole_numbers(2, 1, 100);
  const auto refuses = [](const CLI::Validator& validator, std::string text) { return !validator(text).empty(); };
  for (const char* good : {"0", "1", "0.25", "1e-3"}) EXPECT_FALSE(refuses(share, good)) << good;
  for (const char* bad : {"", "nan", "NaN", "inf", "-inf", "2", "-0.1", "1e999", "0.5x", "0,5"})
    EXPECT_TRUE(refuses(share, bad)) << bad;
  for (const char* good : {"1", "256"}) EXPECT_FALSE(refuses(count, good)) << good;
  for (const char* bad : {"", "0", "257", "1.5", "1e1", "0x10", "99999999999999999999"})
    EXPECT_TRUE(refuses(count, bad)) << bad;
  for (const char* good : {"64", "64,100"}) EXPECT_FALSE(refuses(shape, good)) << good;
  for (const char* bad : {"", "64,", ",64", "64,101", "1,2,3", "64x96"}) EXPECT_TRUE(refuses(shape, bad)) << bad;
  EXPECT_EQ(numbers_in("1,2.5"), (std::vector{1.0, 2.5}));
  for (const char* bad : {"", "a.jpg", "1,nan", "1,", "inf"}) EXPECT_FALSE(numbers_in(bad)) << bad;
}

}  // namespace
}  // namespace sparsec::cli
