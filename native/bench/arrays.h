#pragma once
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace harmonic::bench {

/**
 * A file of named arrays, what the measurements are handed: "HARRAYS1", then of each array the
 * length of its name (uint32), the name, its kind (uint32: 0 int32, 1 float32, 2 float64, 3 uint8),
 * its length (uint64) and its values, all little-endian. benchmarks/gpu/arrays.ts writes them, and
 * arrays.py reads them.
 */
class Arrays {
 public:
  /** Throws Error E_INPUT where the file cannot be read, is none or is truncated. */
  explicit Arrays(const std::string& path);

  bool has(const std::string& name) const { return all_.count(name) > 0; }
  /** Throw Error E_INPUT where there is no array of that name and kind. */
  std::vector<int32_t> integers(const std::string& name) const { return get<int32_t>(name, 0); }
  std::vector<float> floats(const std::string& name) const { return get<float>(name, 1); }
  std::vector<double> doubles(const std::string& name) const { return get<double>(name, 2); }
  std::vector<uint8_t> bytes(const std::string& name) const { return get<uint8_t>(name, 3); }
  /** The only value of an array of integers. */
  int32_t integer(const std::string& name) const;

 private:
  struct Array {
    uint32_t kind;
    std::vector<char> bytes;
  };

  template <class T>
  std::vector<T> get(const std::string& name, uint32_t kind) const;

  std::string path_;
  std::map<std::string, Array> all_;
};

/** Writes such a file, an array after another. */
class ArraysWriter {
 public:
  /** Throws Error E_IO, as the others. */
  explicit ArraysWriter(const std::string& path);
  ~ArraysWriter();
  ArraysWriter(const ArraysWriter&) = delete;
  ArraysWriter& operator=(const ArraysWriter&) = delete;

  void write(const std::string& name, const std::vector<int32_t>& values);
  void write(const std::string& name, const std::vector<float>& values);
  void write(const std::string& name, const std::vector<double>& values);
  void write(const std::string& name, const std::vector<uint8_t>& values);
  /** To be called at the end. */
  void close();

 private:
  void write(const std::string& name, uint32_t kind, const void* values, uint64_t n, size_t size);
  void put(const void* data, size_t size);

  std::string path_;
  FILE* file_;
};

}  // namespace harmonic::bench
