# The instruction sets that ggml's CPU backend is built for: those of this machine that the compiler knows too, or all of
# ggml's variants, picked at load time, where the build is to run elsewhere. (AVX-512 BF16 alone makes training half as
# fast again, and GGML_NATIVE, which would find it, is refused with loadable backends.)
include(CheckCCompilerFlag)

set(GGML_CPU_ALL_VARIANTS ${HARMONIC_PORTABLE} CACHE BOOL "" FORCE)

set(HARMONIC_CPU_FLAGS "")
if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND EXISTS /proc/cpuinfo)
  file(STRINGS /proc/cpuinfo HARMONIC_CPU_FLAGS REGEX "^flags" LIMIT_COUNT 1)
elseif(APPLE)
  execute_process(COMMAND sysctl -n machdep.cpu.features machdep.cpu.leaf7_features
    OUTPUT_VARIABLE HARMONIC_CPU_FLAGS ERROR_QUIET)
  string(TOLOWER "${HARMONIC_CPU_FLAGS}" HARMONIC_CPU_FLAGS)
endif()
string(REGEX REPLACE "[ \t\n]+" ";" HARMONIC_CPU_FLAGS "${HARMONIC_CPU_FLAGS}")

# option of ggml | compiler flag | names in /proc/cpuinfo that must all be there
set(HARMONIC_CPU_OPTIONS
  "SSE42|-msse4.2|sse4_2"
  "AVX|-mavx|avx"
  "AVX2|-mavx2|avx2"
  "FMA|-mfma|fma"
  "F16C|-mf16c|f16c"
  "BMI2|-mbmi2|bmi2"
  "AVX_VNNI|-mavxvnni|avx_vnni"
  "AVX512|-mavx512f|avx512f,avx512cd,avx512vl,avx512dq,avx512bw"
  "AVX512_VBMI|-mavx512vbmi|avx512vbmi"
  "AVX512_VNNI|-mavx512vnni|avx512_vnni"
  "AVX512_BF16|-mavx512bf16|avx512_bf16"
  "AMX_TILE|-mamx-tile|amx_tile"
  "AMX_INT8|-mamx-int8|amx_int8"
  "AMX_BF16|-mamx-bf16|amx_bf16"
)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND NOT HARMONIC_PORTABLE AND NOT MSVC)
  set(found "")
  foreach(entry IN LISTS HARMONIC_CPU_OPTIONS)
    string(REPLACE "|" ";" entry "${entry}")
    list(GET entry 0 option)
    list(GET entry 1 flag)
    list(GET entry 2 names)
    string(REPLACE "," ";" names "${names}")
    set(enabled ON)
    foreach(name IN LISTS names)
      if(NOT name IN_LIST HARMONIC_CPU_FLAGS)
        set(enabled OFF)
      endif()
    endforeach()
    if(enabled)
      check_c_compiler_flag(${flag} HARMONIC_COMPILER_${option})
      set(enabled ${HARMONIC_COMPILER_${option}})
    endif()
    if(enabled)
      list(APPEND found ${option})
      set(GGML_${option} ON CACHE BOOL "" FORCE)
    else()
      set(GGML_${option} OFF CACHE BOOL "" FORCE)
    endif()
  endforeach()
  list(JOIN found " " found)
  message(STATUS "Instruction sets of the CPU backend: ${found}")
endif()

# Our own kernels: for this machine, or for every machine.
set(HARMONIC_HOST_FLAGS "")
if(NOT HARMONIC_PORTABLE AND NOT MSVC)
  set(HARMONIC_HOST_FLAGS -march=native)
endif()
