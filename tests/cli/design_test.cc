// docs/design.md shows one layer in every form that the compiler gives it, and each block is what the program prints.
//
// In a block a line `...` stands for one or more lines that were left out, and before and after a block there may be
// more. To compare, the block is made anew from the output: its lines are aligned with the output's, as in a comparison
// of two sequences, where equal lines count most, lines that differ in numbers only count less, and output between two
// lines without `...` counts against it. What results is the block if the block is right; else it is the block to put
// there: SPARSEC_UPDATE_GOLDEN=1 does that.
#include <gtest/gtest.h>

#include <limits>

#include "tests/cli/program.h"

namespace sparsec::cli {
namespace {

const std::string kPage = SPARSEC_SOURCE_DIR "/docs/design.md";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    for (size_t tab; (tab = line.find('\t')) != line.npos;) line.replace(tab, 1, "    ");
    lines.push_back(line);
  }
  return lines;
}

bool is_dots(const std::string& line) {
  return line.find_first_not_of(' ') != line.npos && line.ends_with("...") && line.find_first_not_of(" .") == line.npos;
}

// Without its numbers.
std::string shape_of(const std::string& line) {
  std::string out;
  for (const char c : line)
    if (!std::isdigit(static_cast<unsigned char>(c))) out += c;
  return out;
}

// The block made anew from the output, see above.
std::string refreshed(const std::string& block, const std::string& output) {
  struct Shown {
    std::string line;
    std::string dots;  // before it, where lines are left out
  };
  std::vector<Shown> shown;
  std::string dots;
  for (const std::string& line : lines_of(block)) {
    if (is_dots(line)) {
      dots = line;
    } else {
      shown.push_back({line, std::exchange(dots, "")});
    }
  }
  const std::vector<std::string> out = lines_of(output);
  const size_t m = shown.size(), n = out.size();

  // score[i][j]: of the best alignment that ends with shown line i at output line j; from[i][j]: where the line before
  // it was, as i * n + j.
  constexpr int kNone = std::numeric_limits<int>::min() / 2, kEqual = 6, kAlike = 3, kGap = -4, kNoGap = -1;
  constexpr size_t kFirst = SIZE_MAX;
  std::vector<int> score(m * n, kNone);
  std::vector<size_t> from(m * n, kFirst);
  std::vector<std::string> shapes;
  for (const std::string& line : out) shapes.push_back(shape_of(line));
  // the best place before output line j, over all lines before i
  std::vector<int> best(n + 1, 0);
  std::vector<size_t> best_at(n + 1, kFirst);
  for (size_t i = 0; i < m; ++i) {
    const std::string shape = shape_of(shown[i].line);
    const bool dotted = !shown[i].dots.empty();
    for (size_t j = 0; j < n; ++j) {
      if (shape != shapes[j]) continue;
      const int own = shown[i].line == out[j] ? kEqual : kAlike;
      // after a gap, or first
      score[i * n + j] = own + best[j] + (best_at[j] != kFirst && !dotted ? kGap : 0);
      from[i * n + j] = best_at[j];
      // right behind the line before
      if (i > 0 && j > 0 && score[(i - 1) * n + j - 1] > kNone) {
        const int behind = own + score[(i - 1) * n + j - 1] + (dotted ? kNoGap : 0);
        if (behind >= score[i * n + j]) {
          score[i * n + j] = behind;
          from[i * n + j] = (i - 1) * n + j - 1;
        }
      }
    }
    for (size_t j = 0; j < n; ++j) {
      if (score[i * n + j] > best[j + 1]) {
        best[j + 1] = score[i * n + j];
        best_at[j + 1] = i * n + j;
      }
      if (best[j] > best[j + 1]) {
        best[j + 1] = best[j];
        best_at[j + 1] = best_at[j];
      }
    }
  }

  std::vector<size_t> path;
  for (size_t at = best_at[n]; at != kFirst; at = from[at]) path.insert(path.begin(), at);
  constexpr size_t kFew = 6;
  std::string text;
  size_t next = 0;  // output line that follows
  for (const size_t at : path) {
    const Shown& line = shown[at / n];
    const size_t j = at % n;
    if (!text.empty() && j > next) {
      if (!line.dots.empty() || j - next > kFew)
        text += (line.dots.empty() ? line.line.substr(0, line.line.find_first_not_of(' ')) + "..." : line.dots) + "\n";
      else
        for (; next < j; ++next) text += out[next] + "\n";
    }
    text += out[j] + "\n";
    next = j + 1;
  }
  return text + (dots.empty() || next == n ? "" : dots + "\n");
}

TEST(RefreshedBlock, IsTheBlockWhereItIsRight) {
  const std::string output = "a 1\nb 2\nc 3\nd 4\ne 5\nb 6\nc 7\n";
  for (const char* right : {"a 1\nb 2\n", "b 6\nc 7\n", "a 1\n...\nd 4\n", "b 2\n  ...\nc 7\n", "c 3\n...\n", "c 7\n"})
    EXPECT_EQ(refreshed(right, output), right);
  for (const auto& [wrong, mended] :
       std::vector<std::pair<const char*, const char*>>{{"a 1\nb 9\nc 3\n", "a 1\nb 2\nc 3\n"},  // another number
                                                        {"a 1\nc 3\n", "a 1\nb 2\nc 3\n"},       // a line is missing
                                                        {"a 1\nx\nb 2\n", "a 1\nb 2\n"},         // a line too many
                                                        {"a 1\n...\nb 2\n", "a 1\nb 2\n"},       // nothing was left out
                                                        {"c 7\n...\n", "c 7\n"},
                                                        {"x\n", ""}})
    EXPECT_EQ(refreshed(wrong, output), mended) << wrong;
}

struct Example {
  const char* heading;  // how its section begins; the first block below it is meant
  const char* options;
};
void PrintTo(const Example& example, std::ostream* out) { *out << example.options; }

class Design : public Program, public ::testing::WithParamInterface<Example> {};

TEST_P(Design, ShowsWhatTheProgramPrints) {
  const std::string page = testing::read_file(kPage);
  const size_t section = page.find(GetParam().heading);
  ASSERT_NE(section, page.npos) << GetParam().heading;
  const size_t begin = page.find("```\n", section) + 4, end = page.find("```", begin);
  ASSERT_NE(end, page.npos);
  const std::string block = page.substr(begin, end - begin);

  const Outcome o = sparsec(SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-block4_70_quant-in.onnx --target avx512_vnni " +
                            std::string(GetParam().options));
  ASSERT_EQ(o.code, 0) << o.err;
  const std::string now = refreshed(block, o.out + testing::read_file(folder_ / "tiny.s"));
  EXPECT_GT(std::ranges::count(now, '\n'), std::ranges::count(block, '\n') / 2) << "this is another layer's:\n" << now;
  if (std::getenv("SPARSEC_UPDATE_GOLDEN") && now != block) {
    std::ofstream(kPage, std::ios::binary) << page.substr(0, begin) + now + page.substr(end);
    return;
  }
  EXPECT_EQ(block, now) << GetParam().heading << ": the page is to show\n" << now;
}

INSTANTIATE_TEST_SUITE_P(Examples, Design,
                         ::testing::Values(Example{"## 1. ", "--dump-ir import"},
                                           Example{"## 2. ", "--dump-ir fuse_epilogues"},
                                           Example{"## 3. ", "--dump-plan --l2 64"},
                                           Example{"## 4. ", "--dump-kernels /model.4/m/m.0/cv2/conv/Conv"},
                                           Example{"## 5. ", "--emit asm --name tiny -o tiny.s"}),
                         [](const auto& info) { return "Section" + std::string(1, info.param.heading[3]); });

// No block is without a test.
TEST(DesignPage, HasTheseBlocksOnly) {
  const std::string page = testing::read_file(kPage);
  size_t fences = 0;
  for (size_t at = 0; (at = page.find("\n```", at)) != page.npos; ++at) ++fences;
  EXPECT_EQ(fences, 2 * 5U);
}

}  // namespace
}  // namespace sparsec::cli
