// The header that users include: templates/model.h.in filled for one model.
#pragma once

#include <string>

#include "codegen/emit/image.h"

namespace sparsec::emit {

std::string header_of(const ModelImage& model);

}  // namespace sparsec::emit
