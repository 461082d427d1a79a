#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "engine/gguf-file.h"

namespace harmonic {

// Columns of a table's model: a learned embedding of the column whose token is to be predicted is
// added to each position's input, so that any order of columns can be learned and asked for. In a
// file they are folded into the embedding of ids for the natural order, and kept beside it:
// input = embedding[id] - columns[of[id]] + columns[actual].
struct NextColumns {
  int64_t n = 0;            // 0: the model knows of none
  std::vector<int32_t> of;  // column that follows each id in the natural order, -1: none

  // Of a file; throws Error E_MODEL where they do not fit it.
  static NextColumns read(const GgufFile& file);
  // Their embeddings, shape (n, width).
  static std::vector<float> read_embeddings(const GgufFile& file);
  void write(gguf_context* header, const float* embeddings, int64_t width) const;

  // rows[id] += sign * embeddings[of[id]], for rows (ids, width).
  void fold(const float* embeddings, int64_t width, float sign, float* rows) const;
  // What is wrong with them for a model of so many ids; empty: nothing.
  std::string fault(int64_t n_ids) const;
};

// Throws Error E_MODEL where a model of a table's columns, if there are any, is asked for those of
// another table.
void expect_columns(int64_t n_known, int64_t n_of_table);

}  // namespace harmonic
