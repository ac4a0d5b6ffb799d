# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
# Flags as interface targets. What a part links decides what it gets:
#   vvs_warnings     everything we compile
#   vvs_sanitize     everything we compile and link: sanitizers, profile of VVS_COVERAGE
#   vvs_harness      fuzz/: vvs_sanitize, or in campaigns under ASan what only links it
#   vvs_instrument   lib/ alone, so that an engine is led by the library's edges and not by the harness's
#   vvs_engine       fuzz targets alone: the engine with its main
# An installed target may not name them: link them as $<BUILD_INTERFACE:...>.
include(CheckCSourceCompiles)

add_library(vvs_warnings INTERFACE)
target_compile_options(vvs_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow)
option(VVS_WERROR "A warning is an error" ${VVS_DEVELOP})
if(VVS_WERROR)
  target_compile_options(vvs_warnings INTERFACE -Werror)
endif()

add_library(vvs_sanitize INTERFACE)
add_library(vvs_harness INTERFACE)
add_library(vvs_instrument INTERFACE)
add_library(vvs_engine INTERFACE)

# A trap on our own bug stays in every build type.
foreach(type RELEASE RELWITHDEBINFO MINSIZEREL)
  string(REGEX REPLACE "(^| )-DNDEBUG( |$)" " " CMAKE_C_FLAGS_${type} "${CMAKE_C_FLAGS_${type}}")
endforeach()

if(VVS_OBSERVE)
  add_compile_definitions(VVS_OBSERVE)
endif()

# Valgrind of Debian 12 can't read clang's default DWARF 5.
if(CMAKE_C_COMPILER_ID MATCHES "Clang" AND NOT VVS_ENGINE_GIVEN)
  add_compile_options($<$<NOT:$<CONFIG:Release>>:-gdwarf-4>)
endif()

function(vvs_require_flags name flags source)
  set(CMAKE_REQUIRED_FLAGS "${flags}")
  check_c_source_compiles("${source}" ${name})
  if(NOT ${name})
    message(FATAL_ERROR "${CMAKE_C_COMPILER} can't build with ${flags}")
  endif()
endfunction()

if(VVS_SANITIZE)
  vvs_require_flags(VVS_HAVE_SANITIZE "-fsanitize=${VVS_SANITIZE}" "int main(void) { return 0; }")
  set(sanitize -fsanitize=${VVS_SANITIZE} -fno-sanitize-recover=all)
  target_compile_options(vvs_sanitize INTERFACE ${sanitize} -fno-omit-frame-pointer)
  target_link_options(vvs_sanitize INTERFACE ${sanitize})
endif()

# A campaign's subject is lib/: the checks of the harness's own accesses would take a third of it. They are
# in replay and in the C tests. MSan and TSan need all code to take part.
if(VVS_SANITIZE MATCHES address AND NOT VVS_ENGINE STREQUAL none)
  target_link_options(vvs_harness INTERFACE ${sanitize})
  target_compile_definitions(vvs_harness INTERFACE GUEST_ASAN=1)
else()
  target_link_libraries(vvs_harness INTERFACE vvs_sanitize)
endif()

if(VVS_COVERAGE)
  set(profile -fprofile-instr-generate -fcoverage-mapping)
  vvs_require_flags(VVS_HAVE_COVERAGE "-fprofile-instr-generate -fcoverage-mapping" "int main(void) { return 0; }")
  target_compile_options(vvs_sanitize INTERFACE ${profile})
  target_link_options(vvs_sanitize INTERFACE ${profile})
endif()

if(VVS_TRACE)
  # Without func (or edge) clang takes the others and instruments nothing.
  target_compile_options(vvs_instrument INTERFACE -fsanitize-coverage=func,trace-loads,trace-stores)
endif()

if(NOT VVS_ENGINE MATCHES "^(none|libfuzzer|afl)$")
  message(FATAL_ERROR "VVS_ENGINE is ${VVS_ENGINE}; it can be none, libfuzzer or afl")
endif()
if(VVS_ENGINE_GIVEN)
  # Sanitizers and instrumentation are in the given flags, for all that is compiled: the harness goes without the
  # latter. The engine may be C++.
  target_compile_options(vvs_harness INTERFACE -fno-sanitize=fuzzer-no-link)
  enable_language(CXX)
  separate_arguments(given UNIX_COMMAND "${VVS_ENGINE_GIVEN}")
  target_link_libraries(vvs_engine INTERFACE ${given})
  return()
endif()
if(NOT VVS_ENGINE STREQUAL none)
  # The engine brings main, so a probe needs the entry point: check_c_compiler_flag always fails.
  vvs_require_flags(VVS_HAVE_ENGINE "-fsanitize=fuzzer"
    "#include <stddef.h>
     #include <stdint.h>
     int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
     int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) { return data && len ? 0 : 0; }")
  target_link_options(vvs_engine INTERFACE -fsanitize=fuzzer)
endif()
if(VVS_ENGINE STREQUAL libfuzzer)
  # No compare callbacks: they feed byte-wise mutation alone, cost a sixth of all executions and make equal
  # PRNG seeds give unequal campaigns.
  target_compile_options(vvs_instrument INTERFACE -fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp,stack-depth,indirect-calls)
endif()
if(VVS_ENGINE STREQUAL afl)
  # The compiler is the engine's, and is told by the environment what to do: here to instrument, and to log the
  # operands of comparisons for the stage that solves them. fuzz/ tells it to leave the harness alone.
  set(CMAKE_C_COMPILER_LAUNCHER env AFL_QUIET=1 AFL_LLVM_CMPLOG=1)
  # Its own counters have no addresses beside them; fuzz/driver/reach.c needs some that do.
  target_compile_options(vvs_instrument INTERFACE "SHELL:--config ${CMAKE_CURRENT_LIST_DIR}/reach.cfg")
endif()
