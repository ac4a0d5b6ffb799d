# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
# vvs_package(NAME NUMBER) lets `cmake --install` lay out a target as fuzzing services want it, all in one folder:
#   NAME                  the program
#   NAME.dict             its dictionary
#   NAME.options          what the engine is told
#   NAME_seed_corpus.zip  every committed input
function(vvs_package name number)
  string(JSON input GET ${list} targets ${number} input)
  string(JSON max_len GET ${list} targets ${number} max_len)
  # The engine may be C++ inside.
  set_target_properties(fuzz_${name} PROPERTIES LINKER_LANGUAGE CXX)
  install(PROGRAMS $<TARGET_FILE:fuzz_${name}> DESTINATION . RENAME ${name})
  install(FILES ${PROJECT_SOURCE_DIR}/fuzz/dict/${input}.dict DESTINATION . RENAME ${name}.dict)
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${name}.options "[libfuzzer]\nmax_len = ${max_len}\n")
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.options DESTINATION .)
  # By folder: one name may be in two of them.
  set(corpus ${PROJECT_SOURCE_DIR}/corpus/${name})
  file(GLOB kinds RELATIVE ${corpus} ${corpus}/*)
  install(CODE "execute_process(
    COMMAND \${CMAKE_COMMAND} -E tar c \${CMAKE_INSTALL_PREFIX}/${name}_seed_corpus.zip --format=zip ${kinds}
    WORKING_DIRECTORY ${corpus} COMMAND_ERROR_IS_FATAL ANY)")
endfunction()
