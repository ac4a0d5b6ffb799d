# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
include(${CMAKE_CURRENT_LIST_DIR}/sysroot.cmake)
set(CMAKE_C_FLAGS_INIT -m32)
vvs_sysroot(i386)
