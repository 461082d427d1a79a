#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/nearest.h"

namespace harmonic {

// Points in the order of one column's values. Few lie so near in that column alone as a row's
// nearest ones do, where values are many: what large tables of few columns are searched by.
class Line {
 public:
  // ids: of the points to search, ascending
  Line(const NeighborQuery& q, const std::vector<int32_t>& ids);

  // Compares the points by their distance in this column, up to the limit; false where that takes
  // more than `most` of them.
  bool search(Nearest& nearest, size_t most) const;

 private:
  size_t column_;
  std::vector<int32_t> ids_;
  std::vector<float> values_;  // of ids_
};

}  // namespace harmonic
