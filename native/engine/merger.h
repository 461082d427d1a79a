#pragma once

#include <ggml.h>

#include <cstdint>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/gguf-file.h"
#include "engine/low-rank.h"
#include "engine/open-file.h"

struct gguf_context;

namespace harmonic {

struct MergerOptions {
  std::string base;
  std::string adapter;  // LoRA as GGUF
  std::string out;      // written over
  std::string type;     // of the matrices, e.g. "q8_0"; empty: each keeps its own
  int threads = 1;
};

/** Tensors of one type that come out as another, or the same, type. */
struct MergerConversion {
  std::string from;
  std::string to;
  int n_tensors = 0;
};

/**
 * Writes base + adapter as one GGUF that any llama.cpp loads, a block of rows at a time: all
 * metadata and tensors of the base, the adapted matrices as W + scale * B A in F32, then in the
 * type asked for. Memory stays at a few blocks, whatever the size of the model. All methods may be
 * called from any thread.
 */
class Merger {
 public:
  /**
   * Opens both files and writes the header. Throws Error E_USAGE for an unknown type, E_MODEL where
   * the base or adapter cannot be used, E_IO where the file cannot be written.
   */
  explicit Merger(const MergerOptions& options);

  /** Bytes of the finished file. */
  int64_t size() const { return size_; }
  int n_merged() const { return n_merged_; }
  const std::vector<MergerConversion>& conversions() const { return conversions_; }

  /** Writes the next rows; returns the bytes written so far, size() once the file is on the disk.
   */
  int64_t step();

 private:
  struct Entry {
    const GgufTensor* tensor;
    ggml_type type;
    bool adapted;
  };

  void check() const;
  void plan(const std::string& type);
  void write_header(uint32_t file_type, bool typed);
  void write(const void* data, size_t size);
  std::vector<char> read_rows(const Entry& entry, int64_t n);
  std::vector<char> convert_rows(const Entry& entry, const std::vector<char>& bytes, int64_t n);
  void finish();

  std::mutex mutex_;
  GgufFile base_;
  GgufFile adapter_;
  std::string path_;
  int threads_;
  std::ifstream input_;
  OpenFile output_;
  std::vector<Entry> entries_;
  std::vector<MergerConversion> conversions_;
  int n_merged_ = 0;
  int64_t size_ = 0;
  int64_t written_ = 0;
  size_t current_ = 0;  // entry being written
  int64_t row_ = 0;     // its next row
  std::optional<LowRank> product_;
};

}  // namespace harmonic
