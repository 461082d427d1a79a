#include "bench/arrays.h"

#include <cstring>
#include <memory>

#include "engine/error.h"

namespace harmonic::bench {
namespace {

constexpr char kMagic[8] = {'H', 'A', 'R', 'R', 'A', 'Y', 'S', '1'};
constexpr size_t kSizes[] = {4, 4, 8, 1};

}  // namespace

Arrays::Arrays(const std::string& path) : path_(path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) throw Error("E_INPUT", path + " cannot be read");
  const auto read = [&](void* to, size_t size) {
    return size == 0 || std::fread(to, 1, size, file.get()) == size;
  };
  const auto need = [&](void* to, size_t size) {
    if (!read(to, size)) throw Error("E_INPUT", path + " is truncated");
  };
  char magic[sizeof kMagic];
  if (!read(magic, sizeof magic) || std::memcmp(magic, kMagic, sizeof magic) != 0) {
    throw Error("E_INPUT", path + " is no file of arrays");
  }
  uint32_t length = 0;
  while (read(&length, sizeof length)) {
    std::string name(length, ' ');
    need(name.data(), length);
    Array& array = all_[name];
    uint64_t n = 0;
    need(&array.kind, sizeof array.kind);
    need(&n, sizeof n);
    if (array.kind > 3) throw Error("E_INPUT", path + " has an array of an unknown kind");
    array.bytes.resize(n * kSizes[array.kind]);
    need(array.bytes.data(), array.bytes.size());
  }
}

template <class T>
std::vector<T> Arrays::get(const std::string& name, uint32_t kind) const {
  const auto found = all_.find(name);
  if (found == all_.end() || found->second.kind != kind) {
    throw Error("E_INPUT", path_ + " has no array \"" + name + "\" of the kind expected");
  }
  const std::vector<char>& bytes = found->second.bytes;
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

template std::vector<int32_t> Arrays::get(const std::string&, uint32_t) const;
template std::vector<float> Arrays::get(const std::string&, uint32_t) const;
template std::vector<double> Arrays::get(const std::string&, uint32_t) const;
template std::vector<uint8_t> Arrays::get(const std::string&, uint32_t) const;

int32_t Arrays::integer(const std::string& name) const {
  const std::vector<int32_t> values = integers(name);
  if (values.size() != 1) throw Error("E_INPUT", path_ + ": expected one value in " + name);
  return values[0];
}

ArraysWriter::ArraysWriter(const std::string& path)
    : path_(path), file_(std::fopen(path.c_str(), "wb")) {
  if (file_ == nullptr) throw Error("E_IO", path + " cannot be written");
  put(kMagic, sizeof kMagic);
}

ArraysWriter::~ArraysWriter() {
  if (file_ != nullptr) std::fclose(file_);
}

void ArraysWriter::write(const std::string& name, const std::vector<int32_t>& values) {
  write(name, 0, values.data(), values.size(), sizeof(int32_t));
}

void ArraysWriter::write(const std::string& name, const std::vector<float>& values) {
  write(name, 1, values.data(), values.size(), sizeof(float));
}

void ArraysWriter::write(const std::string& name, const std::vector<double>& values) {
  write(name, 2, values.data(), values.size(), sizeof(double));
}

void ArraysWriter::write(const std::string& name, const std::vector<uint8_t>& values) {
  write(name, 3, values.data(), values.size(), sizeof(uint8_t));
}

void ArraysWriter::close() {
  const bool whole = std::fclose(file_) == 0;
  file_ = nullptr;
  if (!whole) throw Error("E_IO", path_ + " could not be written");
}

void ArraysWriter::write(const std::string& name, uint32_t kind, const void* values, uint64_t n,
                         size_t size) {
  const auto length = static_cast<uint32_t>(name.size());
  put(&length, sizeof length);
  put(name.data(), length);
  put(&kind, sizeof kind);
  put(&n, sizeof n);
  put(values, n * size);
}

void ArraysWriter::put(const void* data, size_t size) {
  if (size > 0 && std::fwrite(data, 1, size, file_) != size) {
    throw Error("E_IO", path_ + " could not be written", "check the free space");
  }
}

}  // namespace harmonic::bench
