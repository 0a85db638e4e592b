#pragma once

#include <cstddef>
#include <string>

namespace weir::expr {

// Why a text is not an acceptable expression.
struct Mistake {
  std::size_t offset = 0;  // in bytes, of the part that is wrong
  std::string what;
  std::string suggestion = {};  // a name that was probably meant; often empty
};

}  // namespace weir::expr
