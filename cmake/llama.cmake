# llama.cpp, from the git bundle inside the npm package node-llama-cpp: unpacked once into third_party (ignored by git),
# its commit checked, our patches applied. Defines the targets llama, ggml, ggml-base and ggml's CPU backends.
set(HARMONIC_LLAMA_VERSION v0.5.0)
set(HARMONIC_LLAMA_COMMIT de3ff815ea7d559ee917f063901b8986f038abc6)
set(LLAMA_DIR "${CMAKE_SOURCE_DIR}/third_party/llama.cpp")

file(READ "${CMAKE_SOURCE_DIR}/package.json" PACKAGE_JSON)
string(JSON HARMONIC_VERSION GET "${PACKAGE_JSON}" version)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/package.json")

# Patches in the order of their names.
file(GLOB LLAMA_PATCHES CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/native/patches/*.patch")
list(SORT LLAMA_PATCHES)
set(LLAMA_PATCH_HASH "") # of their contents
foreach(patch IN LISTS LLAMA_PATCHES)
  file(SHA256 "${patch}" hash)
  string(APPEND LLAMA_PATCH_HASH "${hash}\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${patch}")
endforeach()
# A source without history (benchmarks/gpu/pack.sh) says itself which patches it has.
if(EXISTS "${LLAMA_DIR}/harmonic-patches")
  file(READ "${LLAMA_DIR}/harmonic-patches" LLAMA_PATCHED)
  if(NOT LLAMA_PATCHED STREQUAL LLAMA_PATCH_HASH)
    message(FATAL_ERROR "third_party/llama.cpp has other patches than native/patches: pack it again")
  endif()
else()
  include(cmake/llama-source.cmake)
endif()

# Shared libraries with loadable backends: a GPU backend of the same release can be added without a rebuild.
set(BUILD_SHARED_LIBS ON)
set(CMAKE_PLATFORM_NO_VERSIONED_SONAME ON)
set(GGML_BACKEND_DL ON CACHE BOOL "" FORCE)
set(GGML_NATIVE OFF CACHE BOOL "" FORCE) # refused together with GGML_BACKEND_DL
set(GGML_CCACHE OFF CACHE BOOL "" FORCE)
set(LLAMA_BUILD_IS_DEV OFF CACHE BOOL "" FORCE)
foreach(part COMMON TESTS TOOLS EXAMPLES SERVER APP)
  set(LLAMA_BUILD_${part} OFF CACHE BOOL "" FORCE)
endforeach()

include(cmake/cpu.cmake)
include(cmake/cuda.cmake)

add_subdirectory("${LLAMA_DIR}" "${CMAKE_BINARY_DIR}/llama.cpp" EXCLUDE_FROM_ALL)
set_target_properties(llama ggml ggml-base ${GGML_AVAILABLE_BACKENDS} PROPERTIES
  LIBRARY_OUTPUT_DIRECTORY "${HARMONIC_OUTPUT_DIR}")
