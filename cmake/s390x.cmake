# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
include(${CMAKE_CURRENT_LIST_DIR}/sysroot.cmake)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR s390x)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-s390x-static -L /usr/s390x-linux-gnu
  CACHE STRING "What runs the programs; the tools read it from the cache")
vvs_sysroot(s390x)
