#pragma once

#include <napi.h>

#include <cstring>
#include <string>
#include <vector>

namespace harmonic {

/** The elements of a typed array of type T, copied for a worker. */
template <class T>
std::vector<T> copy_array(const Napi::Value& value) {
  const auto array = value.As<Napi::TypedArrayOf<T>>();
  return std::vector<T>(array.Data(), array.Data() + array.ElementLength());
}

/** An ArrayBuffer with a copy of `values`; JS wraps it in the typed array of its own realm. */
template <class T>
Napi::ArrayBuffer to_array_buffer(Napi::Env env, const std::vector<T>& values) {
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(buffer.Data(), values.data(), buffer.ByteLength());
  return buffer;
}

/** An array of strings. */
template <class Names>
Napi::Array to_names(Napi::Env env, const Names& names) {
  Napi::Array result = Napi::Array::New(env, names.size());
  uint32_t next = 0;
  for (const std::string& name : names) result.Set(next++, name);
  return result;
}

}  // namespace harmonic
