#include "engine/generate-result.h"

namespace harmonic {

void GeneratedColumn::add(const CellValue& cell) {
  if (kind == kColumnCategory) {
    codes.push_back(cell.category());
  } else if (kind == kColumnNumber) {
    scaled.push_back(cell.number());
  } else {
    text.insert(text.end(), cell.text.begin(), cell.text.end());
    text_offsets.push_back(static_cast<int32_t>(text.size()));
    text_missing.push_back(cell.missing ? 1 : 0);
  }
}

}  // namespace harmonic
