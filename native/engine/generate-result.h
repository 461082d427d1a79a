#pragma once

#include <cstdint>
#include <vector>

#include "engine/automaton.h"

namespace harmonic {

/** The values of one column, shape (rows): of its kind. */
struct GeneratedColumn {
  int32_t kind = kColumnCategory;
  std::vector<int32_t> codes;               // -1 missing
  std::vector<double> scaled;               // NaN missing
  std::vector<int32_t> text_offsets = {0};  // rows + 1, into `text`
  std::vector<char> text;                   // UTF-8
  std::vector<uint8_t> text_missing;

  void add(const CellValue& cell);
};

/** Rows that were drawn. */
struct GenerateResult {
  std::vector<GeneratedColumn> columns;
  std::vector<int32_t> failed;  // one a row: -1, or the rule that it could not satisfy
  // shape (rows, columns); empty unless the generator explains
  std::vector<float> log_probabilities;
  std::vector<float> allowed_mass;
  int64_t n_tokens = 0;   // evaluated: prompt, row, drafts and padding
  int64_t n_batches = 0;  // that they were evaluated in
};

}  // namespace harmonic
