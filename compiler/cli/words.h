// The command line's words, before CLI11 takes them apart.
//
// An option that takes several words must know where its list ends, or it swallows the model or the picture behind it.
// CLI11 knows only how many words are left. Here a list ends at its greatest count, at the next option, and at the
// first word that cannot be part of it: one that is no number, or, in a list of pictures, one that is a model. The list
// then becomes one word, or an option before each of its words, of which CLI11 takes exactly one.
#pragma once

#include <string>
#include <vector>

namespace sparsec::cli {

// Without the program's own name.
using Words = std::vector<std::string>;

// "--input-shape 64 96 m.onnx" -> "--input-shape 64,96 m.onnx"; "--anchors 1,2 3,4 a.jpg" -> "--anchors 1,2 --anchors
// 3,4 a.jpg". All from "--" on stays as it is.
Words end_lists(const Words& words);

// An option's value, a model or a picture is never empty; what says so is most often an unset variable of a script.
// Throws UsageError.
void refuse_empty(const Words& words);

}  // namespace sparsec::cli
