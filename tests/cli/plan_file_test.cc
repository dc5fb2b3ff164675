// --tune and --plan: kernels measured, written down, and taken from the file again.
#include <nlohmann/json.hpp>

#include "compiler/compile.h"
#include "tests/cli/program.h"

namespace sparsec::cli {
namespace {

using Json = nlohmann::ordered_json;

const std::string kModel = SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-block4_70_quant-in.onnx";

class PlanFiles : public Program {
 protected:
  Json read(const std::string& name) { return Json::parse(testing::read_file(folder_ / name)); }
  void write(const std::string& name, const Json& json) { folder_.write(name, json.dump()); }

  // Every convolution of the model, on the best of this machine's instruction sets, by one kernel.
  void all_by(const std::string& name, const std::string& kernel) {
    Json plan = read("plan.json");
    for (auto& [isa, nodes] : plan["kernels"].items())
      for (auto& [node, choice] : nodes.items()) choice = kernel;
    write(name, plan);
  }
};

TEST_F(PlanFiles, TuneWritesWhatPlanReads) {
  const std::string isa(host_isas().front()->name);
  const Outcome tuned = sparsec(kModel + " --tune --plan plan.json -o liba.so");
  ASSERT_EQ(tuned.code, 0) << tuned.err;
  EXPECT_NE(tuned.out.find(isa + ": "), std::string::npos) << tuned.out;
  const Json plan = read("plan.json");
  EXPECT_EQ(plan["sha256"].get<std::string>().size(), 64U);
  const Json& kernels = plan["kernels"][isa];
  EXPECT_GT(kernels.size(), 20U);
  size_t compared = 0;
  for (const auto& [node, kernel] : kernels.items()) {
    const Json& ms = plan["measured"][isa][node];
    EXPECT_GT(ms[kernel.get<std::string>()].get<double>(), 0) << node;
    compared += ms.size() > 1;
  }
  EXPECT_GT(compared, 0U) << "some calls are close";

  // the file alone gives the same library
  ASSERT_EQ(sparsec(kModel + " --plan plan.json -o libb.so --name a").code, 0);
  EXPECT_EQ(testing::read_file(folder_ / "liba.so"), testing::read_file(folder_ / "libb.so"));
}

TEST_F(PlanFiles, KernelsAreTheFilesAndResultsTheSame) {
  ASSERT_EQ(sparsec(kModel + " --tune --plan plan.json").code, 0);
  all_by("dense.json", "dense");
  const Outcome dump = sparsec(kModel + " --plan dense.json --dump-plan");
  ASSERT_EQ(dump.code, 0) << dump.err;
  EXPECT_NE(dump.out.find(", dense, asked for"), std::string::npos);
  const auto stored = read_npz(SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-block4_70_quant-in.npz");
  write_npy(folder_ / "x.npy", as_float(stored[0].array));
  ASSERT_EQ(sparsec("run " + kModel + " --input x.npy --output y.npy").code, 0);
  ASSERT_EQ(sparsec("run " + kModel + " --input x.npy --output z.npy --plan dense.json").code, 0);
  EXPECT_EQ(testing::read_file(folder_ / "y.npy"), testing::read_file(folder_ / "z.npy"));
}

TEST_F(PlanFiles, TuneReplacesPlansOnly) {
  folder_.write("notes.txt", "mine");
  expect_refused(kModel + " --tune --plan notes.txt", "notes.txt: is another file, which --tune would replace");
  EXPECT_EQ(testing::read_file(folder_ / "notes.txt"), "mine");
  write("plan.json", {{"format", "sparsec plan 1"}, {"sha256", ""}, {"kernels", Json::object()}});
  EXPECT_EQ(sparsec(kModel + " --tune --plan plan.json --target scalar").code, 0);
  EXPECT_NE(read("plan.json")["sha256"], "");
}

TEST_F(PlanFiles, RefusedInOneLine) {
  expect_refused(kModel + " -o x.a --plan nowhere.json", "nowhere.json");
  folder_.write("text.json", "hello");
  expect_refused(kModel + " -o x.a --plan text.json", "is no plan file");
  const Json good{{"format", "sparsec plan 1"}, {"sha256", ""}, {"kernels", {{"avx2", Json::object()}}}};
  const auto refuse = [&](const Json& kernels, const std::string& why) {
    Json plan = good;
    plan["kernels"] = kernels;
    write("bad.json", plan);
    expect_refused(kModel + " -o x.a --target avx2 --plan bad.json", why);
  };
  refuse({{"avx3", Json::object()}}, "no instruction set 'avx3'");
  refuse({{"avx2", {{"/model.0/conv/Conv", "quick"}}}}, "no kernel 'quick'");
  refuse({{"avx2", {{"/model.0/conv/Conv", "amx"}}}}, "avx2 has no kernel 'amx'");
  refuse({{"avx2", {{"/model.99/conv/Conv", "dense"}}}}, "no convolution '/model.99/conv/Conv'");
  refuse({{"avx2", 3}}, "is no plan file");
  refuse(Json::array(), "is no plan file");
  write("bad.json", {{"format", 5}});
  expect_refused(kModel + " -o x.a --plan bad.json", "is no plan file");
  expect_refused(kModel + " --tune --plan bad.json", "is another file");
  EXPECT_EQ(sparsec(kModel + " --tune").code, 2);
  write("good.npz", good);
  write("good.json", good);  // an input as any other: nothing is written over it
  for (const char* line : {"benchmark M --plan good.json -x good.json", "analyze M --plan good.json --report good.json",
                           "run M --plan good.npz --input x.npy --output good.npz"}) {
    std::string command = line;
    expect_refused(command.replace(command.find('M'), 1, kModel), "would replace the input");
  }
  EXPECT_EQ(read("good.json"), good);
  expect_refused(kModel + " --tune --plan p.json --target neon_dotprod", "can't run neon_dotprod");
}

TEST_F(PlanFiles, OfAnotherModelOrInstructionSetAreTold) {
  const Json kernels{{"avx2", {{"/model.0/conv/Conv", "dense"}}}};
  write("other.json", {{"format", "sparsec plan 1"}, {"sha256", "0123"}, {"kernels", kernels}});
  const Outcome model = sparsec(kModel + " -o x.a --target avx2 --plan other.json");
  EXPECT_EQ(model.code, 0);
  EXPECT_EQ(model.err, "sparsec: warning: --plan: other.json: was measured for another model, than " + kModel + "\n");
  write("mine.json", {{"format", "sparsec plan 1"}, {"sha256", ""}, {"kernels", kernels}});
  EXPECT_EQ(sparsec(kModel + " -o x.a --target avx2 --plan mine.json").err, "");
  const Outcome isa = sparsec(kModel + " -o x.a --target scalar --plan mine.json");
  EXPECT_EQ(isa.err, "sparsec: warning: --plan: mine.json: has kernels for avx2, and none for scalar\n");
}

// One line says it all: whose the file is, what does not fit, and what to do; no warning stands before it.
TEST_F(PlanFiles, ThatDoNotFitSayWhoseTheyAre) {
  for (const auto& [kernels, what] :
       {std::pair{Json{{"avx2", {{"/model.0/conv/Conv", "amx"}}}}, "avx2 has no kernel 'amx' for /model.0/conv/Conv"},
        {Json{{"avx2", {{"/model.99/conv/Conv", "dense"}}}}, "there is no convolution '/model.99/conv/Conv'"}}) {
    Json plan{{"format", "sparsec plan 1"}, {"model", "yolov5s.onnx"}, {"sha256", "0123"}, {"kernels", kernels}};
    write("other.json", plan);
    const std::string command = kModel + " -o x.a --target avx2 --plan other.json";
    expect_refused(command, "--plan: other.json: was made for another model, yolov5s.onnx, and does not fit " + kModel);
    expect_refused(command, what);
    expect_refused(command, "; let --tune write a file for this one, or leave out --plan");
    plan["sha256"] = "";  // not told whose it is
    write("other.json", plan);
    expect_refused(command, std::string("--plan: other.json: ") + what);
  }
}

// Two plans are two libraries in the cache, and so are two readings of one file of names.
TEST_F(PlanFiles, WhatShapesALibraryTellsItFromOthersInTheCache) {
  const auto entries = [&] {
    const std::string listed = sparsec("cache").out;
    return std::ranges::count(listed, '\n');
  };
  const std::string isa(host_isas().front()->name);
  const std::string line = "benchmark " + kModel + " -t 0.05 -w 0 --plan ";
  write("a.json",
        {{"format", "sparsec plan 1"}, {"sha256", ""}, {"kernels", {{isa, {{"/model.0/conv/Conv", "dense"}}}}}});
  write("b.json",
        {{"format", "sparsec plan 1"}, {"sha256", ""}, {"kernels", {{isa, {{"/model.1/conv/Conv", "dense"}}}}}});
  ASSERT_EQ(sparsec(line + "a.json").code, 0);
  const auto first = entries();
  ASSERT_EQ(sparsec(line + "a.json").code, 0);
  EXPECT_EQ(entries(), first);
  ASSERT_EQ(sparsec(line + "b.json").code, 0);
  EXPECT_EQ(entries(), first + 1);

  folder_.write("names.txt", "a\nb\nc\n");
  folder_.write("names.yaml", "a\nb\nc\n");
  EXPECT_EQ(sparsec("benchmark " + kModel + " -t 0.05 -w 0 --class-names names.txt").code, 0);
  EXPECT_EQ(sparsec("benchmark " + kModel + " -t 0.05 -w 0 --class-names names.yaml").code, 1);
}

}  // namespace
}  // namespace sparsec::cli
